/** The commands `pause` and `resume`: the emergency stop of all applies of a target. */
import { isPaused, pauseChoices, pausedNames } from '../alerts/pause-views.ts';
import { resolveTarget } from '../commands/target.ts';
import type { Button } from '../messages/card.ts';
import { pausedWhat, pauseForm, resumeButton } from '../messages/pause.ts';
import { infoCard } from '../messages/short-cards.ts';
import { isOfRun } from '../model/alert.ts';
import type { Stack } from '../model/directory.ts';
import { isSamePauseTarget, type Pause, pauseCovers, pausesOf } from '../model/pause.ts';
import type { Run, RunState } from '../model/run.ts';
import { checkPausing } from '../people/permissions.ts';
import type { Incoming, Reply } from '../ports/chat.ts';
import type { Change } from '../ports/store.ts';
import { pauseText } from '../runs/hold-changes.ts';
import { count, durationText, listed } from '../text/words.ts';
import { type ActionParts, privately, refused } from './parts.ts';
import { targetedIn } from './targets.ts';

/** The key of the lock under which pauses are changed. */
const LOCK = 'pauses';
/** The longest target, in characters: a name of m0.yaml has at most 100. */
const MAX_TARGET = 120;
/** How many names a sentence lists before "and 12 more". */
const MAX_NAMES = 8;

function nameList(names: readonly string[]): string {
  if (names.length <= MAX_NAMES + 1) return listed(names);
  return `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more`;
}

function auditOf(
  { actor, place }: Incoming,
  at: number,
  action: 'pause' | 'resume',
  { target, reason }: Pick<Pause, 'target' | 'reason'>,
  stacks: readonly string[],
): Change {
  const covered = stacks.length === 0 ? 'no stack' : count(stacks.length, 'stack');
  const detail = `${action === 'pause' ? reason : `paused for: ${reason}`} (${covered})`;
  return {
    type: 'audit',
    entry: {
      ...{ at, actor, place, action, stack: target, detail },
      ...{ runId: null, fingerprint: null, commit: null, bundles: null, scope: null },
    },
  };
}

/** Brings the open cards of the stacks that the target covers to what they must say now. */
async function refreshedCards(
  { store, directory }: ActionParts,
  target: string,
  key: string,
  at: number,
): Promise<readonly Change[]> {
  const names = new Set(pausedNames(target, directory.stacks));
  const open = (await store.alerts({ state: 'open' })).filter((a) => isOfRun(a) && names.has(a.subject));
  return open.map(({ id }): Change => {
    return {
      type: 'outbox.add',
      key: `card:${id}:${key}:${at}`,
      delivery: { type: 'card', alertId: id },
      at,
    };
  });
}

async function runsOf(
  { store }: ActionParts,
  state: RunState,
  stacks: readonly Stack[],
): Promise<readonly Run[]> {
  const runs = await store.runs({ states: [state] });
  return runs.filter((run) => stacks.some((stack) => stack.name === run.stack)).toReversed();
}

function runList(runs: readonly Run[]): string {
  return nameList(runs.map((run) => `#${run.id} (${run.stack})`));
}

/** `pause TARGET REASON`: from the moment that it is stored no apply of these stacks begins. */
export async function pause(
  parts: ActionParts,
  incoming: Incoming,
  command: { readonly target: string | null; readonly reason: string | null },
): Promise<Reply> {
  const { store, directory } = parts;
  const { target, reason } = command;
  if (target === null) return { type: 'form', form: pauseForm(pauseChoices(directory), null) };
  // Buttons carry the target.
  if (target.length > MAX_TARGET) return refused(`A target has at most ${MAX_TARGET} characters.`);
  const stacks = targetedIn(parts, incoming.text, target);
  if ('type' in stacks) return stacks;
  const onCall = await parts.onCall();
  const right = checkPausing('pause', incoming.actor, stacks, pausedWhat(target), directory, onCall);
  if (!right.ok) return refused(right.refusal);
  if (reason === null) return { type: 'form', form: pauseForm(pauseChoices(directory), target) };
  const at = parts.clock();
  const paused = { target, by: incoming.actor, at, reason };
  let already: Pause | undefined;
  await parts.worker.write(LOCK, async () => {
    // Read under the lock: two people who pause the same at the same time make one pause.
    already = (await store.pauses()).find((p) => isSamePauseTarget(p.target, target));
    if (already !== undefined) return [];
    return [
      { type: 'pause.add', pause: paused },
      auditOf(
        incoming,
        at,
        'pause',
        paused,
        stacks.map((s) => s.name),
      ),
      {
        type: 'alert.insert',
        alert: {
          ...{ kind: 'pause', subject: target, fingerprint: 'pause', state: 'open', outcome: null },
          ...{ firstSeenAt: at, lastSeenAt: at, seenCount: 1, runId: null },
          details: { by: incoming.actor, reason },
        },
        deliveries: [{ type: 'card' }],
      },
      ...(await refreshedCards(parts, target, 'paused', at)),
    ];
  });
  // Read after the pause was stored: what is applying now began before it, and no other apply begins any more.
  const running = await runsOf(parts, 'applying', stacks);
  const begun =
    running.length === 0 ? '' : ` Already being applied, and can’t be stopped: ${runList(running)}.`;
  const what = pausedWhat(target);
  if (already !== undefined) {
    const since = durationText(Math.max(0, at - already.at));
    return privately(
      infoCard(`${what} is paused already, for ${since}: ${pauseText(already)}.${begun}`, [
        resumeButton(already.target),
      ]),
    );
  }
  return privately(
    infoCard(
      `Paused ${what}: no apply begins on ${nameList(stacks.map((s) => s.name))} until somebody resumes it. Checks and alerts go on.${begun}`,
      [resumeButton(target)],
    ),
  );
}

function buttonsFor(pauses: readonly Pause[]): readonly Button[] {
  return pauses.map(({ target }) => resumeButton(target));
}

/** The pauses that a typed target means: those of the same target, also where only one of them names its kind. */
function pausesMeant(parts: ActionParts, pauses: readonly Pause[], target: string): readonly Pause[] {
  const same = pauses.filter((p) => isSamePauseTarget(p.target, target));
  if (same.length > 0) return same;
  const bare = (of: string): string => of.replace(/^(stack|env|environment):/i, '').toLowerCase();
  const covered = (of: string): string => pausedNames(of, parts.directory.stacks).join(' ');
  return pauses.filter((p) => bare(p.target) === bare(target) && covered(p.target) === covered(target));
}

/** The refusal if the target itself is not paused. It names the pauses that cover it or a part of it. */
async function notPaused(
  parts: ActionParts,
  incoming: Incoming,
  pauses: readonly Pause[],
  target: string,
): Promise<Reply> {
  const found = resolveTarget(target, parts.directory.stacks);
  if (!found.ok) {
    const stacks = targetedIn(parts, incoming.text, target);
    return 'type' in stacks ? stacks : refused(`${target} is not paused.`);
  }
  const names = parts.directory.stacks.filter((s) => found.stacks.includes(s.name));
  const covering = pauses.filter((p) => names.some((stack) => pauseCovers(p.target, stack)));
  if (covering.length === 0) return refused(`${pausedWhat(target)} is not paused.`);
  const by = covering.map(pauseText).join('; ');
  return refused(
    `${pausedWhat(target)} has no pause of its own: ${by}. Resume what was paused:`,
    buttonsFor(covering),
  );
}

/** `resume TARGET`: ends the pause of exactly this target. Runs that were approved go on with a fresh plan. */
export async function resume(
  parts: ActionParts,
  incoming: Incoming,
  { target }: { readonly target: string | null },
): Promise<Reply> {
  const { store, directory } = parts;
  const pauses = await store.pauses();
  if (target === null) {
    if (pauses.length === 0) return refused('Nothing is paused.');
    return refused(`Resume what? ${pauses.map(pauseText).join('; ')}.`, buttonsFor(pauses));
  }
  const meant = pausesMeant(parts, pauses, target);
  if (meant.length === 0) return notPaused(parts, incoming, pauses, target);
  const stacks = directory.stacks.filter((s) => meant.some((p) => pauseCovers(p.target, s)));
  const what = pausedWhat(target);
  // A pause whose target names nothing any more can be ended by everybody who may approve anything.
  const about = stacks.length === 0 ? directory.stacks : stacks;
  const right = checkPausing('resume', incoming.actor, about, what, directory, await parts.onCall());
  if (!right.ok) return refused(right.refusal);
  const at = parts.clock();
  let ended: readonly Pause[] = [];
  await parts.worker.write(LOCK, async () => {
    ended = pausesMeant(parts, await store.pauses(), target);
    return (await Promise.all(ended.map((one) => endChanges(parts, incoming, one, at)))).flat();
  });
  if (ended.length === 0) return refused(`${what} is not paused any more.`);
  const left = await store.pauses();
  const still = stacks.filter((stack) => isPaused(left, stack));
  const free = stacks.filter((stack) => !isPaused(left, stack));
  const goOn = await runsOf(parts, 'approved', free);
  const others = [...new Set(still.flatMap((stack) => pausesOf(left, stack)))];
  return privately(
    infoCard(
      [
        `Resumed ${what}.`,
        ...(goOn.length === 0
          ? []
          : [`${runList(goOn)} ${goOn.length === 1 ? 'goes' : 'go'} on, each with a fresh plan.`]),
        'What was not approved yet can be approved again.',
        ...(still.length === 0
          ? []
          : [`Still paused: ${nameList(still.map((s) => s.name))}: ${others.map(pauseText).join('; ')}.`]),
      ].join(' '),
      buttonsFor(others),
    ),
  );
}

/** The end of one pause, its audit entry, its message in the channels and the cards of its stacks. */
async function endChanges(
  parts: ActionParts,
  incoming: Incoming,
  pause: Pause,
  at: number,
): Promise<readonly Change[]> {
  const { store, directory } = parts;
  const { actor } = incoming;
  const open = await store.alerts({ kind: 'pause', subject: pause.target, state: 'open' });
  const outcome = `${actor.name} resumed it after ${durationText(Math.max(0, at - pause.at))}`;
  const messages = open.flatMap((alert): readonly Change[] => [
    { type: 'alert.update', alert: { ...alert, state: 'resolved', outcome, lastSeenAt: at } },
    {
      type: 'outbox.add',
      key: `card:${alert.id}:resumed:${at}`,
      delivery: { type: 'card', alertId: alert.id },
      at,
    },
    {
      type: 'outbox.add',
      key: `thread:${alert.id}:resumed:${at}`,
      delivery: {
        type: 'thread',
        alertId: alert.id,
        text: `${actor.name} resumed ${pausedWhat(pause.target)}`,
      },
      at,
    },
  ]);
  return [
    { type: 'pause.end', id: pause.id, by: actor, at },
    auditOf(incoming, at, 'resume', pause, pausedNames(pause.target, directory.stacks)),
    ...messages,
    ...(await refreshedCards(parts, pause.target, 'resumed', at)),
  ];
}

/** Why nothing of the stack can be approved now, with the buttons to resume it; null if it is not paused. */
export async function pausedRefusal(parts: ActionParts, stack: Stack): Promise<Reply | null> {
  const covering = pausesOf(await parts.store.pauses(), stack);
  const [first] = covering;
  if (first === undefined) return null;
  const since = durationText(Math.max(0, parts.clock() - first.at));
  return refused(
    `Nothing of ${stack.name} is applied: ${pauseText(first)}, ${since} ago. Your approval is not kept for later: once it is resumed, approve again.`,
    buttonsFor(covering),
  );
}
