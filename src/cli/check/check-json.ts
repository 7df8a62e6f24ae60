/** The JSON output of `m0 check`: the document of `m0 explain --json`, and what m0 would make of it. */
import { explainDocument } from '../explain-json.ts';
import { buttonsOf, buttonWords } from './card-text.ts';
import type { CheckedStack } from './report.ts';
import type { Tried } from './try-stack.ts';

/** Scripts rely on its keys. Call it only for a stack that could be planned. */
export function checkJson({ stack, folder }: CheckedStack, { run, plan, cards }: Tried): string {
  if (plan === null) throw new Error(`writing the findings of ${stack.name}: there is no plan`);
  const { code, decision } = run;
  const document = {
    ...explainDocument(plan.analysis, false, true),
    check: {
      stack: stack.name,
      environment: stack.environment,
      // `approved`: the policies allow it, and m0 would apply it by itself.
      state: run.state,
      code: code === null ? null : { repository: code.repository, ref: code.ref, commit: code.commit },
      policies: folder === null ? 'm0.yaml' : 'starter',
      decisions: (decision?.findings ?? []).map(({ address, verdict, reasons }) => ({
        ...{ address, verdict },
        reasons: reasons.map(({ policy, rule, text }) => ({ policy, rule, text })),
      })),
      cards: cards.map((card) => ({
        headline: card.headline,
        buttons: buttonsOf(card).map((button) => ({ label: button.label, does: buttonWords(button) })),
      })),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
