/**
 * What workers tell the owner while they work: steps and answers for its metrics, what their tools are doing, and which
 * jobs they can't do.
 */
import type { Clock } from '../model/directory.ts';
import type { Working, WorkingNow } from '../model/working.ts';
import type { MetricsPort, StepFacts } from '../ports/meter.ts';
import type { SharedWork } from '../ports/shared-work.ts';

function factsOf({ state, trigger, createdAt, updatedAt }: StepFacts): StepFacts {
  return { state, trigger, createdAt, updatedAt };
}

/** A worker's metrics port: the owner counts what it reports. */
export function reportingMeter(shared: Pick<SharedWork, 'report'>): MetricsPort {
  return {
    runStepped: (before, after) =>
      shared.report({ type: 'step', before: factsOf(before), after: factsOf(after) }),
    policiesAnswered(answers, ms) {
      const facts = answers.map(({ policy, outcome }) => ({ policy, outcome: { ok: outcome.ok } }));
      shared.report({ type: 'policies', answers: facts, ms });
    },
    // A worker delivers nothing.
    deliveryAttempted() {},
  };
}

/** Counts what workers report. Returns how to stop that. */
export function countReports(shared: Pick<SharedWork, 'onReport'>, meter: MetricsPort): () => void {
  return shared.onReport((report) => {
    if (report.type === 'step') meter.runStepped(report.before, report.after);
    else if (report.type === 'policies') meter.policiesAnswered(report.answers, report.ms);
  });
}

/** What the tools of this process and of workers are doing now. */
export function workingEverywhere(
  here: WorkingNow,
  shared: Pick<SharedWork, 'onReport'> | null,
  clock: Clock,
): WorkingNow {
  if (shared === null) return here;
  const elsewhere = new Map<string, Working>();
  shared.onReport((report) => {
    if (report.type !== 'working') return;
    if (report.working === null) elsewhere.delete(report.stack);
    else elsewhere.set(report.stack, report.working);
  });
  return (stack) => {
    const told = elsewhere.get(stack);
    // A worker that died tells no end: its tool had ended by then.
    if (told !== undefined && clock() > told.since + told.limitMs) elsewhere.delete(stack);
    return here(stack) ?? elsewhere.get(stack) ?? null;
  };
}

/** Jobs that workers of a label gave back for the same reason. */
export interface RefusedWork {
  readonly label: string;
  readonly problem: string;
  /** By name. */
  readonly stacks: readonly string[];
}

/** How long a refusal counts, in ms: the owner gives the job again every few seconds, and hears of it again. */
const REFUSED_MS = 60_000;

/** The jobs that workers have refused lately. */
export function refusedWork(
  shared: Pick<SharedWork, 'onReport'> | null,
  clock: Clock,
): () => readonly RefusedWork[] {
  const refused = new Map<
    string,
    { readonly label: string; readonly problem: string; readonly at: number }
  >();
  shared?.onReport((report) => {
    if (report.type === 'refused') {
      const { stack, label, problem } = report;
      refused.set(stack, { label, problem, at: clock() });
    } else if (report.type === 'working') refused.delete(report.stack);
  });
  return () => {
    for (const [stack, { at }] of refused) if (clock() - at > REFUSED_MS) refused.delete(stack);
    const alike = Map.groupBy([...refused], ([, { label, problem }]) => JSON.stringify([label, problem]));
    return [...alike.values()].flatMap((entries) => {
      const [first] = entries;
      if (first === undefined) return [];
      const { label, problem } = first[1];
      return [{ label, problem, stacks: entries.map(([stack]) => stack).sort() }];
    });
  };
}
