/** Rotas of m0.yaml and of on-call services, and whose turn it is. */

/** `rotation`: people take turns of `everyMs` from `from` on. */
export type Rota =
  | {
      readonly kind: 'rotation';
      readonly people: readonly string[];
      readonly everyMs: number;
      readonly from: number;
    }
  | { readonly kind: 'slackUsergroup'; readonly id: string }
  | { readonly kind: 'pagerduty'; readonly schedule: string };

/** Somebody whom an on-call service names; `until` in ms since epoch, null where no end is known. */
export interface OnDuty {
  /** As that service knows them. */
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly until: number | null;
}

/** What an on-call service says of a schedule. */
export interface ScheduleAnswer {
  readonly onDuty: readonly OnDuty[];
  /** Why it could not be asked just now, so that an earlier answer still counts; null where it could. */
  readonly trouble: string | null;
}

/** Rejects, with what was being done, where the service can't be asked and no earlier answer counts. */
export type ScheduleOnCall = (schedule: string) => Promise<ScheduleAnswer>;

/** Rotas of m0.yaml itself; who is in a user group is the chat's knowledge. */
export type Rotation = Extract<Rota, { readonly kind: 'rotation' }>;

/** Number of the turn that `now` (ms since epoch) falls into, from 0; null before the rota begins. */
function turnAt(rota: Rotation, now: number): number | null {
  if (now < rota.from || rota.people.length === 0) return null;
  return Math.floor((now - rota.from) / rota.everyMs);
}

/** Who is on call at `now` (ms since epoch), as a key under `people`; null before the rota's `from`. */
export function onCallNow(rota: Rotation, now: number): string | null {
  const turn = turnAt(rota, now);
  return turn === null ? null : (rota.people[turn % rota.people.length] ?? null);
}

/**
 * Until when (ms since epoch) whoever is on call at `now` stays so; where nobody is yet, when the first turn
 * begins; null where it never ends, with one person alone.
 */
export function onCallUntil(rota: Rotation, now: number): number | null {
  const turn = turnAt(rota, now);
  if (turn === null) return rota.people.length === 0 ? null : rota.from;
  const here = onCallNow(rota, now);
  for (let next = turn + 1; next <= turn + rota.people.length; next += 1) {
    if (rota.people[next % rota.people.length] !== here) return rota.from + next * rota.everyMs;
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
