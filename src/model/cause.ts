/** The cause of a finding: who changed the cloud, as a log of the cloud tells it. Graded, never guessed. Pure. */
import type { Finding } from '../drift/finding.ts';
import type { Run } from './run.ts';

/** How sure it is that an event made the drift. */
export type Grade = 'event names the attribute' | 'event touched the resource' | 'nothing found';

/** Who did it, as the log names it. Nobody proves that a session's name is that of the person. */
export interface Principal {
  /** `role`: a session of a role that names nobody. `service`: the cloud itself. */
  readonly kind: 'person' | 'role' | 'service';
  /** What people call it: a user's name, an e-mail, a role's name. */
  readonly name: string;
  /** How it is known to the cloud, in a word or two: `SSO`, `IAM user`, `role m0-admin`. */
  readonly via: string;
  /** The name of the role; null without one. */
  readonly role: string | null;
  /** The name of its session; null without one. */
  readonly session: string | null;
  /** Texts that may be the e-mail or an id of somebody in m0.yaml. */
  readonly ids: readonly string[];
}

/** What the request was sent with. */
export type How = 'console' | 'cli' | 'sdk' | 'terraform' | 'cloudformation' | 'service' | 'other';

/** One event of a cloud's log that touched a resource. It holds nothing of the request's own values. */
export interface CauseEvent {
  readonly id: string;
  /** As the log names it: `AuthorizeSecurityGroupIngress`. */
  readonly name: string;
  /** ms since epoch. */
  readonly at: number;
  readonly grade: Exclude<Grade, 'nothing found'>;
  readonly who: Principal;
  readonly how: How;
  /** Its page in the cloud's console; null if there is none. */
  readonly link: string | null;
}

/** What is known about the cause of one finding of a stack. Times in ms since epoch. */
export interface Cause {
  readonly stack: string;
  readonly fingerprint: string;
  readonly address: string;
  /** The run that found it first. */
  readonly run: number;
  /** `pending`: the log may not have it yet. */
  readonly status: 'pending' | 'found' | 'none';
  /** The events of the best grade so far, at most three, the newest first. */
  readonly events: readonly CauseEvent[];
  /** Why the log could not be asked; null: it could. */
  readonly problem: string | null;
  /** When the finding was found. */
  readonly since: number;
  /** How often the log was asked. Also the version of the row: an update must name the number that it read. */
  readonly looks: number;
  /** When the log is asked next; null: never again. */
  readonly nextLookAt: number | null;
  /** When a later plan no longer found the finding; null: it is still there, as far as m0 knows. */
  readonly goneAt: number | null;
}

/** CloudTrail's events come about five minutes late. The log is asked this long after the finding. */
const LOOKS_MS = [0, 5 * 60_000, 15 * 60_000] as const;
/** After this time a cause that is not found is not waited for any more. */
export const CAUSE_PATIENCE_MS = 20 * 60_000;
/** The pause before the next try if the log could not be asked. */
const RETRY_MS = 60_000;
const MOST_EVENTS = 3;

/** When the cause is no longer waited for, in ms since epoch. */
export function pendingUntil({ since }: Pick<Cause, 'since'>): number {
  return since + CAUSE_PATIENCE_MS;
}

/** The cause of a finding that was just found, before anybody asked. */
export function newCause(
  about: Pick<Cause, 'stack' | 'fingerprint' | 'address' | 'run'>,
  since: number,
): Cause {
  return {
    ...about,
    ...{ status: 'pending', events: [], problem: null, since, looks: 0, nextLookAt: since, goneAt: null },
  };
}

/** The best grade of the events. */
export function gradeOf({ events }: Pick<Cause, 'events'>): Grade {
  if (events.some((event) => event.grade === 'event names the attribute')) return 'event names the attribute';
  return events.length > 0 ? 'event touched the resource' : 'nothing found';
}

/**
 * The cause after the log was asked. An event that names the attribute ends it, and so does the end of the patience:
 * until then a later event may be the better one.
 */
export function afterLook(
  cause: Cause,
  answer: { readonly events: readonly CauseEvent[] } | { readonly problem: string },
  now: number,
): Cause {
  const looks = cause.looks + 1;
  const problem = 'problem' in answer ? answer.problem : null;
  const found = 'events' in answer ? answer.events : [];
  const each = new Map([...cause.events, ...found].map((event) => [event.id, event]));
  const grade = gradeOf({ events: [...each.values()] });
  // A less certain event is no cause beside a certain one.
  const sure = [...each.values()].filter((event) => event.grade === grade);
  const events = sure.sort((a, b) => b.at - a.at).slice(0, MOST_EVENTS);
  const asked = { ...cause, looks, events, problem };
  if (grade === 'event names the attribute') return { ...asked, status: 'found', nextLookAt: null };
  if (now >= pendingUntil(cause) && (problem === null || now >= pendingUntil(cause) + RETRY_MS)) {
    return { ...asked, status: events.length > 0 ? 'found' : 'none', nextLookAt: null };
  }
  if (problem !== null) return { ...asked, nextLookAt: now + RETRY_MS };
  const next = LOOKS_MS.map((ms) => cause.since + ms).find((at) => at > now) ?? pendingUntil(cause);
  return { ...asked, nextLookAt: next };
}

/** The end of a cause that nobody can ask about: its finding or its stack is gone. */
export function abandoned(cause: Cause): Cause {
  const status = cause.events.length > 0 ? 'found' : 'none';
  return { ...cause, status, looks: cause.looks + 1, nextLookAt: null };
}

/** True for a finding whose cause a log of the cloud may tell. */
export function isMadeInCloud({ actionable, origin }: Pick<Finding, 'actionable' | 'origin'>): boolean {
  return actionable && origin !== 'code';
}

/** The cause of the finding as it stands now; undefined if nobody was asked. */
export function causeOf(
  { fingerprint }: Pick<Finding, 'fingerprint'>,
  causes: readonly Cause[],
): Cause | undefined {
  return causes.find((cause) => cause.fingerprint === fingerprint && cause.goneAt === null);
}

/**
 * Until when the cause of the finding is waited for, in ms since epoch; null: it is not, because it is known, or nobody
 * can be asked. `now`: when a finding that is new was found.
 */
export function waitsForCause(
  finding: Pick<Finding, 'fingerprint' | 'actionable' | 'origin'>,
  causes: readonly Cause[],
  asks: boolean,
  now: number,
): number | null {
  if (!isMadeInCloud(finding)) return null;
  const cause = causeOf(finding, causes);
  if (cause === undefined) return asks ? now + CAUSE_PATIENCE_MS : null;
  const until = pendingUntil(cause);
  return cause.status === 'pending' && now < until ? until : null;
}

/** True if the run looked at the whole stack, and the values in the cloud that make the finding were not there. */
export function wasStillRight(run: Pick<Run, 'counts' | 'findings'>, finding: Finding): boolean {
  if (run.counts === null) return false;
  const valuesOf = (one: Finding): readonly string[] =>
    one.attributes
      .filter((attribute) => attribute.origin !== 'code')
      .map(({ path, actual, recorded }) => JSON.stringify([path, actual, recorded]))
      .sort();
  const wanted = JSON.stringify([finding.deletedByHand ?? false, valuesOf(finding)]);
  return !run.findings.some(
    (one) =>
      one.address === finding.address &&
      JSON.stringify([one.deletedByHand ?? false, valuesOf(one)]) === wanted,
  );
}
