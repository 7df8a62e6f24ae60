/** Keeps each stack's last whole plan in memory, so that an edit of the code can be made from it. */
import { createHmac } from 'node:crypto';
import { readPlan } from '../drift/read-plan.ts';
import type { Stack } from '../model/directory.ts';
import type { PlanResult } from '../ports/runner.ts';
import { createShownPlans, type ShownPlans } from './shown-plans.ts';

export interface LastPlans {
  readonly shown: Pick<ShownPlans<never>, 'of'>;
  /** `shownAs`: the name of the plan's content, as `shown` has told it. */
  remember(stack: Stack, shownAs: string | null, plan: PlanResult): void;
  /** See `Runner.lastPlan`. */
  last(stack: Stack): Promise<PlanResult | null>;
}

interface Remembered {
  readonly plan: Omit<PlanResult, 'document'>;
  /** The stack as m0.yaml defined it then. */
  readonly of: string;
}

/** `key`: of the hashes of what m0.yaml says. */
export function createLastPlans(key: string): LastPlans {
  const shown = createShownPlans<Remembered>();

  /** Equal while m0.yaml says the same of the stack. A hash, because its environment may hold secrets. */
  function identityOf(stack: Stack): string {
    return createHmac('sha256', key).update(JSON.stringify(stack)).digest('hex');
  }

  return {
    shown,
    remember(stack, shownAs, { document: _, ...plan }) {
      shown.remember(stack.name, shownAs, { plan, of: identityOf(stack) });
    },
    async last(stack) {
      const found = await shown.recall(stack.name);
      if (found === null || found.about.of !== identityOf(stack)) return null;
      return { ...found.about.plan, document: readPlan(found.json, `the last plan of ${stack.name}`) };
    },
  };
}
