/** A digest: what is open, what healed, what ends. Gathered from the memory, posted once by the outbox. */
import { resolveTarget } from '../commands/target.ts';
import { digestCard } from '../messages/digest-card.ts';
import type { DigestOpen, DigestView } from '../messages/view-digest.ts';
import type { Directory, Place, Stack } from '../model/directory.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import type { RunState } from '../model/run.ts';
import { describeApprovers } from '../people/permissions.ts';
import type { Change } from '../ports/store.ts';
import { namedActor, type ViewParts } from './drift-view.ts';

const DAY_MS = 86_400_000;
/** Newest runs looked at for what was put back: some days of a busy fleet. */
const LOOK_BACK = 5_000;
/** Runs end here, or rest here, after something of them was applied. */
const AFTER_APPLY: readonly RunState[] = [
  'realigned',
  'awaiting_approval',
  'denied',
  'rejected',
  'superseded',
  'failed',
  'quiet',
];

/** A digest of m0.yaml. `targets` as in commands; empty: every stack. */
export interface DigestPlan {
  readonly channels: readonly Place[];
  readonly targets: readonly string[];
  readonly timezone: string;
}

/** The stacks that the targets name, each once; a target that names nothing any more adds none. */
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

async function openOf(parts: ViewParts, stack: Stack): Promise<readonly DigestOpen[]> {
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

/** Everything a digest of these stacks tells, since the one before. */
export async function digestView(
  parts: ViewParts,
  about: { readonly stacks: readonly Stack[]; readonly targets: readonly string[]; readonly zone: string },
  before: { readonly at: number; readonly open: number } | null,
): Promise<DigestView> {
  const { store, clock } = parts;
  const now = clock();
  const names = new Set(about.stacks.map((s) => s.name));
  const since = before?.at ?? now - DAY_MS;
  const open = (await Promise.all(about.stacks.map((s) => openOf(parts, s)))).flat();
  const exemptions = (await Promise.all(about.stacks.map((s) => store.exemptions(s.name)))).flat();
  const failing = await store.alerts({ state: 'open', kind: 'failure' });
  const policies = await store.alerts({ state: 'open', kind: 'policy' });
  const used = new Set(about.stacks.flatMap((s) => s.policies.map((p) => p.name)));
  const runs = await store.runs({ states: AFTER_APPLY, limit: LOOK_BACK });
  const put = runs
    .filter((r) => names.has(r.stack))
    .flatMap((r) => r.applied)
    .filter((part) => part.verifiedAt !== null && part.at > since);
  const count = (byPeople: boolean): number =>
    put
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
    brokenPolicies: policies.filter((a) => used.has(a.subject)).map((a) => a.subject),
    openBefore: before?.open ?? null,
    now,
    zone: about.zone,
  };
}

/**
 * Makes a digest and queues it for its channels, with its tick, in one go: a crash in between neither loses nor
 * doubles it. `name` is its own in m0.yaml, and that of its tick.
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
