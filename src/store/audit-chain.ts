import { createHash } from 'node:crypto';
import type { AuditEntry } from '../runs/ports.ts';

/** What the first entry has as the hash before it. */
export const CHAIN_START = '0'.repeat(64);

/**
 * The hash of an entry: SHA-256 over its canonical JSON (keys sorted, no spaces) with the hash of the entry
 * before it as `prevHash`. Changing, dropping or reordering an entry breaks every hash after it.
 */
export function chainHash(prevHash: string, entry: AuditEntry): string {
  // Spelled out in sorted order rather than sorted: what is hashed must never depend on how an object was built.
  const canonical = JSON.stringify({
    action: entry.action,
    actor: {
      name: entry.actor.name,
      person: entry.actor.person,
      platform: entry.actor.platform,
      userId: entry.actor.userId,
    },
    at: entry.at,
    commit: entry.commit,
    detail: entry.detail,
    fingerprint: entry.fingerprint,
    prevHash,
    runId: entry.runId,
    stack: entry.stack,
  });
  return createHash('sha256').update(canonical).digest('hex');
}

export interface ChainedEntry {
  readonly id: number;
  readonly entry: AuditEntry;
  readonly prevHash: string;
  readonly hash: string;
}

/** `entry` is the number of the first entry that does not hold, `problem` what is wrong with it. */
export type ChainVerdict =
  | { readonly ok: true; readonly entries: number; readonly lastHash: string }
  | { readonly ok: false; readonly entry: number; readonly problem: string };

/** Walks the record from its start, oldest first, and says where it stops being what was written. */
export function verifyChain(entries: Iterable<ChainedEntry>): ChainVerdict {
  let lastHash = CHAIN_START;
  let count = 0;
  for (const { id, entry, prevHash, hash } of entries) {
    if (prevHash !== lastHash) {
      return { ok: false, entry: id, problem: 'the entry before it was changed, removed or put in later' };
    }
    if (chainHash(prevHash, entry) !== hash) {
      return { ok: false, entry: id, problem: 'its text is not the one that was written' };
    }
    lastHash = hash;
    count += 1;
  }
  return { ok: true, entries: count, lastHash };
}
