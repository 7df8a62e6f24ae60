/** Suggestions for mistyped names in m0.yaml. */
import { misspelled } from '../text/nearest.ts';

/** `, did you mean "x"?` where one is near, else the list of what there is. */
export function suggestion(name: string, known: readonly string[]): string {
  const meant = misspelled(name, known);
  if (meant !== null) return `, did you mean "${meant}"?`;
  return known.length === 0 ? '' : `, there is ${known.join(', ')}`;
}
