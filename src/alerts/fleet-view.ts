/** Collects the data of a fleet's card: the current status of each of its stacks. */
import { assertNever } from '../base/assert-never.ts';
import { shortNames } from '../drift/resource-name.ts';
import { worstFirst } from '../drift/summary.ts';
import { labelOf } from '../messages/rows.ts';
import type { CauseView } from '../messages/view-cause.ts';
import type { FleetStack, FleetStackStatus, FleetView } from '../messages/view-fleet.ts';
import type { FleetAlert, RunAlert, RunAlertKind } from '../model/alert.ts';
import { endedAsRemoved, isOfRun } from '../model/alert.ts';
import { approvable, type OpenFinding, openFindings } from '../model/open-findings.ts';
import type { Run } from '../model/run.ts';
import { clip, count } from '../text/words.ts';
import { causeViewOf } from './cause-view.ts';
import { namedActor, stackOrRemoved, type ViewParts } from './drift-view.ts';
import { type LinkParts, linkToAlert, type Reader } from './open-card.ts';
import { pauseViews } from './pause-views.ts';

/** The card shows a common change if at least this share of the stacks has it. */
const COMMON_SHARE = 0.8;
const MAX_COMMON_CHARS = 90;

interface Member {
  readonly alert: RunAlert;
  readonly run: Run;
  readonly open: readonly OpenFinding[];
  /** True if the alert is not one of the fleet's: it opened later, with a card of its own. */
  readonly newer: boolean;
  /** True if its stack is no longer in m0.yaml. */
  readonly removed: boolean;
  readonly card: string | null;
}

/** The parts of the views, and the chats, which make the links. */
export type FleetViewParts = ViewParts & LinkParts;

/** The fleet's alert of one stack, or the newer alert of the stack that is open or replaced it. */
async function newestOf(
  { store }: FleetViewParts,
  fleet: FleetAlert,
  alert: RunAlert,
): Promise<{ readonly alert: RunAlert; readonly newer: boolean }> {
  const [newest] = await store.alerts({ subject: alert.subject, kind: fleet.details.of });
  if (newest === undefined || newest.id === alert.id) return { alert, newer: false };
  if (fleet.details.members.includes(newest.id)) return { alert: newest, newer: false };
  const counts = newest.state === 'open' || alert.state === 'superseded';
  return counts ? { alert: newest, newer: newest.state === 'open' } : { alert, newer: false };
}

async function membersOf(
  parts: FleetViewParts,
  fleet: FleetAlert,
  reader: Reader,
): Promise<readonly Member[]> {
  const { store, directory, clock } = parts;
  const members = new Map<string, Member>();
  for (const id of fleet.details.members) {
    const own = await store.alert(id);
    if (own === undefined || !isOfRun(own) || members.has(own.subject)) continue;
    const { alert, newer } = await newestOf(parts, fleet, own);
    const run = await store.run(alert.runId);
    if (!run) continue;
    members.set(alert.subject, {
      ...{ alert, run, newer },
      open: openFindings(run, await store.exemptions(alert.subject), clock()),
      removed: !directory.stacks.some((s) => s.name === alert.subject),
      card: await ownCard(parts, alert, reader),
    });
  }
  return [...members.values()].sort((a, b) => (a.alert.subject < b.alert.subject ? -1 : 1));
}

/** A link to the alert's own card; null if only the fleet's message shows it. */
async function ownCard(parts: FleetViewParts, { id }: RunAlert, reader: Reader): Promise<string | null> {
  const messages = await parts.store.messages(id);
  return messages.length === 0 ? null : linkToAlert(parts, id, reader);
}

/** What the message of a fleet shows now to the reader. Rejects if the store fails. */
export async function fleetView(
  parts: FleetViewParts,
  fleet: FleetAlert,
  reader: Reader,
): Promise<FleetView> {
  const { directory, clock, store } = parts;
  const now = clock();
  const members = await membersOf(parts, fleet, reader);
  const stacks = members.map(({ run }) => stackOrRemoved(directory, run));
  const pauses = await pauseViews(store, stacks);
  const paused = new Set(pauses.flatMap((pause) => pause.stacks));
  return {
    alertKind: fleet.details.of,
    stacks: members.map((member) => toStack(member, paused)),
    ...(pauses.length === 0 ? {} : { pauses }),
    common: commonOf(fleet.details.of, members),
    ...(await sharedCause(parts, members)),
    since: fleet.firstSeenAt,
    over: fleet.state !== 'open',
    why: fleet.details.why,
    now,
    zone: directory.timezone,
  };
}

/** The cause that two stacks or more share: the same principal by the same kind of event. The most frequent one counts. */
async function sharedCause(
  { store, directory, clock }: FleetViewParts,
  members: readonly Member[],
): Promise<Pick<FleetView, 'cause'>> {
  const groups = new Map<string, { readonly cause: CauseView; readonly stacks: Set<string> }>();
  for (const { run } of members) {
    const viewOf = causeViewOf(await store.causes(run.stack), directory, clock());
    for (const finding of [...run.findings, ...run.applied.flatMap((part) => part.findings)]) {
      const { cause } = viewOf(finding);
      if (cause?.event == null) continue;
      const { who, how, name } = cause.event;
      const key = JSON.stringify([who.name, who.via, how, name, cause.grade]);
      const group = groups.get(key) ?? { cause, stacks: new Set<string>() };
      groups.set(key, { ...group, stacks: group.stacks.add(run.stack) });
    }
  }
  const [most] = [...groups.values()].sort((a, b) => b.stacks.size - a.stacks.size);
  if (most === undefined || most.stacks.size < 2) return {};
  return { cause: { cause: most.cause, stacks: most.stacks.size } };
}

function toStack(member: Member, paused: ReadonlySet<string>): FleetStack {
  const { alert, run, open } = member;
  const status = statusOf(member, paused.has(run.stack));
  const findings = open.map((each) => each.finding);
  const [worst] = worstFirst(approvable(open).map((each) => each.finding));
  const more = open.length > 1 ? `, and ${open.length - 1} more` : '';
  const waits =
    worst === undefined ? '' : `${worst.severity.words(shortNames(findings)(worst.finding))}${more}`;
  return {
    stack: run.stack,
    environment: run.environment,
    runId: run.id,
    status: status,
    open: open.length,
    what:
      status === 'waits'
        ? waits
        : status === 'approved'
          ? workWords(run)
          : alert.kind === 'failure'
            ? firstLine(run)
            : '',
    since: alert.firstSeenAt,
    approvedBy: status === 'waits' ? run.approvals.map((a) => namedActor(a.by)) : approvers(run),
    card: member.card,
  };
}

/** Who approved what is being applied; after the apply, who approved what was applied. Each person once. */
function approvers(run: Run): FleetStack['approvedBy'] {
  const by = run.approvals.length > 0 ? run.approvals.map((a) => a.by) : [];
  const names = [...by, ...run.applied.flatMap((part) => part.approvedBy)].map(namedActor);
  return [...new Map(names.map((who) => [who.person ?? who.name, who])).values()];
}

function workWords({ state }: Run): string {
  if (state === 'applying') return 'being applied';
  return state === 'verifying' ? 'applied, being verified' : 'planning again before the apply';
}

function statusOf(member: Member, paused: boolean): FleetStackStatus {
  const { kind, state } = member.alert;
  const open = state === 'open';
  if (member.removed && (open || endedAsRemoved(member.alert))) return 'removed';
  if (member.newer) return 'newer';
  switch (kind) {
    case 'drift':
      return driftStatus(member, paused);
    case 'failure':
      return open ? 'failing' : 'works';
    case 'empty-state':
      return open ? 'empty' : 'back';
    case 'conditions':
      return open ? 'unmet' : 'met';
    default:
      return assertNever(kind);
  }
}

function commonOf(kind: RunAlertKind, members: readonly Member[]): string | null {
  if (kind === 'drift') return commonDrift(members);
  return kind === 'failure' ? commonFailure(members) : null;
}

function driftStatus({ alert, run, open }: Member, paused: boolean): FleetStackStatus {
  if (alert.state !== 'open') {
    if (run.applied.some((part) => part.approvedBy.length > 0)) return 'applied';
    if (run.applied.length > 0) return 'healed';
    return open.length === 0 && run.findings.some((f) => f.actionable) ? 'kept' : 'gone';
  }
  switch (run.state) {
    case 'awaiting_approval':
      return approvable(open).length > 0 ? 'waits' : open.length > 0 ? 'denied' : 'kept';
    case 'denied':
      return 'denied';
    case 'failed':
    case 'apply_unknown':
      return 'trouble';
    case 'approved':
      if (paused) return 'held';
      return approvedByPeople(run) ? 'approved' : 'heals';
    case 'applying':
    case 'verifying':
      return approvedByPeople(run) ? 'approved' : 'heals';
    default:
      return open.length === 0 ? 'kept' : 'left';
  }
}

/** True if people approved what m0 applies now. During the proof the approvals are with what was applied. */
function approvedByPeople(run: Run): boolean {
  const [last] = run.applied.slice(-1);
  return run.approvals.length > 0 || (run.state === 'verifying' && (last?.approvedBy.length ?? 0) > 0);
}

function firstLine(run: Run): string {
  return run.failure?.message.split('\n')[0] ?? '';
}

/** The most frequent text, if enough members have it; null otherwise. */
function shared(of: readonly ReadonlySet<string>[]): string | null {
  const times = new Map<string, number>();
  for (const texts of of) for (const each of texts) times.set(each, (times.get(each) ?? 0) + 1);
  const [most] = [...times].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return most !== undefined && of.length > 1 && most[1] >= of.length * COMMON_SHARE ? most[0] : null;
}

function commonFailure(members: readonly Member[]): string | null {
  const message = shared(members.map(({ run }) => new Set([firstLine(run)])));
  return message === null || message === '' ? null : clip(message, MAX_COMMON_CHARS);
}

function commonDrift(members: readonly Member[]): string | null {
  const findingsOf = ({ run }: Member): Run['findings'] => [
    ...run.applied.flatMap((part) => part.findings),
    ...run.findings.filter((f) => f.actionable),
  ];
  const changeNamesOf = (member: Member): readonly string[] =>
    findingsOf(member).flatMap((f) => [
      ...new Set(f.attributes.map((a) => `${labelOf(a.path)} ${a.kind}`)),
      ...(f.deletedByHand === true ? ['deleted by hand'] : []),
    ]);
  const most = shared(members.map((m) => new Set(changeNamesOf(m))));
  if (most === null) return null;
  const resources = members.flatMap(changeNamesOf).filter((deed) => deed === most).length;
  return clip(`${most} on ${count(resources, 'resource')}`, MAX_COMMON_CHARS);
}
