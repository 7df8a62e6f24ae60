/** Collects the data of drift and failure cards: the run, its exemptions, and the people who may decide. */

import { besideLines } from '../drift/beside.ts';
import type { Finding } from '../drift/finding.ts';
import type { DriftView, FailureView, FindingStatus, FindingView, PersonName } from '../messages/view.ts';
import type { Alert, PostedMessage } from '../model/alert.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import { type Exemption, exemptionOf, lapsedExemption } from '../model/exemption.ts';
import { approvable, openFindings, scopeFingerprint } from '../model/open-findings.ts';
import { onCallEntry } from '../model/rota.ts';
import type { Actor, Run } from '../model/run.ts';
import { bareStack } from '../model/stack.ts';
import { type OnCallNow, personsIn, rotasOf } from '../people/permissions.ts';
import type { Store } from '../ports/store.ts';

/** What the views read from. */
export interface ViewParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly onCall: () => Promise<OnCallNow>;
  readonly clock: Clock;
}

/** The actor as cards show it. */
export function namedActor(actor: Actor): PersonName {
  return { person: actor.person, name: actor.name };
}

/** The run's stack from m0.yaml. If it was removed there: a stack with only the name and environment of the run. */
export function stackOrRemoved(directory: Directory, run: Run): Stack {
  const stack = directory.stacks.find((s) => s.name === run.stack);
  if (stack) return stack;
  return bareStack(run.stack, run.environment, { timezone: directory.timezone });
}

function findingStatus(
  run: Run,
  finding: Finding,
  exemptions: readonly Exemption[],
  now: number,
): FindingStatus {
  const exemption = exemptionOf(finding, exemptions, now);
  if (exemption?.kind === 'accept') {
    return { type: 'accepted', by: namedActor(exemption.by), at: exemption.at, reason: exemption.reason };
  }
  if (exemption)
    return {
      type: 'snoozed',
      by: namedActor(exemption.by),
      until: exemption.until,
      reason: exemption.reason,
    };
  const inScope = run.scope.some(
    (s) => s.address === finding.address && s.fingerprint === finding.fingerprint,
  );
  if (inScope && run.state === 'apply_unknown') return { type: 'unknown' };
  if (inScope && run.state === 'applying') return { type: 'applying' };
  if (inScope && run.state === 'approved') {
    return run.approvals.length > 0
      ? { type: 'approved', by: run.approvals.map((a) => namedActor(a.by)) }
      : { type: 'heals' };
  }
  if (run.state === 'rejected' && run.ending) {
    return { type: 'rejected', by: namedActor(run.ending.by), reason: run.ending.reason };
  }
  const verdict = run.decision?.findings.find(
    (d) => d.address === finding.address && d.fingerprint === finding.fingerprint,
  )?.verdict;
  if (verdict === 'deny') return { type: 'denied' };
  if (run.state === 'awaiting_approval' && run.interrupted?.addresses.includes(finding.address)) {
    return { type: 'unknown' };
  }
  return verdict === 'auto' && run.forceHuman === null ? { type: 'heals' } : { type: 'waits' };
}

function lapsed(
  finding: Finding,
  exemptions: readonly Exemption[],
  now: number,
): Pick<FindingView, 'lapsed'> {
  const found = lapsedExemption(finding, exemptions, now);
  return found === undefined
    ? {}
    : { lapsed: { kind: found.exemption.kind, by: namedActor(found.exemption.by), why: found.why } };
}

function findingViews(run: Run, exemptions: readonly Exemption[], now: number): readonly FindingView[] {
  const reasonsOf = (address: string): FindingView['reasons'] =>
    run.decision?.findings.find((d) => d.address === address)?.reasons ?? [];
  const realigned = run.applied.flatMap((part) =>
    part.findings.map(
      (finding): FindingView => ({
        finding,
        status: {
          type: 'realigned',
          by: part.approvedBy.map(namedActor),
          at: part.at,
          verifiedAt: part.verifiedAt,
        },
        reasons: part.decisions.find((d) => d.address === finding.address)?.reasons ?? [],
      }),
    ),
  );
  // During the plan that verifies an apply, the stored findings are still those from before the apply.
  const unverified = run.state === 'verifying' ? new Set(run.scope.map((s) => s.address)) : new Set<string>();
  const current = run.findings
    .filter((f) => f.actionable && !unverified.has(f.address))
    .map(
      (finding): FindingView => ({
        finding,
        status: findingStatus(run, finding, exemptions, now),
        reasons: reasonsOf(finding.address),
        ...lapsed(finding, exemptions, now),
      }),
    );
  const stillOpen = new Set(current.map((v) => v.finding.address));
  return [...realigned.filter((v) => !stillOpen.has(v.finding.address)), ...current].sort((a, b) =>
    a.finding.address < b.finding.address ? -1 : 1,
  );
}

/** A run without findings says nothing more, unless its plan does not prove that code and cloud agree. */
function outcomeWithoutAlert(run: Run): string | null {
  const nothing = run.state === 'quiet' && !run.findings.some((f) => f.actionable);
  return nothing && run.unsure ? `nothing found, but ${run.unsure}` : null;
}

/** What the card of this run shows now. `alert` is null if the run has no card of its own. */
export async function driftView(
  parts: ViewParts,
  run: Run,
  alert: Alert | null,
  messages: readonly PostedMessage[],
): Promise<DriftView> {
  const { store, directory, clock } = parts;
  const now = clock();
  const stack = stackOrRemoved(directory, run);
  const [exemptions, onCall] = await Promise.all([store.exemptions(run.stack), parts.onCall()]);
  const nameOf = (person: string): PersonName => ({
    person,
    name: directory.people.find((p) => p.key === person)?.name ?? person,
  });
  const open = approvable(openFindings(run, exemptions, now));
  const asked = messages.filter((m) => m.role === 'dm' && m.person !== null);
  return {
    stack: run.stack,
    environment: run.environment,
    runId: run.id,
    state: run.state,
    waitingFingerprint: run.state === 'awaiting_approval' && open.length > 0 ? scopeFingerprint(open) : null,
    alert: alert?.state ?? 'open',
    outcome: alert?.outcome ?? outcomeWithoutAlert(run),
    now,
    zone: stack.timezone,
    firstSeenAt: alert?.firstSeenAt ?? run.createdAt,
    seenCount: alert?.seenCount ?? 1,
    code: run.code,
    findings: findingViews(run, exemptions, now),
    unaffected: run.findings.filter((f) => !f.actionable),
    outputs: run.outputs,
    beside: besideLines(run.changes ?? [], run.findings),
    alongside: [
      ...new Set([...(run.alongside ?? []), ...run.applied.flatMap((part) => part.alongside ?? [])]),
    ],
    warnings: run.decision?.warnings ?? [],
    approvals: run.approvals.map((a) => ({ by: namedActor(a.by), at: a.at })),
    approvers: {
      // If the run waits again although enough people approved, a policy wants one approval more.
      need:
        run.state === 'awaiting_approval'
          ? Math.max(stack.approvers.need, run.approvals.length + 1)
          : stack.approvers.need,
      groups: stack.approvers.from,
      onCall: [...personsIn(rotasOf(stack).map(onCallEntry), directory, onCall)].map(nameOf),
    },
    asked: asked.map((m) => ({ who: nameOf(m.person ?? ''), at: m.postedAt })),
    moved: run.moved,
    failure: run.failure,
    emptied: run.emptied ?? null,
    checks: run.checks ?? [],
    lock: run.lock ?? null,
    interrupted: run.interrupted?.run ?? null,
    rejectedBy: run.state === 'rejected' ? (run.ending?.by ?? null) : null,
    confirm: true,
  };
}

/** What the card of a failing check shows now. */
export async function failureView(parts: ViewParts, run: Run, alert: Alert): Promise<FailureView> {
  const stack = stackOrRemoved(parts.directory, run);
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
