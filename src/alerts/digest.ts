/** Builds a digest (open drift, applied changes, ending snoozes) from the store and posts it through the outbox. */
import { resolveTarget } from '../commands/target.ts';
import { digestCard } from '../messages/digest-card.ts';
import type { DigestOpen, DigestView } from '../messages/view-digest.ts';
import type { Directory, Place, Stack } from '../model/directory.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import { countStates, type LastTicks } from '../model/overview.ts';
import { countLeft } from '../model/watching.ts';
import { describeApprovers, type OnCallNow } from '../people/permissions.ts';
import type { Change } from '../ports/store.ts';
import { compareTexts } from '../text/words.ts';
import { driftView, namedActor, type ViewParts } from './drift-view.ts';
import { pauseViews } from './pause-views.ts';
import { troublesOf } from './plan-alert-views.ts';
import { inBatches, readStatuses } from './stack-statuses.ts';
import { healedBetween, trendOf } from './trend.ts';

const DAY_MS = 86_400_000;
/** How many of the oldest stacks get buttons. */
const WITH_BUTTONS = 3;

/** What a digest is built from. */
export interface DigestParts extends ViewParts {
  readonly lastTicks: LastTicks;
}

/** A digest as m0.yaml configures it. `targets` are as in commands; an empty list means every stack. */
export interface DigestPlan {
  readonly channels: readonly Place[];
  readonly targets: readonly string[];
  readonly timezone: string;
}

/** The stacks that the targets name, each once. A target that matches no stack is ignored. */
export function stacksOfTargets(directory: Directory, targets: readonly string[]): readonly Stack[] {
  if (targets.length === 0) return directory.stacks;
  const names = new Set(
    targets.flatMap((target) => {
      const found = resolveTarget(target, directory.stacks);
      return found.ok ? found.stacks : [];
    }),
  );
  return directory.stacks.filter((s) => names.has(s.name));
}

/** The open drift of a stack, or nothing if it has none any more. `onCall`: who is on call now. */
async function openDriftOf(
  parts: DigestParts,
  stack: Stack,
  onCall: OnCallNow,
): Promise<readonly DigestOpen[]> {
  const now = parts.clock();
  const [alert] = await parts.store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
  const run = alert ? await parts.store.run(alert.runId) : undefined;
  if (!alert || !run) return [];
  const open = openFindings(run, await parts.store.exemptions(stack.name), now);
  if (open.length === 0) return [];
  const waiting = run.state === 'awaiting_approval' ? approvable(open).length : 0;
  const { from } = stack.approvers;
  const waitsFor = from.length === 0 ? [] : [describeApprovers(from, parts.directory, onCall)];
  return [
    { stack: stack.name, open: open.length, waiting, since: alert.firstSeenAt, runId: run.id, waitsFor },
  ];
}

/** The oldest ones with what their own cards show now, for their buttons. */
async function withCards(parts: DigestParts, open: readonly DigestOpen[]): Promise<readonly DigestOpen[]> {
  return Promise.all(
    open.map(async (one, i) => {
      if (i >= WITH_BUTTONS) return one;
      const run = await parts.store.run(one.runId);
      const [alert] = await parts.store.alerts({ runId: one.runId, kind: 'drift' });
      if (run === undefined || alert === undefined) return one;
      return { ...one, card: await driftView(parts, run, alert, await parts.store.messages(alert.id)) };
    }),
  );
}

/**
 * What a digest of these stacks shows. `before`: when the last digest was sent (ms since epoch) and its number of
 * stacks with open drift. Without it the digest covers the last 24 hours.
 */
export async function digestView(
  parts: DigestParts,
  about: { readonly stacks: readonly Stack[]; readonly targets: readonly string[]; readonly zone: string },
  before: { readonly at: number; readonly open: number } | null,
): Promise<DigestView> {
  const { store, clock } = parts;
  const now = clock();
  const names = new Set(about.stacks.map((s) => s.name));
  const pauses = await pauseViews(store, about.stacks);
  const { watching } = parts.directory;
  const since = before?.at ?? now - DAY_MS;
  const { statuses } = await readStatuses(parts, about.stacks, now);
  const drifted = new Set(statuses.flatMap((s) => (s.runId === null ? [] : [s.stack])));
  const onCall = await parts.onCall();
  const found = await inBatches(
    about.stacks.filter((s) => drifted.has(s.name)),
    (s) => openDriftOf(parts, s, onCall),
  );
  const open = found.flat().toSorted((a, b) => a.since - b.since || compareTexts(a.stack, b.stack));
  const exemptions = (await inBatches(about.stacks, (s) => store.exemptions(s.name))).flat();
  const failing = await store.alerts({ state: 'open', kind: 'failure' });
  const policies = await store.alerts({ state: 'open', kind: 'policy' });
  const used = new Set(about.stacks.flatMap((s) => s.policies.map((p) => p.name)));
  const healed = await healedBetween(store, names, since, now);
  return {
    targets: about.targets,
    since: before?.at ?? null,
    counts: countStates(statuses),
    neverChecked: statuses.filter((s) => s.state === 'unknown').map((s) => s.stack),
    checkedTooLongAgo: statuses.flatMap(({ stack, state, answeredAt }) =>
      state === 'stale' && answeredAt !== null ? [{ stack, at: answeredAt }] : [],
    ),
    open: await withCards(parts, open),
    healed: healed.policy,
    approved: healed.people,
    snoozesEnding: exemptions
      .flatMap((k) =>
        k.kind === 'snooze' && k.until !== null && k.until > now && k.until <= now + DAY_MS
          ? [{ stack: k.stack, address: k.address, until: k.until, by: namedActor(k.by) }]
          : [],
      )
      .toSorted((a, b) => a.until - b.until),
    failing: failing
      .filter((a) => names.has(a.subject))
      .map((a) => ({ stack: a.subject, since: a.firstSeenAt })),
    troubles: (await troublesOf(store)).filter((t) => names.has(t.stack)),
    ...(pauses.length === 0 ? {} : { pauses }),
    ...(about.targets.length === 0 && watching !== undefined ? { left: countLeft(watching) } : {}),
    brokenPolicies: policies.filter((a) => used.has(a.subject)).map((a) => a.subject),
    openBefore: before?.open ?? null,
    trend: await trendOf(parts, names),
    now,
    zone: about.zone,
  };
}

/**
 * Builds a digest and queues it for its channels. The messages and the tick are stored in one transaction, so a crash
 * neither loses nor repeats a digest. `name` identifies the digest and its tick. Rejects if the store fails.
 */
export async function sendDigest(parts: DigestParts, plan: DigestPlan, name: string): Promise<void> {
  const { store, clock, directory } = parts;
  const stacks = stacksOfTargets(directory, plan.targets);
  const about = { stacks, targets: plan.targets, zone: plan.timezone };
  const view = await digestView(parts, about, (await store.lastDigest(name)) ?? null);
  const card = digestCard(view);
  const at = clock();
  const changes = plan.channels.map((place, i): Change => {
    return { type: 'outbox.add', key: `${name}:${at}:${i}`, delivery: { type: 'post', place, card }, at };
  });
  await store.commit([
    ...changes,
    { type: 'digest.set', name, at, open: view.open.length },
    { type: 'tick.set', name, at },
  ]);
}
