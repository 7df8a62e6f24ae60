/** How many resources the state recorded when a plan was made. */
import type { Json } from './finding.ts';
import { field, isArray } from './json-value.ts';
import type { PlanParts } from './plan-parts.ts';

/**
 * The number of managed objects that the state recorded before the plan; 0 if it was empty. `prior_state` is the
 * state after the refresh, so two kinds of objects are counted apart: those deleted by hand are recorded and missing
 * there, and those that the code imports are there and not recorded.
 */
export function resourcesInState(plan: PlanParts): number {
  const deletedByHand = plan.drift.filter(
    (entry) => entry.mode === 'managed' && entry.before !== null && entry.after === null,
  );
  const imported = plan.changes.filter((entry) => entry.mode === 'managed' && entry.importing);
  const refreshed = managedIn(field(field(plan.priorState, 'values'), 'root_module'));
  return Math.max(0, refreshed - imported.length) + deletedByHand.length;
}

/** The number of managed objects in a module of a state and in the modules in it. */
export function managedIn(module: Json | undefined): number {
  const resources = field(module, 'resources');
  const children = field(module, 'child_modules');
  let found = 0;
  for (const resource of isArray(resources) ? resources : []) {
    if (field(resource, 'mode') !== 'data') found += 1;
  }
  for (const child of isArray(children) ? children : []) found += managedIn(child);
  return found;
}
