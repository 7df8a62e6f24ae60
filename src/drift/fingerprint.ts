/** Fingerprints: digests that change exactly when a finding changes. */
import { createHash, createHmac } from 'node:crypto';
import { canonical, type Equality } from './canonical.ts';
import type { Action, Finding, Json } from './finding.ts';

/** One attribute as it enters a fingerprint, with its values before secrets are hidden. */
export interface FingerprintRow {
  readonly path: string;
  readonly recorded: Json;
  readonly actual: Json;
  readonly desired: Json;
  /** True if only the order of the elements differs. */
  readonly ordered: boolean;
}

/** Everything that a finding's fingerprint covers. */
export interface FingerprintContent {
  readonly address: string;
  readonly previousAddress: string | null;
  readonly action: Action;
  readonly deletedByHand: boolean;
  readonly rows: readonly FingerprintRow[];
  /** If no attributes are listed (creates, deletes, forgets): the whole object that is created or removed. */
  readonly whole: readonly Json[];
  /** The actions that the change invokes, each with its event. */
  readonly invokes: readonly string[];
}

/** The version of the algorithm, in front of every fingerprint. */
export const FINGERPRINT_VERSION = 'f2';

/**
 * The fingerprint of a finding: `f2:` and an HMAC-SHA256 in hex. `key` keeps people from guessing a secret by trying
 * values. The fingerprint changes when the action or any of the three values changes, and for no other reason: not with
 * the order of elements, nor with how Terraform writes an empty value, nor with what a provider's schema says.
 */
export function findingFingerprint(content: FingerprintContent, key: string): string {
  const rows = content.rows
    .map((row) => {
      const points = [row.recorded, row.actual, row.desired];
      const as = (equality: Equality): string[] => points.map((value) => canonical(value, equality));
      let values = as(row.ordered ? 'exact' : 'plan');
      // If only the order of elements differs, the order must count; if only an entry without a value does, that.
      if (new Set(values).size === 1) values = as('exact');
      if (new Set(values).size === 1) values = points.map((value) => JSON.stringify(value));
      return JSON.stringify([row.path, ...values]);
    })
    .sort();
  const whole = content.whole.map((value) => canonical(value, 'plan'));
  const { address, previousAddress, action, deletedByHand, invokes } = content;
  const text = JSON.stringify([
    ...[address, previousAddress, action, deletedByHand, rows, whole],
    ...(invokes.length === 0 ? [] : [[...invokes].sort()]),
  ]);
  return `${FINGERPRINT_VERSION}:${createHmac('sha256', key).update(text).digest('hex')}`;
}

/** Hex SHA-256 of a set of findings, independent of their order. An empty set has a digest as well. */
export function fingerprintOf(findings: readonly Finding[]): string {
  const parts = findings.map((f) => JSON.stringify([f.address, f.fingerprint])).sort();
  return sha256(JSON.stringify(['m0-findings-1', parts]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
