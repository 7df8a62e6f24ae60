/** Suggestions for mistyped names in m0.yaml. */
import { closest, distance } from 'fastest-levenshtein';

/** The known name that was probably meant; null if none is similar. */
export function nearest(name: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const candidate = closest(name.toLowerCase(), [...known]);
  const near = Math.max(1, Math.floor(name.length / 3));
  return distance(name.toLowerCase(), candidate.toLowerCase()) <= near ? candidate : null;
}

/** `, did you mean "x"?` if a name is similar, else the list of known names. */
export function suggestion(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant !== null) return `, did you mean "${meant}"?`;
  return known.length === 0 ? '' : `, there is ${known.join(', ')}`;
}
