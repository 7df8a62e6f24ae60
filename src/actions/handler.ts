/** Runs the command that a person typed or clicked. It never rejects: errors become a private answer. */

import { isDirect } from '../alerts/subscriptions.ts';
import { assertNever } from '../base/assert-never.ts';
import { type LogFields, withLogFields } from '../base/log-context.ts';
import { noticingStored } from '../base/stored.ts';
import type { Command } from '../commands/command.ts';
import { parseCommand } from '../commands/parse.ts';
import { helpCard } from '../messages/help-card.ts';
import type { CommandHandler, Incoming, Reply } from '../ports/chat.ts';
import { isUncertain, storeUnavailable, type Unavailable } from '../ports/store-error.ts';
import { ask } from './ask.ts';
import { codify } from './codifying.ts';
import { approve, endRun } from './decide.ts';
import { digest } from './digest.ts';
import { accept, endExemptions, snooze } from './exempting.ts';
import { home } from './home.ts';
import { type ActionParts, privately, refused } from './parts.ts';
import { pause, resume } from './pausing.ts';
import { pointed } from './pointing.ts';
import { report } from './report.ts';
import { seen } from './seen.ts';
import { baseline, history, onCall, policy, show, why } from './show.ts';
import { drift, status } from './stacks.ts';
import { subscribe, unsubscribe } from './subscribing.ts';
import { answerProblem, targetNames } from './suggesting.ts';
import { withPlainTarget } from './targets.ts';
import { stacks } from './watched.ts';

function run(parts: ActionParts, incoming: Incoming, command: Command): Promise<Reply> | Reply {
  switch (command.command) {
    case 'drift':
      return drift(parts, incoming, command.target);
    case 'home':
      return home(parts, incoming);
    case 'status':
      return status(parts, incoming, command.target);
    case 'stacks':
      return stacks(parts, command.target);
    case 'show':
      return show(parts, incoming, command.run);
    case 'why':
      return why(parts, incoming, command.run);
    case 'approve':
      return approve(parts, incoming, command);
    case 'reject':
      return endRun(parts, incoming, 'reject', command);
    case 'cancel':
      return endRun(parts, incoming, 'cancel', { run: command.run, reason: null });
    case 'snooze':
      return snooze(parts, incoming, command);
    case 'accept':
      return accept(parts, incoming, command);
    case 'codify':
      return codify(parts, incoming, command);
    case 'unsnooze':
      return endExemptions(parts, incoming, 'snooze', command);
    case 'unaccept':
      return endExemptions(parts, incoming, 'accept', command);
    case 'ask':
      return ask(parts, incoming, command.run);
    case 'baseline':
      return baseline(parts, command.target);
    case 'history':
      return history(parts, command.target);
    case 'oncall':
      return onCall(parts);
    case 'policy':
      return policy(parts, command.target);
    case 'seen':
      return seen(parts, incoming, command);
    case 'help':
      return privately(helpCard(command.topic));
    case 'digest':
      return digest(parts, incoming, command.target);
    case 'report':
      return report(parts, incoming, command);
    case 'pause':
      return pause(parts, incoming, command);
    case 'resume':
      return resume(parts, incoming, command);
    case 'subscribe':
      return subscribe(parts, incoming, command.target);
    case 'unsubscribe':
      return unsubscribe(parts, incoming, command.target);
    default:
      return assertNever(command);
  }
}

/** The answers while the store can't be written. */
const NOT_STORED: Readonly<Record<Unavailable, string>> = {
  busy: 'Nothing was stored or changed: another process has locked m0’s database, or it cannot be reached. Please try again in a minute.',
  full: 'Nothing was stored or changed: the disk of m0’s database is full. Please try again once somebody has freed space.',
  denied:
    'Nothing was stored or changed: m0 may not write to its database. Please try again once somebody has mended that.',
};

/** The answer where something was stored before m0 failed, or where the database itself does not know. */
const UNCERTAIN =
  'That went wrong in the middle, and m0 can’t say whether all of it was stored. The log says why. Please look whether it was, and try again.';

/** Creates the handler for all chats. A button sends the same text as a typed command. */
export function createHandler(parts: ActionParts): CommandHandler {
  return (incoming) => noticingStored((hasStored) => answer(parts, incoming, hasStored));
}

async function answer(parts: ActionParts, incoming: Incoming, hasStored: () => boolean): Promise<Reply> {
  const about: LogFields = { user: incoming.actor.userId, person: incoming.actor.person };
  try {
    const { person } = incoming.actor;
    // A person who writes to m0 directly can also receive direct messages.
    if (person !== null && isDirect(incoming.place)) await parts.store.setReachable(person, parts.clock());
    const parsed = parseCommand(incoming.text, {
      now: parts.clock(),
      zone: parts.directory.timezone,
      answers: incoming.answers,
      targets: targetNames(parts),
    });
    if (!parsed.ok) return await answerProblem(parts, incoming, parsed);
    const command = withPlainTarget(parsed.command, parts);
    about.command = command.command;
    parts.log.info(about, 'command');
    return await withLogFields(about, async () => {
      const reply = await run(parts, incoming, command);
      return pointed(parts, incoming, command, reply).catch((error: unknown) => {
        if (storeUnavailable(error) === null) throw error;
        // The command is carried out; only the link to the open card is missing.
        return reply;
      });
    });
  } catch (error) {
    parts.log.error({ ...about, err: error }, 'a command broke');
    if (hasStored() || isUncertain(error)) return refused(UNCERTAIN);
    const why = storeUnavailable(error);
    if (why !== null) return refused(NOT_STORED[why]);
    return refused(
      'That went wrong inside m0 and nothing was changed by it. The log says why; please try again.',
    );
  }
}
