/** Gathers what a card shows: the run, what people keep, who may decide. */

import type { Finding } from '../drift/finding.ts';
import type { DriftView, FailureView, FindingView, Named, Standing } from '../messages/view.ts';
import type { Alert, PostedMessage } from '../model/alert.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import { type Keep, keepOf, lapsedOf } from '../model/exemption.ts';
import { approvable, openFindings, scopeFingerprint } from '../model/open-findings.ts';
import type { Actor, Run } from '../model/run.ts';
import { bareStack } from '../model/stack.ts';
import { type OnCallNow, personsIn, rotasOf } from '../people/rights.ts';
import type { Store } from '../ports/store.ts';

export interface ViewParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly onCall: () => Promise<OnCallNow>;
  readonly clock: Clock;
}

export function named(actor: Actor): Named {
  return { person: actor.person, name: actor.name };
}

/** The stack of m0.yaml, or what is still known of one that is gone from it. */
export function stackOrGone(directory: Directory, run: Run): Stack {
  const stack = directory.stacks.find((s) => s.name === run.stack);
  if (stack) return stack;
  return bareStack(run.stack, run.environment, { timezone: directory.timezone });
}

function standingOf(run: Run, finding: Finding, keeps: readonly Keep[], now: number): Standing {
  const keep = keepOf(finding, keeps, now);
  if (keep?.kind === 'accept') {
    return { s: 'accepted', by: named(keep.by), at: keep.at, reason: keep.reason };
  }
  if (keep) return { s: 'snoozed', by: named(keep.by), until: keep.until, reason: keep.reason };
  const inScope = run.scope.some(
    (s) => s.address === finding.address && s.fingerprint === finding.fingerprint,
  );
  if (inScope && run.state === 'apply_unknown') return { s: 'unknown' };
  if (inScope && run.state === 'applying') return { s: 'applying' };
  if (inScope && run.state === 'approved') {
    return run.approvals.length > 0
      ? { s: 'approved', by: run.approvals.map((a) => named(a.by)) }
      : { s: 'heals' };
  }
  if (run.state === 'rejected' && run.ending) {
    return { s: 'rejected', by: named(run.ending.by), reason: run.ending.reason };
  }
  const verdict = run.decision?.findings.find(
    (d) => d.address === finding.address && d.fingerprint === finding.fingerprint,
  )?.verdict;
  if (verdict === 'deny') return { s: 'denied' };
  if (run.state === 'awaiting_approval' && run.interrupted?.addresses.includes(finding.address)) {
    return { s: 'unknown' };
  }
  return verdict === 'auto' && run.forceHuman === null ? { s: 'heals' } : { s: 'waits' };
}

function lapsed(finding: Finding, keeps: readonly Keep[], now: number): Pick<FindingView, 'lapsed'> {
  const found = lapsedOf(finding, keeps, now);
  return found === undefined
    ? {}
    : { lapsed: { kind: found.keep.kind, by: named(found.keep.by), why: found.why } };
}

function findingViews(run: Run, keeps: readonly Keep[], now: number): readonly FindingView[] {
  const reasonsOf = (address: string): FindingView['reasons'] =>
    run.decision?.findings.find((d) => d.address === address)?.reasons ?? [];
  const done = run.applied.flatMap((part) =>
    part.findings.map(
      (finding): FindingView => ({
        finding,
        standing: {
          s: 'realigned',
          by: part.approvedBy.map(named),
          at: part.at,
          verifiedAt: part.verifiedAt,
        },
        reasons: part.decisions.find((d) => d.address === finding.address)?.reasons ?? [],
      }),
    ),
  );
  // While the verifying plan is being made, the newest findings are still those from before the apply.
  const unverified = run.state === 'verifying' ? new Set(run.scope.map((s) => s.address)) : new Set<string>();
  const current = run.findings
    .filter((f) => f.actionable && !unverified.has(f.address))
    .map(
      (finding): FindingView => ({
        finding,
        standing: standingOf(run, finding, keeps, now),
        reasons: reasonsOf(finding.address),
        ...lapsed(finding, keeps, now),
      }),
    );
  const still = new Set(current.map((v) => v.finding.address));
  return [...done.filter((v) => !still.has(v.finding.address)), ...current].sort((a, b) =>
    a.finding.address < b.finding.address ? -1 : 1,
  );
}

/** Everything the card of this run shows, as of now. `alert` null: the run has no card of its own. */
export async function driftView(
  parts: ViewParts,
  run: Run,
  alert: Alert | null,
  messages: readonly PostedMessage[],
): Promise<DriftView> {
  const { store, directory, clock } = parts;
  const now = clock();
  const stack = stackOrGone(directory, run);
  const [keeps, onCall] = await Promise.all([store.keeps(run.stack), parts.onCall()]);
  const nameOf = (person: string): Named => ({
    person,
    name: directory.people.find((p) => p.key === person)?.name ?? person,
  });
  const open = approvable(openFindings(run, keeps, now));
  const asked = messages.filter((m) => m.role === 'dm' && m.person !== null);
  return {
    stack: run.stack,
    environment: run.environment,
    runId: run.id,
    state: run.state,
    waitingFingerprint: run.state === 'awaiting_approval' && open.length > 0 ? scopeFingerprint(open) : null,
    alert: alert?.state ?? 'open',
    outcome: alert?.outcome ?? null,
    now,
    zone: stack.timezone,
    firstSeenAt: alert?.firstSeenAt ?? run.createdAt,
    seenCount: alert?.seenCount ?? 1,
    code: run.code,
    findings: findingViews(run, keeps, now),
    unaffected: run.findings.filter((f) => !f.actionable),
    outputs: run.outputs,
    warnings: run.decision?.warnings ?? [],
    approvals: run.approvals.map((a) => ({ by: named(a.by), at: a.at })),
    approvers: {
      // Where enough have said yes and it waits again, a policy wants somebody more.
      need:
        run.state === 'awaiting_approval'
          ? Math.max(stack.approvers.need, run.approvals.length + 1)
          : stack.approvers.need,
      groups: stack.approvers.from,
      onCall: [
        ...personsIn(
          rotasOf(stack).map((r) => `oncall:${r}`),
          directory,
          onCall,
        ),
      ].map(nameOf),
    },
    asked: asked.map((m) => ({ who: nameOf(m.person ?? ''), at: m.postedAt })),
    moved: run.moved,
    failure: run.failure,
    lock: run.lock ?? null,
    interrupted: run.interrupted?.run ?? null,
    rejectedBy: run.state === 'rejected' ? (run.ending?.by ?? null) : null,
    confirm: true,
  };
}

/** What the card of a failing check shows. */
export async function failureView(parts: ViewParts, run: Run, alert: Alert): Promise<FailureView> {
  const stack = stackOrGone(parts.directory, run);
  const good = await parts.store.runs({
    stack: run.stack,
    states: ['clean', 'quiet', 'realigned', 'awaiting_approval', 'denied', 'rejected', 'superseded'],
    limit: 1,
  });
  return {
    stack: run.stack,
    environment: run.environment,
    runId: run.id,
    failure: run.failure ?? { phase: 'planning', message: 'it failed without a word' },
    since: alert.firstSeenAt,
    times: alert.seenCount,
    lastGoodAt: good[0]?.updatedAt ?? null,
    now: parts.clock(),
    zone: stack.timezone,
    resolvedAt: alert.state === 'open' ? null : alert.lastSeenAt,
    gone: !parts.directory.stacks.some((s) => s.name === run.stack),
  };
}
