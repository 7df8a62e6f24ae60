/** Suggestions for mistyped names. */
import { distance } from 'fastest-levenshtein';

/** Only this many characters of a word are compared. */
const LONGEST = 200;

/**
 * The names that `word` may be a typing mistake of, most similar first, at most `limit`: those that differ in a few
 * letters, or else those that begin with it. Case does not count.
 */
export function nearest(word: string, names: readonly string[], limit = 3): readonly string[] {
  const typed = word.slice(0, LONGEST).toLowerCase();
  if (typed === '') return [];
  const allowed = typed.length <= 3 ? 1 : typed.length <= 7 ? 2 : 3;
  const near = [...new Set(names)]
    .map((name) => ({ name, far: distance(typed, name.slice(0, LONGEST).toLowerCase()) }))
    .filter((n) => n.far <= allowed)
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .map((n) => n.name);
  if (near.length > 0) return near.slice(0, limit);
  const begin = typed.length < 2 ? [] : names.filter((name) => name.toLowerCase().startsWith(typed));
  return begin.slice(0, limit);
}
