/** From an expression to the code that can be edited for it. */
import type { Draft } from './draft.ts';
import { alike, evaluate, valueAt } from './evaluate.ts';
import { computed, declarationOf, follow, referenceText } from './hop.ts';
import { placeText, Refusal } from './refusals.ts';
import type { Bound } from './scope.ts';

/** Follows a reference to code that can be edited. Refuses if the code there says something else than the plan. */
export function target(draft: Draft, bound: Bound): Bound {
  const { expr } = bound;
  const { world } = draft;
  const found = follow(bound, world);
  if (found.to === 'expression') {
    checkVariable(draft, bound, found.bound);
    return found.bound;
  }
  if (found.to === 'nothing') throw computed(expr);
  const place = expr.kind === 'reference' ? declarationOf(expr, bound.frame) : undefined;
  if (place === undefined || expr.kind !== 'reference') throw found.why;
  throw new Refusal(
    'computed',
    `it comes from ${referenceText(expr)} (${placeText(place)}), used in ${placeText(expr.at)}, so the code has no value of its own for it`,
  );
}

/** A variable of the root module must have in the plan what the files say, else something else sets it. */
function checkVariable(draft: Draft, { expr, frame }: Bound, found: Bound): void {
  if (expr.kind !== 'reference' || expr.root !== 'var' || frame.scope.call !== null) return;
  const [name, ...rest] = expr.steps;
  const planned = valueAt(draft.world.plan.variable(String(name)), rest);
  const written = evaluate(found, draft.world);
  if (planned === undefined || written === undefined || alike(planned, written)) return;
  throw new Refusal(
    'set-outside',
    `it comes from var.${String(name)}, which has another value in the plan than in ${placeText(found.expr.at)}: it is set outside Git`,
  );
}
