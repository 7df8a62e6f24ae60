/** On-call rotas of m0.yaml and of on-call services, and who is on call in them. Pure. */

/** `rotation`: people take turns of `everyMs` milliseconds, the first one at `from` (ms since epoch). */
export type Rota =
  | {
      readonly kind: 'rotation';
      readonly people: readonly string[];
      readonly everyMs: number;
      readonly from: number;
    }
  | { readonly kind: 'slackUsergroup'; readonly id: string }
  | { readonly kind: 'pagerduty'; readonly schedule: string };

/** A person who is on call by an on-call service. `until` is in ms since epoch; null if no end is known. */
export interface OnDuty {
  /** The person's id in that service. */
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly until: number | null;
}

/** The answer of an on-call service about a schedule. */
export interface ScheduleAnswer {
  readonly onDuty: readonly OnDuty[];
  /** Why it could not be asked now, so that an earlier answer is used; null if it answered. */
  readonly trouble: string | null;
}

/**
 * Returns who is on call on a schedule. Rejects, with an Error that says what was being done, if the service can't
 * be asked and no earlier answer may be used.
 */
export type ScheduleOnCall = (schedule: string) => Promise<ScheduleAnswer>;

/** A rotation that m0.yaml defines. Only the chat knows who is in a user group. */
export type Rotation = Extract<Rota, { readonly kind: 'rotation' }>;

/** Number of the turn at `now` (ms since epoch), from 0; null before the rota begins. */
function turnAt(rota: Rotation, now: number): number | null {
  if (now < rota.from || rota.people.length === 0) return null;
  return Math.floor((now - rota.from) / rota.everyMs);
}

/** Who is on call at `now` (ms since epoch), as a key under `people`; null before the rota begins. */
export function onCallNow(rota: Rotation, now: number): string | null {
  const turn = turnAt(rota, now);
  return turn === null ? null : (rota.people[turn % rota.people.length] ?? null);
}

/**
 * When the person who is on call at `now` hands over (ms since epoch). Before the rota begins: when the first turn
 * begins. Null if the turn never ends, because the rota has one person only.
 */
export function onCallUntil(rota: Rotation, now: number): number | null {
  const turn = turnAt(rota, now);
  if (turn === null) return rota.people.length === 0 ? null : rota.from;
  const current = onCallNow(rota, now);
  for (let next = turn + 1; next <= turn + rota.people.length; next += 1) {
    if (rota.people[next % rota.people.length] !== current) return rota.from + next * rota.everyMs;
  }
  return null;
}

const ON_CALL = 'oncall:';

/** How m0.yaml names a rota beside groups and people: `oncall:primary`. */
export function onCallEntry(rota: string): string {
  return ON_CALL + rota;
}

/** Whether an entry of approvers or of an escalation names a rota, as `oncall:primary` does. */
export function isOnCall(entry: string): boolean {
  return entry.startsWith(ON_CALL);
}

/** `primary` of `oncall:primary`; null where the entry names no rota. */
export function rotationName(entry: string): string | null {
  return isOnCall(entry) ? entry.slice(ON_CALL.length) : null;
}
