/** The numbers of an analysis. */
import type { Action, Counts, Finding } from './finding.ts';

/**
 * Counts the findings. An ignored finding counts as a finding, but not under any action. `ignored` is left out if
 * it is zero.
 */
export function countsOf(findings: readonly Finding[], noise: readonly Finding[]): Counts {
  const count = (test: (finding: Finding) => boolean): number => findings.filter(test).length;
  const due = (action: Action): number => count((f) => f.action === action && f.ignored === undefined);
  const ignored = count((f) => f.ignored !== undefined);
  return {
    findings: findings.length,
    cloud: count((f) => f.origin === 'cloud'),
    code: count((f) => f.origin === 'code'),
    both: count((f) => f.origin === 'both'),
    create: due('create'),
    update: due('update'),
    delete: due('delete'),
    replace: due('replace'),
    noise: noise.length,
    ...(ignored === 0 ? {} : { ignored }),
  };
}
