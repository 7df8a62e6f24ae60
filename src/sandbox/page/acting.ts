/** Performs in the local Slack or Teams what a person does on the page. */
import { assertNever } from '../../base/assert-never.ts';
import { ElementNotFound } from '../workspace/finding-elements.ts';
import type { Person } from '../workspace/person.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Act, ActAnswer } from './protocol.ts';
import type { TeamsPane } from './teams-pane.ts';

/** Performs one action of the page. */
export async function perform(workspace: Workspace, teams: TeamsPane | null, act: Act): Promise<ActAnswer> {
  const person = workspace.as(act.as);
  switch (act.act) {
    case 'say':
      return say(person, act);
    case 'click':
      return click(person, act);
    case 'submit': {
      const result = await person.submit(act.view, act.values);
      if (result.outcome === 'errors') return { ok: false, problem: '', errors: result.errors };
      return 'why' in result ? { ok: false, problem: `m0 could not take this: ${result.why}` } : { ok: true };
    }
    case 'home':
      await person.openHome();
      return { ok: true };
    case 'close':
      await person.closeView(act.view);
      return { ok: true };
    case 'dismiss': {
      const message = person.sees(act.channel).find((other) => other.ts === act.ts);
      if (message) person.dismiss(message);
      return { ok: true };
    }
    case 'teams-say':
    case 'teams-click':
    case 'teams-file':
      return teams === null ? { ok: false, problem: 'There is no Teams here.' } : teams.perform(act);
    default:
      return assertNever(act);
  }
}

async function say(person: Person, act: Extract<Act, { act: 'say' }>): Promise<ActAnswer> {
  const slash = /^(\/\S+)\s*([\s\S]*)$/.exec(act.text);
  if (slash && act.thread) {
    return { ok: false, problem: 'Slash commands do not work in threads. Mention @m0 instead.' };
  }
  // Errors of a command appear in the channel, visible to this person only.
  if (slash) await person.slash(slash[1] ?? '', slash[2] ?? '', act.channel);
  else await person.say(act.channel, act.text, act.thread ?? undefined);
  return { ok: true };
}

const CHANGED = 'Nothing was done: m0 has updated this meanwhile. Read it, and press the button again.';

async function click(person: Person, act: Extract<Act, { act: 'click' }>): Promise<ActAnswer> {
  const { channel, where: id } = act;
  const where = channel
    ? person.sees(channel).find((message) => message.ts === id)
    : [...person.views, person.home].find((view) => view?.id === id);
  if (!where) return { ok: false, problem: 'This is no longer here.' };
  const clicked = (element: Readonly<Record<string, unknown>>, blockId: string): boolean =>
    blockId === act.blockId && element.action_id === act.actionId;
  // The page has already asked for confirmation.
  const options = { confirm: true, values: act.values, ...(act.value === null ? {} : { value: act.value }) };
  const result = await person.click(where, clicked, options).catch((error: unknown) => {
    // Blocks get new ids with each update of a message, also while its dialog is open.
    if (error instanceof ElementNotFound) return null;
    throw error;
  });
  if (result === null) return { ok: false, problem: CHANGED };
  return result.outcome === 'acked'
    ? { ok: true }
    : { ok: false, problem: `m0 did not react (${result.outcome}).` };
}
