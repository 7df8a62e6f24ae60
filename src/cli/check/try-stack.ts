/** Walks one check from its plan to what m0 would post, and no step further. Nothing is stored or applied. */
import { driftView, failureView } from '../../alerts/drift-view.ts';
import { conditionsView, emptyStateView } from '../../alerts/plan-alert-views.ts';
import type { Logger } from '../../base/log.ts';
import type { Card } from '../../messages/card.ts';
import { conditionsCard } from '../../messages/conditions-card.ts';
import { driftCard } from '../../messages/drift-card.ts';
import { emptyStateCard } from '../../messages/empty-state-card.ts';
import { failureCard } from '../../messages/failure-card.ts';
import type { DriftView } from '../../messages/view.ts';
import type { RunAlert, RunAlertKind } from '../../model/alert.ts';
import type { CodeVersion, CommitInfo } from '../../model/code-version.ts';
import type { Clock, Directory, Stack } from '../../model/directory.ts';
import { M0, type Run } from '../../model/run.ts';
import { createOnCall, type UsergroupMembers } from '../../people/on-call.ts';
import type { PolicyPort } from '../../ports/policy.ts';
import type { CodePort, PlanResult, Runner } from '../../ports/runner.ts';
import type { Store } from '../../ports/store.ts';
import { newRun } from '../../runs/effects.ts';
import { transition } from '../../runs/machine.ts';
import { createWorkingOrder } from '../../runs/stack-order.ts';
import { createSteps } from '../../runs/steps.ts';
import type { StepResult } from '../../runs/worker-parts.ts';

/** Code as people know it, where m0 planned a copy. */
export type KnownCode = Pick<CodeVersion, 'repository' | 'ref'> & Partial<CommitInfo>;

export interface TryParts {
  /** What m0 knows of the stack. It is read, and what is written to it is thrown away. */
  readonly memory: Store;
  readonly runner: Runner & CodePort;
  readonly policies: PolicyPort;
  readonly directory: Directory;
  /** What the code is called on the card; null: as it was fetched. */
  readonly code: KnownCode | null;
  readonly usergroup: UsergroupMembers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Tried {
  /** Where the run stands after the policies were asked. */
  readonly run: Run;
  /** What would be posted: the drift or what is wrong, and failing conditions of the code; empty: nothing. */
  readonly cards: readonly Card[];
  /** Null: the plan failed. */
  readonly plan: PlanResult | null;
}

/** The number of the run on the cards: none of the runs that m0 has stored. */
const RUN = 1;

/** Plans the stack and asks its policies. Rejects where m0 itself breaks; a plan that fails is a result. */
export async function tryStack(stack: Stack, parts: TryParts): Promise<Tried> {
  const { directory, clock, log, signal, policies } = parts;
  // Each try is judged by itself: an open message about the same drift would hide it.
  const store: Store = { ...parts.memory, alerts: async () => [], runs: async () => [] };
  const onCall = createOnCall(directory, parts.usergroup, clock, () => {});
  let plan: PlanResult | null = null;
  const runner: typeof parts.runner = {
    ...parts.runner,
    async plan(of, options) {
      const made = await parts.runner.plan(of, options);
      plan = parts.code === null ? made : { ...made, code: renamed(made.code, parts.code) };
      return plan;
    },
    apply: async () => {
      throw new Error('applying: a try never applies anything');
    },
  };
  let current: Run = { ...newRun(stack, 'command', M0, null, clock()), id: RUN };
  const discard = async (_: Run, { artifact }: { readonly artifact: string }): Promise<void> => {
    if (plan?.plan.artifact === artifact) await parts.runner.discard(plan.plan);
  };
  const steps = createSteps({
    ...{ store, runner, policies, directory, onCall, clock, log, signal, discard },
    ...{ concurrency: 1, onChange: () => {}, peopleToAsk: async () => [] },
    order: createWorkingOrder({ store, directory, log }),
    async step(run, make): Promise<StepResult> {
      const result = transition(run, typeof make === 'function' ? await make() : make, clock());
      if (result.ok) current = result.run;
      return result.ok ? { ok: true, run: result.run } : { ok: false, refusal: result.refusal };
    },
    beginPlan: () => ({ signal, ended: () => {} }),
    askedAt: () => undefined,
  });
  try {
    // One step leads from the queue to the decision. The next one would apply what policies allow.
    await steps.advance(current, stack);
  } finally {
    const made: PlanResult | null = plan;
    if (made !== null) await parts.runner.discard((made as PlanResult).plan);
  }
  signal.throwIfAborted();
  return { run: current, cards: await cardsOf(current, { ...parts, memory: store }), plan };
}

/** The code as people know it, with the inputs that were read. */
function renamed({ inputs, ...code }: CodeVersion, known: KnownCode): CodeVersion {
  if (inputs === undefined) return { ...code, ...known };
  const { commits: _, ...rest } = inputs;
  return { ...code, ...known, inputs: { ...rest, touched: null } };
}

function alertOf(kind: RunAlertKind, run: Run, now: number): RunAlert {
  return {
    ...{ id: 0, version: 1, kind, subject: run.stack, fingerprint: run.fingerprint ?? kind, runId: run.id },
    ...{ state: 'open', firstSeenAt: now, lastSeenAt: now, seenCount: 1, outcome: null, details: null },
  };
}

/** The view, where the code is a person's working copy: nobody has merged it. Code that is not committed has no name. */
function ownCode(view: DriftView, code: KnownCode | null): DriftView {
  if (code === null) return view;
  return code.commit === undefined
    ? { ...view, code: null, workingCopy: 'changed' }
    : { ...view, workingCopy: 'committed' };
}

async function cardsOf(run: Run, { memory, directory, usergroup, clock, code }: TryParts): Promise<Card[]> {
  const onCall = createOnCall(directory, usergroup, clock, () => {});
  const parts = { store: memory, directory, onCall, clock };
  const alert = (kind: RunAlertKind): RunAlert => alertOf(kind, run, clock());
  const failing = (run.checks ?? []).length > 0;
  const conditions = failing ? [conditionsCard(conditionsView(parts, run, alert('conditions')))] : [];
  switch (run.state) {
    case 'failed':
      return [failureCard(await failureView(parts, run, alert('failure')))];
    case 'state_empty':
      return [emptyStateCard(emptyStateView(parts, run, alert('empty-state'))), ...conditions];
    case 'awaiting_approval':
    case 'approved':
    case 'denied':
      return [driftCard(ownCode(await driftView(parts, run, alert('drift'), []), code)), ...conditions];
    default:
      return conditions;
  }
}
