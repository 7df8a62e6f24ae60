import type { Action, Counts, Finding } from './finding.ts';

/**
 * The numbers over these findings. What a rule ignores is a finding and drifted, but is nothing that is to be
 * created, updated, deleted or replaced; `ignored` is there only where it is not zero.
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
