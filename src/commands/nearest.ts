import { distance } from 'fastest-levenshtein';

/** Longer words are not compared: a slip of the finger is in a short one. */
const LONGEST = 200;

/**
 * Those of `names` that `word` may have been meant as, nearest first, at most `limit`: few letters apart, or
 * the only one that begins so. Case doesn't matter.
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
