/** Reads what an evaluation of a policy says of the findings of a run. */
import type { PolicyMode } from '../decisions/decision.ts';
import type { Analysis } from '../drift/finding.ts';
import { type AnswerMessage, readValues, resolveAddresses } from './answer.ts';
import type { Evaluation } from './ask.ts';
import type { RuleDefinition } from './bundle.ts';
import { knownAddresses } from './document.ts';

/** The messages of a policy, or why it gives no answer, with what it objected to all the same. */
export type Outcome =
  | { readonly ok: true; readonly messages: readonly AnswerMessage[] }
  | { readonly ok: false; readonly error: string; readonly objections: readonly AnswerMessage[] };

/** The plan that the policy was asked about. */
interface AskedPlan {
  readonly document: unknown;
  readonly analysis: Pick<Analysis, 'findings' | 'changes'>;
}

/** `rules` are the policy's. An evaluation in which a builtin failed is an error: its rules may say too little. */
export function outcomeOf(
  evaluation: Evaluation,
  rules: readonly RuleDefinition[],
  mode: PolicyMode,
  { document, analysis: { findings, changes } }: AskedPlan,
): Outcome {
  if (!evaluation.ok) return { ok: false, error: evaluation.error, objections: [] };
  const { values, copies, failures } = evaluation;
  const reading = readValues(values, rules, mode, copies);
  if (!reading.ok) return { ok: false, error: reading.error, objections: [] };
  const moved = new Map(
    findings.flatMap((f) => (f.previousAddress ? [[f.previousAddress, f.address] as const] : [])),
  );
  const messages = resolveAddresses(reading.messages, knownAddresses(document, findings, changes), moved);
  if (failures.length === 0) return { ok: true, messages };
  return {
    ok: false,
    error: `a builtin failed: ${failures.join('; ')}`,
    objections: messages.filter((m) => m.rule === 'deny' || m.rule === 'pending'),
  };
}
