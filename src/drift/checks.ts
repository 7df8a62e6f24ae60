/** The conditions (checks, preconditions) that failed in a plan, and the data sources that only an apply reads. */
import { compareTexts } from '../text/words.ts';
import type { CheckResult, Json, LateRead } from './finding.ts';
import { field, isArray, isObject } from './json-value.ts';
import type { PlanDocument } from './plan-document.ts';

/** The conditions that did not pass, sorted by address. Older versions of Terraform list none. */
export function checksOf(document: PlanDocument, scrub: (text: string) => string): CheckResult[] {
  const checks = document.checks;
  const results = (isArray(checks) ? checks : []).flatMap((check) => {
    const instances = field(check, 'instances');
    // Without instances, the block itself has the status.
    const conditions = isArray(instances) && instances.length > 0 ? instances : [check];
    return conditions.flatMap((instance): CheckResult[] => {
      const status = field(instance, 'status');
      if (status !== 'fail' && status !== 'error' && status !== 'unknown') return [];
      const block = field(check, 'address');
      const address = field(field(instance, 'address'), 'to_display') ?? field(block, 'to_display');
      const problems = field(instance, 'problems');
      return [
        {
          address: scrub(textOf(address)),
          kind: textOf(field(block, 'kind')),
          status,
          problems: (isArray(problems) ? problems : []).map((p) => scrub(textOf(field(p, 'message')))),
        },
      ];
    });
  });
  return results.sort((a, b) => compareTexts(a.address, b.address));
}

/**
 * The data sources that an apply would read, sorted by address. They are not findings, because Terraform does not
 * manage them.
 */
export function lateReadsOf(document: PlanDocument): LateRead[] {
  const changes = document.resource_changes;
  return (isArray(changes) ? changes : [])
    .filter((entry) => {
      const actions = field(field(entry, 'change'), 'actions');
      return isObject(entry) && isArray(actions) && actions.includes('read');
    })
    .map((entry) => {
      const reason = field(entry, 'action_reason');
      return {
        address: textOf(field(entry, 'address')),
        reason: typeof reason === 'string' ? reason : null,
      };
    })
    .sort((a, b) => compareTexts(a.address, b.address));
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
