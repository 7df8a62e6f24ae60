/** Why an apply replaces or deletes a resource, in words. */
import type { Finding } from './finding.ts';

/**
 * Terraform's `action_reason` in words that follow "would be deleted" or "must be replaced". Source: the values in
 * Terraform's `internal/command/jsonplan/plan.go`. `replace_because_cannot_update` is left out, because the
 * attributes that force the replace say it better. The reasons of data sources (`read_because_…`) are no drift.
 */
const WORDS: Readonly<Record<string, string>> = {
  replace_because_tainted: 'because it is tainted',
  replace_by_request: 'because somebody asked for it (-replace)',
  replace_by_triggers: 'because its trigger changed',
  delete_because_no_resource_config: 'because it is no longer in the code',
  delete_because_no_module: 'because its module is no longer in the code',
  delete_because_count_index: 'because its count is lower',
  delete_because_each_key: 'because its key is no longer in for_each',
  delete_because_wrong_repetition: 'because its count or for_each was added or removed',
  delete_because_no_move_target: 'because the code has nothing at the address that it moved to',
};

/** The reason in words, for example `because it is tainted`; null if the plan gives none that people need. */
export function actionReasonWords({ actionReason }: Finding): string | null {
  return actionReason === undefined || !Object.hasOwn(WORDS, actionReason)
    ? null
    : (WORDS[actionReason] ?? null);
}

const NOT_FROM_CODE = new Set(['replace_because_tainted', 'replace_by_request', 'replace_by_triggers']);

/**
 * True if the code changed. The code did not change if a taint, a request or a trigger alone replaces the resource: its
 * origin is `code`, because the cloud did not change either, but no attribute differs.
 */
export function isCodeChange(finding: Finding): boolean {
  if (finding.origin === 'cloud') return false;
  return finding.attributes.length > 0 || !NOT_FROM_CODE.has(finding.actionReason ?? '');
}

/** True if an apply only writes the state: it imports the resource, or moves it to another address. */
export function isStateOnly(finding: Finding): boolean {
  return (
    finding.action === 'none' &&
    finding.attributes.length === 0 &&
    finding.deletedByHand !== true &&
    (finding.importing === true || finding.previousAddress !== undefined)
  );
}

/** What an apply writes to the state: `an apply imports it into the state`; null if it does more, or nothing. */
export function stateOnlyWords(finding: Finding): string | null {
  if (!isStateOnly(finding)) return null;
  if (finding.importing === true) return 'an apply imports it into the state';
  return `moved from ${finding.previousAddress}: an apply only writes the state`;
}
