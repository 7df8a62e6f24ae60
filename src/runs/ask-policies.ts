/** What the policies decide about a plan of a run. */

import { type Decision, decide, type PolicyAnswer } from '../decisions/decision.ts';
import type { Stack } from '../model/directory.ts';
import type { Actor, Run } from '../model/run.ts';
import type { PlanResult } from '../ports/runner.ts';
import { knownCauses } from './causes.ts';
import { acceptSeenProblems } from './seen-problems.ts';
import { whyNotByItself, whyNotFirst } from './why-not.ts';
import type { WorkerParts } from './worker-parts.ts';

type AskParts = Pick<WorkerParts, 'store' | 'policies' | 'directory' | 'asksCauses' | 'clock'>;

/**
 * Asks the stack's policies about the plan, and decides by their answers. `forceHuman`: why a person must decide,
 * whatever they answer. `approvers`: whose approvals they may count. Rejects if the store fails.
 */
export async function askPolicies(
  { store, policies, directory, asksCauses, clock }: AskParts,
  run: Run,
  stack: Stack,
  result: PlanResult,
  {
    forceHuman = null,
    approvers = [],
  }: { readonly forceHuman?: string | null; readonly approvers?: readonly Actor[] } = {},
): Promise<{ readonly decision: Decision; readonly answers: readonly PolicyAnswer[] }> {
  const { findings } = result.analysis;
  const causes = knownCauses(findings, {
    ...{ causes: await store.causes(stack.name), asks: asksCauses?.(stack) === true },
    ...{ code: result.code, directory, now: clock(), zone: stack.timezone },
  });
  const asked = await policies.ask({
    causes: causes.facts,
    run: run.id,
    stack,
    trigger: run.trigger,
    code: result.code,
    analysis: result.analysis,
    document: result.document,
    requestedBy: run.requestedBy,
    approvers,
    now: clock(),
  });
  const answers = await acceptSeenProblems(store, asked);
  const whyNot = [
    forceHuman,
    whyNotByItself(result.analysis, result.plan.targets === null),
    whyNotFirst(result),
  ];
  const reasons = whyNot.filter((reason) => reason !== null);
  const decision = decide(
    findings,
    answers,
    stack.realign,
    reasons.length === 0 ? undefined : reasons.join('; '),
    result.plan.tellOnly ?? undefined,
    causes.waiting,
  );
  return { decision, answers };
}
