/**
 * The hash chain of the audit log: each entry's hash includes the hash before it, so changes can be detected. Pure.
 */
import { createHash } from 'node:crypto';
import type { AuditEntry } from '../model/audit-entry.ts';

/** The `prevHash` of the first entry. */
export const CHAIN_START = '0'.repeat(64);

/** The object with its keys sorted: the hash must not depend on the order in which they were set. */
function sortKeys(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The hash of an entry: SHA-256 over its canonical JSON (keys sorted, no spaces) with the hash of the entry
 * before it as `prevHash`. Changing, removing or reordering an entry breaks every hash after it. `bundles`, `place`
 * and `scope` are left out if they are empty, and so is the `change` of a scope, because older entries were hashed
 * without them.
 */
export function chainHash(prevHash: string, entry: AuditEntry): string {
  const canonical = JSON.stringify({
    action: entry.action,
    actor: {
      name: entry.actor.name,
      person: entry.actor.person,
      platform: entry.actor.platform,
      userId: entry.actor.userId,
    },
    at: entry.at,
    bundles: entry.bundles ? sortKeys(entry.bundles) : undefined,
    commit: entry.commit,
    detail: entry.detail,
    fingerprint: entry.fingerprint,
    place: entry.place ? sortKeys({ ...entry.place }) : undefined,
    prevHash,
    runId: entry.runId,
    scope: entry.scope?.map(({ address, change, fingerprint }) => ({ address, change, fingerprint })),
    stack: entry.stack,
  });
  return createHash('sha256').update(canonical).digest('hex');
}

/** A stored audit entry with its hashes. */
export interface ChainedEntry {
  readonly id: number;
  /** Null if the stored row can't be read as an entry. */
  readonly entry: AuditEntry | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** The result of a verification. `entry` is the id of the first wrong entry, `problem` says what is wrong with it. */
export type ChainVerdict =
  | { readonly ok: true; readonly entries: number; readonly lastHash: string }
  | { readonly ok: false; readonly entry: number; readonly problem: string };

export interface ChainWalk {
  /** Verifies the next entry. Returns what is wrong with it, or null. */
  next(entry: ChainedEntry): string | null;
  /** The number of valid entries so far. */
  count(): number;
  /** The hash of the last valid entry. */
  lastHash(): string;
}

/**
 * Verifies an audit log entry by entry, oldest first. `part`: the log is an excerpt, which may begin anywhere and
 * leave entries out. Then only entries with consecutive ids must be linked by their hashes.
 */
export function walkChain(part: boolean): ChainWalk {
  let last: { readonly id: number; readonly hash: string } | null = null;
  let count = 0;
  return {
    next({ id, entry, prevHash, hash }) {
      if (last !== null && id <= last.id) return 'it is out of order';
      const follows = !part || last?.id === id - 1;
      if (follows && prevHash !== (last?.hash ?? CHAIN_START)) {
        return 'the entry before it was changed, removed or put in later';
      }
      if (entry === null || chainHash(prevHash, entry) !== hash) {
        return 'its text is not the one that was written';
      }
      last = { id, hash };
      count += 1;
      return null;
    },
    count: () => count,
    lastHash: () => last?.hash ?? CHAIN_START,
  };
}

/** As `verifyChain`, of entries that are still being read. */
export async function verifyChainOf(entries: AsyncIterable<ChainedEntry>): Promise<ChainVerdict> {
  const walk = walkChain(false);
  for await (const entry of entries) {
    const problem = walk.next(entry);
    if (problem !== null) return { ok: false, entry: entry.id, problem };
  }
  return { ok: true, entries: walk.count(), lastHash: walk.lastHash() };
}

/** Verifies the whole audit log, oldest entry first, up to the first wrong entry. */
export function verifyChain(entries: Iterable<ChainedEntry>): ChainVerdict {
  const walk = walkChain(false);
  for (const entry of entries) {
    const problem = walk.next(entry);
    if (problem !== null) return { ok: false, entry: entry.id, problem };
  }
  return { ok: true, entries: walk.count(), lastHash: walk.lastHash() };
}
