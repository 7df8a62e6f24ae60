/** Collects the data of a fleet's card: the current status of each of its stacks. */
import { assertNever } from '../base/assert-never.ts';
import { shortNames } from '../drift/resource-name.ts';
import { worstFirst } from '../drift/summary.ts';
import { labelOf } from '../messages/rows.ts';
import type { FleetStack, FleetStackStatus, FleetView } from '../messages/view-fleet.ts';
import type { FleetAlert, RunAlert, RunAlertKind } from '../model/alert.ts';
import { isOfRun } from '../model/alert.ts';
import { approvable, type OpenFinding, openFindings } from '../model/open-findings.ts';
import type { Run } from '../model/run.ts';
import { clip, count } from '../text/words.ts';
import type { ViewParts } from './drift-view.ts';

/** The card shows a common change if at least this share of the stacks has it. */
const COMMON_SHARE = 0.8;
const MAX_COMMON_CHARS = 90;

interface Member {
  readonly alert: RunAlert;
  readonly run: Run;
  readonly open: readonly OpenFinding[];
}

/** What the message of a fleet shows now. Rejects if the store fails. */
export async function fleetView(parts: ViewParts, fleet: FleetAlert): Promise<FleetView> {
  const { store, directory, clock } = parts;
  const now = clock();
  const newest = new Map<string, Member>();
  for (const id of fleet.details.members) {
    const alert = await store.alert(id);
    if (alert === undefined || !isOfRun(alert)) continue;
    // A newer alert replaced this one. If it belongs to this fleet, it is in the list of members too.
    if (alert.state === 'superseded') {
      newest.delete(alert.subject);
      continue;
    }
    const run = await store.run(alert.runId);
    if (!run) continue;
    newest.set(alert.subject, {
      alert,
      run,
      open: openFindings(run, await store.exemptions(alert.subject), now),
    });
  }
  const members = [...newest.values()].sort((a, b) => (a.alert.subject < b.alert.subject ? -1 : 1));
  return {
    alertKind: fleet.details.of,
    stacks: members.map(toStack),
    common: commonOf(fleet.details.of, members),
    since: fleet.firstSeenAt,
    over: fleet.state !== 'open',
    why: fleet.details.why,
    now,
    zone: directory.timezone,
  };
}

function toStack(member: Member): FleetStack {
  const { alert, run, open } = member;
  const status = statusOf(member);
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
    what: status === 'waits' ? waits : alert.kind === 'failure' ? firstLine(run) : '',
  };
}

function statusOf(member: Member): FleetStackStatus {
  const { kind, state } = member.alert;
  const open = state === 'open';
  switch (kind) {
    case 'drift':
      return driftStatus(member);
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

function driftStatus({ alert, run, open }: Member): FleetStackStatus {
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
    case 'applying':
    case 'verifying':
      return 'heals';
    default:
      return open.length === 0 ? 'kept' : 'left';
  }
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
