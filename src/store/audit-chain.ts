import { createHash } from 'node:crypto';
import type { AuditEntry } from '../model/audit-entry.ts';

/** What the first entry has as the hash before it. */
export const CHAIN_START = '0'.repeat(64);

/** Keys in the order of their code units: what is hashed must never depend on how an object was built. */
function sorted(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The hash of an entry: SHA-256 over its canonical JSON (keys sorted, no spaces) with the hash of the entry
 * before it as `prevHash`. Changing, dropping or reordering an entry breaks every hash after it. `bundles`,
 * `place` and `scope` are left out where there are none, as in every entry from before they were written.
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
    bundles: entry.bundles ? sorted(entry.bundles) : undefined,
    commit: entry.commit,
    detail: entry.detail,
    fingerprint: entry.fingerprint,
    place: entry.place ? sorted({ ...entry.place }) : undefined,
    prevHash,
    runId: entry.runId,
    scope: entry.scope?.map(({ address, fingerprint }) => ({ address, fingerprint })),
    stack: entry.stack,
  });
  return createHash('sha256').update(canonical).digest('hex');
}

export interface ChainedEntry {
  readonly id: number;
  /** Null where what is stored is no entry at all. */
  readonly entry: AuditEntry | null;
  readonly prevHash: string;
  readonly hash: string;
}

/** `entry` is the number of the first entry that does not hold, `problem` what is wrong with it. */
export type ChainVerdict =
  | { readonly ok: true; readonly entries: number; readonly lastHash: string }
  | { readonly ok: false; readonly entry: number; readonly problem: string };

export interface ChainWalk {
  /** What is wrong with the entry that comes next; null where it holds. */
  next(entry: ChainedEntry): string | null;
  /** Of the entries that held. */
  count(): number;
  lastHash(): string;
}

/**
 * Walks a record entry by entry, oldest first. `part`: one that may begin anywhere and leave entries out, so that
 * an entry must follow the one before it only where its number does.
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

/** Walks the record from its start, oldest first, and says where it stops being what was written. */
export function verifyChain(entries: Iterable<ChainedEntry>): ChainVerdict {
  const walk = walkChain(false);
  for (const entry of entries) {
    const problem = walk.next(entry);
    if (problem !== null) return { ok: false, entry: entry.id, problem };
  }
  return { ok: true, entries: walk.count(), lastHash: walk.lastHash() };
}
