/** What happened to a resource: the one meaning of `+`, `-` and `~` wherever a diff is shown. */
import type { Finding } from './finding.ts';

/** `+` was added, `-` was removed, `~` was changed, `!` is none of these. */
export type HappenedMark = '+' | '-' | '~' | '!';

/**
 * The mark before a finding: what happened in the cloud or in the code, never what an apply would do. A resource that
 * was deleted by hand has `-`, though an apply would create it; one that must be replaced was changed.
 */
export function happenedMark(finding: Pick<Finding, 'action' | 'origin' | 'deletedByHand'>): HappenedMark {
  if (finding.deletedByHand === true) return '-';
  // Only a resource that is gone can be created again without a change of the code.
  const created = finding.origin === 'code' ? '+' : '-';
  return ({ create: created, delete: '-', update: '~', replace: '~', forget: '!', none: '!' } as const)[
    finding.action
  ];
}
