/** Suggestions for mistyped names. */
import { distance } from 'fastest-levenshtein';

/** Longer words are not compared: a typing mistake is in a short one. */
const LONGEST = 200;

function apart(one: string, other: string): number {
  return distance(one.slice(0, LONGEST).toLowerCase(), other.slice(0, LONGEST).toLowerCase());
}

function sortedLetters(word: string): string {
  return [...word.toLowerCase()].sort().join('');
}

/** Those of `names` at most `most` letters apart from `word`, nearest first. */
function within(word: string, names: readonly string[], most: number): readonly string[] {
  const typed = sortedLetters(word);
  // Two letters in the wrong order are likelier than two wrong letters.
  const letters = (name: string): number => (sortedLetters(name) === typed ? 0 : 1);
  return [...new Set(names)]
    .map((name) => ({ name, far: apart(word, name) }))
    .filter(({ far }) => far <= most)
    .sort((a, b) => a.far - b.far || letters(a.name) - letters(b.name) || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/**
 * Those of `names` that `word` may have been meant as, nearest first, at most `limit`: few letters apart, or
 * beginning with it. Case doesn't matter. For a suggestion: it guesses generously.
 */
export function nearest(word: string, names: readonly string[], limit = 3): readonly string[] {
  const typed = word.slice(0, LONGEST).toLowerCase();
  if (typed === '') return [];
  const near = within(typed, names, typed.length <= 3 ? 1 : typed.length <= 7 ? 2 : 3);
  if (near.length > 0) return near.slice(0, limit);
  const begin = typed.length < 2 ? [] : names.filter((name) => name.toLowerCase().startsWith(typed));
  return begin.slice(0, limit);
}

/**
 * The one of `names` that `word` is a misspelling of, null where it is none: at most a third of its letters are
 * wrong. For m0.yaml, where a new name may be meant: `lena` is no misspelling of `dana`.
 */
export function misspelled(word: string, names: readonly string[]): string | null {
  return within(word, names, Math.max(1, Math.floor(word.length / 3)))[0] ?? null;
}
