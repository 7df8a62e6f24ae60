/** The conditions of the code (checks, preconditions, postconditions) that fail in a plan. Pure. */
import { createHash } from 'node:crypto';
import type { CheckResult } from '../drift/finding.ts';
import type { Run } from '../model/run.ts';

/** Those that failed. One that only an apply can evaluate has not failed. */
export function failingChecks(checks: readonly CheckResult[]): readonly CheckResult[] {
  return checks.filter((check) => check.status !== 'unknown');
}

/** The addresses of those that only an apply can evaluate. */
export function unknownChecks(checks: readonly CheckResult[]): readonly string[] {
  return checks.filter((check) => check.status === 'unknown').map((check) => check.address);
}

/**
 * SHA-256 (hex) of which conditions fail and how many of their assertions. The messages are left out: a message that
 * contains a number of days would make an alert of every check.
 */
export function checksFingerprint(checks: readonly CheckResult[]): string {
  const lines = checks.map((c) => JSON.stringify([c.address, c.kind, c.status, c.problems.length])).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** How many conditions of the code failed in the run's plan. */
export function failedChecks(run: Pick<Run, 'checks'>): number {
  return run.checks?.length ?? 0;
}
