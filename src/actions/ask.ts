/** The command `ask #RUN`: people who may not decide can ask the people on call to decide. */

import { addressOf } from '../alerts/unreachable.ts';
import { unreachableReasons } from '../alerts/unreachable-watch.ts';
import { askText } from '../commands/text.ts';
import type { Button } from '../messages/card.ts';
import type { RunAlert } from '../model/alert.ts';
import type { Stack } from '../model/directory.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import type { Actor, Run } from '../model/run.ts';
import { hasApprovedAll } from '../model/run-parts.ts';
import { type PersonToAsk, peopleToAsk } from '../people/asking.ts';
import { describeApprovers } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { Change } from '../ports/store.ts';
import { describeState } from '../runs/machine.ts';
import { durationText, listed } from '../text/words.ts';
import { emptyStateRefusal } from './empty-state.ts';
import { type ActionParts, confirmed, findRun, refused } from './parts.ts';

/** A run can be asked about by hand once in this time, no matter who asks. */
const PAUSE_MS = 60 * 60_000;

/** The people on call for the stack who have a chat id and have not approved all that waits. */
async function peopleToAskByHand(
  parts: ActionParts,
  stack: Stack,
  run: Run,
): Promise<readonly PersonToAsk[]> {
  const waiting = approvable(openFindings(run, await parts.store.exemptions(stack.name), parts.clock()));
  const rotas = await parts.onCall.rotasNow();
  return peopleToAsk(stack, rotas).filter(
    ({ person }) => !hasApprovedAll(run, waiting, person) && addressOf(parts.directory, person) !== null,
  );
}

function nameOf(parts: ActionParts, person: string): string {
  return parts.directory.people.find((p) => p.key === person)?.name ?? person;
}

/** The button of a refusal that asks somebody else. None if there is nobody to ask, or if nothing waits. */
export async function askButtons(
  parts: ActionParts,
  stack: Stack,
  run: Run,
  actor: Actor,
): Promise<readonly Button[]> {
  if (run.state !== 'awaiting_approval') return [];
  const people = (await peopleToAskByHand(parts, stack, run)).filter((a) => a.person !== actor.person);
  if (people.length === 0) return [];
  const names = people.map((a) => nameOf(parts, a.person));
  return [{ label: `Ask ${listed(names)}`, command: askText(run.id) }];
}

/**
 * When somebody last asked about the run by hand, from the audit log (ms since epoch); null if not within PAUSE_MS.
 */
async function askedAt(parts: ActionParts, run: Run): Promise<number | null> {
  const now = parts.clock();
  const last = (await parts.store.audit({ runId: run.id })).find((e) => e.action === 'ask');
  return last === undefined || Math.abs(now - last.at) >= PAUSE_MS ? null : last.at;
}

async function questionTo(
  parts: ActionParts,
  { person, why }: PersonToAsk,
  { alert, run, actor }: { readonly alert: RunAlert; readonly run: Run; readonly actor: Actor },
): Promise<Change> {
  const at = parts.clock();
  const key = `ask:${alert.id}:${person}:${at}`;
  const copies = await parts.store.messages(alert.id);
  // A person who already has the card gets a reminder in its thread.
  if (copies.some((m) => m.role === 'dm' && m.person === person)) {
    const text = `${actor.name} asks you to decide on ${run.stack}, run #${run.id}`;
    return { type: 'outbox.add', key, delivery: { type: 'nudge', alertId: alert.id, person, text }, at };
  }
  const asks = `${actor.name} asks you to decide. ${why}`;
  const delivery = { type: 'dm', alertId: alert.id, person, why: asks, alone: true } as const;
  return { type: 'outbox.add', key, delivery, at };
}

/** `ask #RUN`: sends the card to the people on call. Everybody may use it, once an hour per run. */
export async function ask(parts: ActionParts, incoming: Incoming, id: number): Promise<Reply> {
  const found = await findRun(parts, id);
  if (!found.ok) return found.reply;
  const { run, stack } = found;
  const { actor, place } = incoming;
  const [alert] = await parts.store.alerts({ runId: run.id, kind: 'drift', state: 'open' });
  if (run.state !== 'awaiting_approval' || alert === undefined) {
    return refused(`Nothing to ask about: ${describeState(run)}.`);
  }
  const stateRefusal = await emptyStateRefusal(parts.store, stack.name);
  if (stateRefusal !== null) return refused(stateRefusal);
  const people = await peopleToAskByHand(parts, stack, run);
  if (people.length === 0)
    return refused(await whyNotAsked(parts, stack), [], {
      now: parts.clock(),
      zone: parts.directory.timezone,
    });
  const others = people.filter((a) => a.person !== actor.person);
  if (others.length === 0) return refused(`You are the one to ask: you are on call for ${stack.name}.`);
  const names = listed(others.map((a) => nameOf(parts, a.person)));
  let lastAskedAt: number | null = null;
  await parts.worker.write(stack.name, async () => {
    // Read under the lock: two people who click at the same time must ask only once.
    lastAskedAt = await askedAt(parts, run);
    if (lastAskedAt !== null) return [];
    const at = parts.clock();
    const asks = await Promise.all(others.map((a) => questionTo(parts, a, { alert, run, actor })));
    const said = `${actor.name} asked ${names} to decide`;
    return [
      ...asks,
      {
        type: 'outbox.add',
        key: `thread:${alert.id}:ask:${at}`,
        delivery: { type: 'thread', alertId: alert.id, text: said },
        at,
      },
      {
        type: 'audit',
        entry: {
          ...{ at, actor, place, action: 'ask', stack: stack.name, runId: run.id, detail: names },
          ...{ fingerprint: run.fingerprint, commit: run.code?.commit ?? null, bundles: null, scope: null },
        },
      },
    ];
  });
  if (lastAskedAt !== null) {
    const ago = durationText(Math.max(0, parts.clock() - lastAskedAt));
    return refused(`Somebody asked about run #${run.id} ${ago} ago already; once an hour is enough.`);
  }
  return confirmed(parts, incoming, `Asked ${names} to decide on run #${run.id}.`);
}

async function whyNotAsked(parts: ActionParts, stack: Stack): Promise<string> {
  const problems = await unreachableReasons(parts, stack, await parts.onCall.rotasNow());
  if (problems !== null) return `Nobody on call for ${stack.name} can be asked: ${problems.join('; ')}.`;
  const { from } = stack.approvers;
  const who =
    from.length === 0
      ? 'nobody may approve it'
      : `${describeApprovers(from, parts.directory, await parts.onCall())} may approve it`;
  return `There is nobody to ask for ${stack.name}: ${who}.`;
}
