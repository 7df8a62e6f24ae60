/** Builds a digest (open drift, applied changes, ending snoozes) from the store and posts it through the outbox. */
import { resolveTarget } from '../commands/target.ts';
import { digestCard } from '../messages/digest-card.ts';
import type { DigestOpen, DigestView } from '../messages/view-digest.ts';
import type { Directory, Place, Stack } from '../model/directory.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import type { RunState } from '../model/run.ts';
import { describeApprovers } from '../people/permissions.ts';
import type { Change } from '../ports/store.ts';
import { namedActor, type ViewParts } from './drift-view.ts';
import { troublesOf } from './plan-alert-views.ts';

const DAY_MS = 86_400_000;
/** How many of the newest runs are read for applied changes: a busy fleet makes so many in a few days. */
const MAX_RUNS = 5_000;
/** States that a run can have after an apply. */
const AFTER_APPLY: readonly RunState[] = [
  'realigned',
  'awaiting_approval',
  'denied',
  'rejected',
  'superseded',
  'failed',
  'quiet',
];

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

async function openDriftOf(parts: ViewParts, stack: Stack): Promise<readonly DigestOpen[]> {
  const now = parts.clock();
  const [alert] = await parts.store.alerts({ subject: stack.name, state: 'open', kind: 'drift' });
  const run = alert ? await parts.store.run(alert.runId) : undefined;
  if (!alert || !run) return [];
  const open = openFindings(run, await parts.store.exemptions(stack.name), now);
  if (open.length === 0) return [];
  const waiting = run.state === 'awaiting_approval' ? approvable(open).length : 0;
  const { from } = stack.approvers;
  const onCall = await parts.onCall();
  const waitsFor = from.length === 0 ? [] : [describeApprovers(from, parts.directory, onCall)];
  return [
    { stack: stack.name, open: open.length, waiting, since: alert.firstSeenAt, runId: run.id, waitsFor },
  ];
}

/**
 * What a digest of these stacks shows. `before`: when the last digest was sent (ms since epoch) and its number of
 * stacks with open drift. Without it the digest covers the last 24 hours.
 */
export async function digestView(
  parts: ViewParts,
  about: { readonly stacks: readonly Stack[]; readonly targets: readonly string[]; readonly zone: string },
  before: { readonly at: number; readonly open: number } | null,
): Promise<DigestView> {
  const { store, clock } = parts;
  const now = clock();
  const names = new Set(about.stacks.map((s) => s.name));
  const since = before?.at ?? now - DAY_MS;
  const open = (await Promise.all(about.stacks.map((s) => openDriftOf(parts, s)))).flat();
  const exemptions = (await Promise.all(about.stacks.map((s) => store.exemptions(s.name)))).flat();
  const failing = await store.alerts({ state: 'open', kind: 'failure' });
  const policies = await store.alerts({ state: 'open', kind: 'policy' });
  const used = new Set(about.stacks.flatMap((s) => s.policies.map((p) => p.name)));
  const runs = await store.runs({ states: AFTER_APPLY, limit: MAX_RUNS });
  const verifiedParts = runs
    .filter((r) => names.has(r.stack))
    .flatMap((r) => r.applied)
    .filter((part) => part.verifiedAt !== null && part.at > since);
  const count = (byPeople: boolean): number =>
    verifiedParts
      .filter((part) => part.approvedBy.length > 0 === byPeople)
      .reduce((sum, part) => sum + part.scope.length, 0);
  return {
    targets: about.targets,
    since: before?.at ?? null,
    stacks: about.stacks.length,
    open: open.toSorted((a, b) => a.since - b.since || (a.stack < b.stack ? -1 : 1)),
    healed: count(false),
    approved: count(true),
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
    brokenPolicies: policies.filter((a) => used.has(a.subject)).map((a) => a.subject),
    openBefore: before?.open ?? null,
    now,
    zone: about.zone,
  };
}

/**
 * Builds a digest and queues it for its channels. The messages and the tick are stored in one transaction, so a crash
 * neither loses nor repeats a digest. `name` identifies the digest and its tick. Rejects if the store fails.
 */
export async function sendDigest(parts: ViewParts, plan: DigestPlan, name: string): Promise<void> {
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
