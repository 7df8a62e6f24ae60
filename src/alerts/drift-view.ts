/** Collects the data of drift and failure cards: the run, its exemptions, and the people who may decide. */

import { besideLines } from '../drift/beside.ts';
import type { Finding } from '../drift/finding.ts';
import type {
  DriftView,
  FailureView,
  FindingStatus,
  FindingView,
  PartView,
  PersonName,
} from '../messages/view.ts';
import type { LinkFacts } from '../messages/view-links.ts';
import type { Alert, PostedMessage } from '../model/alert.ts';
import { brakeOn } from '../model/brake.ts';
import { touchedCommit } from '../model/code-version.ts';
import { type Codification, isActive } from '../model/codification.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import { type Exemption, exemptionOf, lapsedExemption } from '../model/exemption.ts';
import { forgeOf } from '../model/links/forge.ts';
import { approvable, type OpenFinding, openFindings } from '../model/open-findings.ts';
import { onCallEntry } from '../model/rota.ts';
import type { Actor, Run } from '../model/run.ts';
import { approvalsOf, partsOf } from '../model/run-parts.ts';
import { bareStack } from '../model/stack.ts';
import type { WorkingNow } from '../model/working.ts';
import { neededApprovals, partIn } from '../people/authors.ts';
import { type OnCallNow, personsIn, rotasOf } from '../people/permissions.ts';
import type { Store } from '../ports/store.ts';
import { causeViewOf } from './cause-view.ts';
import { pauseViews } from './pause-views.ts';

/** What the views read from. */
export interface ViewParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly onCall: () => Promise<OnCallNow>;
  readonly clock: Clock;
  /** Left out: nothing is told of tools that are working. */
  readonly working?: WorkingNow;
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
    const { at, until, reason } = exemption;
    return { type: 'accepted', by: namedActor(exemption.by), at, until, reason };
  }
  if (exemption?.kind === 'codify') return { type: 'codified', by: namedActor(exemption.by) };
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
  if (verdict === 'deny') return { type: 'denied', ...(run.tellOnly ? { tellOnly: true } : {}) };
  if (run.state === 'awaiting_approval' && run.interrupted?.addresses.includes(finding.address)) {
    return { type: 'unknown' };
  }
  const forced = run.forceHuman !== null && (run.forceHumanFor?.includes(finding.address) ?? true);
  return verdict === 'auto' && !forced ? { type: 'heals' } : { type: 'waits' };
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

/** Left out where the apply is decided: then it is history. */
function brakeOf(run: Run, finding: Finding): Pick<FindingView, 'brake'> {
  const brake = brakeOn(finding, run.brakes);
  return brake === undefined ? {} : { brake };
}

function findingViews(
  run: Run,
  exemptions: readonly Exemption[],
  causeView: (finding: Finding) => Pick<FindingView, 'cause'>,
  now: number,
): readonly FindingView[] {
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
        ...causeView(finding),
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
        ...brakeOf(run, finding),
        ...causeView(finding),
      }),
    );
  const stillOpen = new Set(current.map((v) => v.finding.address));
  return [...realigned.filter((v) => !stillOpen.has(v.finding.address)), ...current].sort((a, b) =>
    a.finding.address < b.finding.address ? -1 : 1,
  );
}

/**
 * The newest codification of each address that the card tells: those that were asked for on it, and those in work of
 * what it shows.
 */
function codificationsOf(
  all: readonly Codification[],
  run: Run,
  alert: Alert | null,
): Pick<DriftView, 'codifications'> {
  const shown = new Set(run.findings.map((f) => f.address));
  const newest = new Map<string, Codification>();
  for (const one of all) if (!newest.has(one.address)) newest.set(one.address, one);
  const told = [...newest.values()].filter(
    (one) =>
      (alert !== null && one.alert === alert.id) ||
      one.run === run.id ||
      (alert?.state !== 'superseded' && isActive(one) && shown.has(one.address)),
  );
  return told.length === 0 ? {} : { codifications: told.reverse() };
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
  const [exemptions, causes, codifications, onCall, pauses] = await Promise.all([
    store.exemptions(run.stack),
    store.causes(run.stack),
    store.codifications({ stack: run.stack }),
    parts.onCall(),
    pauseViews(store, [stack]),
  ]);
  const nameOf = (person: string): PersonName => ({
    person,
    name: directory.people.find((p) => p.key === person)?.name ?? person,
  });
  const isPerson = (entry: string): boolean => directory.people.some((p) => p.key === entry);
  const open = approvable(openFindings(run, exemptions, now));
  const findings = findingViews(run, exemptions, causeViewOf(causes, directory, now), now);
  const viewOf = new Map(findings.map((item) => [item.finding, item]));
  const waiting = run.state === 'awaiting_approval' ? partsOf(run, open) : [];
  const needed = (of: readonly OpenFinding[]) =>
    neededApprovals(stack, directory, { code: run.code, findings: of.map((o) => o.finding), causes, now });
  const { need, strangers, causeUntil } = needed(open);
  const viewedParts = waiting.map((part): PartView => {
    const given = approvalsOf(part, run.approvals);
    return {
      findings: part.open.flatMap((one) => viewOf.get(one.finding) ?? []),
      fingerprint: part.fingerprint,
      // If it waits again although enough people approved, a policy wants one approval more.
      need: Math.max(needed(part.open).need, given.length + 1),
      approvedBy: given.map((a) => namedActor(a.by)),
    };
  });
  const about = { code: run.code, findings: open.map((o) => o.finding), causes, now };
  const wrote = directory.people.filter((person) => partIn(person, stack, about) !== null);
  const mayApprove = (key: string): boolean => !wrote.some((person) => person.key === key);
  const mayDecide = personsIn(stack.approvers.from, directory, onCall);
  const deciding = (part: 'wrote' | 'caused'): readonly PersonName[] =>
    wrote
      .filter((one) => mayDecide.has(one.key) && partIn(one, stack, about) === part)
      .map(({ key }) => nameOf(key));
  // An approval of what no longer waits counts for nothing.
  const counting =
    waiting.length === 0 ? run.approvals : waiting.flatMap((part) => approvalsOf(part, run.approvals));
  const asked = messages.filter((m) => m.role === 'dm' && m.person !== null);
  return {
    stack: run.stack,
    environment: run.environment,
    runId: run.id,
    state: run.state,
    parts: viewedParts,
    alert: alert?.state ?? 'open',
    outcome: alert?.outcome ?? outcomeWithoutAlert(run),
    now,
    zone: stack.timezone,
    firstSeenAt: alert?.firstSeenAt ?? run.createdAt,
    seenCount: alert?.seenCount ?? 1,
    // Cards name the commit that changed the stack, not a later one that changed something else.
    code: run.code === null ? null : { ...run.code, ...touchedCommit(run.code) },
    findings,
    unaffected: run.findings.filter((f) => !f.actionable),
    branches: run.branches ?? {},
    outputs: run.outputs,
    beside: besideLines(run.changes ?? [], run.findings),
    alongside: [
      ...new Set([...(run.alongside ?? []), ...run.applied.flatMap((part) => part.alongside ?? [])]),
    ],
    warnings: run.decision?.warnings ?? [],
    approvals: counting.map((a) => ({ by: namedActor(a.by), at: a.at })),
    approvers: {
      need: Math.max(need, ...viewedParts.map((part) => part.need)),
      strangers: strangers.map(({ name, email }) => (name === '' ? email : name)),
      ...(causeUntil === null ? {} : { causeUntil }),
      groups: stack.approvers.from.filter((entry) => !isPerson(entry)),
      people: stack.approvers.from.filter((entry) => isPerson(entry) && mayApprove(entry)).map(nameOf),
      onCall: [...personsIn(rotasOf(stack).map(onCallEntry), directory, onCall)]
        .filter(mayApprove)
        .map(nameOf),
      authors: deciding('wrote'),
      causers: deciding('caused'),
    },
    asked: asked.map((m) => ({ who: nameOf(m.person ?? ''), at: m.postedAt })),
    moved: run.moved,
    failure: run.failure,
    emptied: run.emptied ?? null,
    ...(run.stateOnlyHere ? { stateOnlyHere: true } : {}),
    ...(run.follows && run.follows.length > 0 ? { follows: run.follows } : {}),
    ...(run.ignoredRings && run.ignoredRings.length > 0 ? { ignoredRings: run.ignoredRings } : {}),
    checks: run.checks ?? [],
    ...codificationsOf(codifications, run, alert),
    ...(run.worker === undefined ? {} : { worker: run.worker }),
    ...(pauses.length === 0 ? {} : { pauses }),
    lock: run.lock ?? null,
    interrupted: run.interrupted?.run ?? null,
    rejectedBy: run.state === 'rejected' ? (run.ending?.by ?? null) : null,
    working: alert?.state === 'open' ? (parts.working?.(run.stack) ?? null) : null,
    confirm: true,
    links: linkFacts(run, stack, directory),
  };
}

function linkFacts(run: Run, stack: Stack, { forges = {} }: Directory): LinkFacts {
  return {
    code: run.code === null ? null : forgeOf(run.code.repository, forges),
    places: run.places ?? {},
    policies: Object.fromEntries(
      stack.policies.flatMap(({ name, git, path }) => {
        const forge = forgeOf(git, forges);
        return forge === null ? [] : [[name, { forge, folder: path }] as const];
      }),
    ),
  };
}

/** What the card of a failing check shows now. */
export async function failureView(parts: ViewParts, run: Run, alert: Alert): Promise<FailureView> {
  const stack = stackOrRemoved(parts.directory, run);
  const why = parts.directory.gone?.[run.stack];
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
    working: alert.state === 'open' ? (parts.working?.(run.stack) ?? null) : null,
    gone: !parts.directory.stacks.some((s) => s.name === run.stack),
    ...(why === undefined ? {} : { goneWhy: why }),
  };
}
