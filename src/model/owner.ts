/** The one process that may work on a memory, and when another one may take its place. */

/** How long an owner stays the owner after its last heartbeat, in ms. */
export const LEASE_MS = 30_000;
/** How many heartbeats an owner sends while a lease lasts: several of them may be lost before it ends. */
export const HEARTBEATS_A_LEASE = 10;

/** Who holds the memory. Times in ms since epoch. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Tells the process from others that had its number; see base/process-identity.ts. */
  readonly process: string;
  readonly since: number;
  readonly heartbeatAt: number;
  readonly expiresAt: number;
  /** Grows by one with each owner. Who holds a smaller one has been replaced. */
  readonly fence: number;
}

/** What a candidate knows of the present owner. */
export interface OwnerEvidence {
  /** Whether its process runs, as far as can be told from here. */
  readonly state: 'running' | 'ended' | 'elsewhere';
  readonly now: number;
  /** How long the candidate has watched without seeing a heartbeat, in ms, by a clock that nobody sets. */
  readonly silentMs: number;
  /** How long a lease lasts, in ms. */
  readonly leaseMs: number;
}

/**
 * True where the owner's place is free: its process has ended, its lease is over, or no heartbeat came for as long
 * as a lease lasts (which also holds where one of two clocks was set).
 */
export function mayTakeOver(owner: Owner, { state, now, silentMs, leaseMs }: OwnerEvidence): boolean {
  if (state === 'ended' || silentMs >= leaseMs) return true;
  return owner.expiresAt <= now;
}
