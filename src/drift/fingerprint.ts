/** Fingerprints: digests that change exactly when a finding changes. */
import { createHash, createHmac } from 'node:crypto';
import { canonical } from './canonical.ts';
import type { Action, Finding, Json } from './finding.ts';

/** One attribute as it enters a fingerprint, with its values before secrets are hidden. */
export interface FingerprintRow {
  readonly path: string;
  readonly recorded: Json;
  readonly actual: Json;
  readonly desired: Json;
  /** True if any of the values is a secret or contains one. */
  readonly secret: boolean;
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
}

/**
 * Hex SHA-256 of a finding. It changes when the action or any of the three values changes, and for no other reason
 * (not with the order of elements, nor with how Terraform writes an empty value). Secrets and whole objects enter
 * it as HMAC-SHA256 under `key`, so that nobody can guess a secret from the digest.
 */
export function findingFingerprint(content: FingerprintContent, key: string): string {
  const hmac = (value: string): string => createHmac('sha256', key).update(value).digest('hex');
  const rows = content.rows
    .map((row) => {
      const points = [row.recorded, row.actual, row.desired];
      let values = points.map((value) => canonical(value, 'plan'));
      // If only the order of elements differs, the order must count.
      if (new Set(values).size === 1) values = points.map((value) => canonical(value, 'exact'));
      return [row.path, ...(row.secret ? ['hmac', ...values.map(hmac)] : ['plain', ...values])];
    })
    .map((row) => JSON.stringify(row))
    .sort();
  const whole = content.whole.map((value) => hmac(canonical(value, 'plan')));
  return sha256(
    JSON.stringify([
      'm0-finding-1',
      content.address,
      content.previousAddress,
      content.action,
      content.deletedByHand,
      rows,
      whole,
    ]),
  );
}

/** Hex SHA-256 of a set of findings, independent of their order. An empty set has a digest as well. */
export function fingerprintOf(findings: readonly Finding[]): string {
  const parts = findings.map((f) => JSON.stringify([f.address, f.fingerprint])).sort();
  return sha256(JSON.stringify(['m0-findings-1', parts]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
