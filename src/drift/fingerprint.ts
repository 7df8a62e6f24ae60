import { createHash, createHmac } from 'node:crypto';
import { canonical } from './canonical.ts';
import type { Action, Finding, Json } from './finding.ts';

/** One attribute as it enters a fingerprint: its values as they are, before anything was hidden. */
export interface FingerprintRow {
  readonly path: string;
  readonly recorded: Json;
  readonly actual: Json;
  readonly desired: Json;
  /** True where any of the values is a secret or holds one. */
  readonly secret: boolean;
}

export interface FingerprintContent {
  readonly address: string;
  readonly previousAddress: string | null;
  readonly action: Action;
  readonly deletedByHand: boolean;
  readonly rows: readonly FingerprintRow[];
  /** Where no attributes are listed (creates, deletes, forgets): the whole object that comes or goes. */
  readonly whole: readonly Json[];
}

/**
 * Hex SHA-256 over what makes this finding this finding: moves when its action or any of its three values
 * moves, and with nothing else (not with order, nor with how Terraform spells an empty value). Secrets and
 * whole objects enter as HMAC-SHA256 under `key`, so that no secret can be guessed from the digest.
 */
export function findingFingerprint(content: FingerprintContent, key: string): string {
  const hmac = (value: string): string => createHmac('sha256', key).update(value).digest('hex');
  const rows = content.rows
    .map((row) => {
      const points = [row.recorded, row.actual, row.desired];
      let values = points.map((value) => canonical(value, 'plan'));
      // Only the order of elements differs: then the order is what counts.
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

/** Hex SHA-256 over a set of findings, independent of their order. Of no findings it is a digest as well. */
export function fingerprintOf(findings: readonly Finding[]): string {
  const parts = findings.map((f) => JSON.stringify([f.address, f.fingerprint])).sort();
  return sha256(JSON.stringify(['m0-findings-1', parts]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
