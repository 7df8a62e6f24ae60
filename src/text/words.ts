/** Small text functions, so that every card formats counts, lists and names the same way. */

/** The most characters of a headline: what a phone shows in a notification. */
export const HEADLINE_LIMIT = 150;

/** `1,498`. */
export function withSeparators(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 resource`, `2 resources`, `1,500 resources`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${withSeparators(n)} ${n === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[], last = 'and'): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1) ?? ''}`;
}

/** At most `max` UTF-16 units. A cut shows as `…` at the end and never splits a character. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${withoutHalf(text.slice(0, Math.max(0, max - 1)))}…`;
}

/** Drops a high surrogate that a cut left at the end. */
export function withoutHalf(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

/** The text on one line, short enough for a notification. */
export function headlineOf(text: string): string {
  return clip(text.replace(/\s+/g, ' ').trim(), HEADLINE_LIMIT);
}

/** The order of two texts by UTF-16 units: the same on every machine. For `sort`. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The text with its first letter in upper case. */
export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A duration in words, in the largest unit that is exact enough: `35 min`, `26 h`, `4 d`. */
export function durationText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes === 0) return 'under a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** A limit, or how much of one is used: in whole minutes, `90 min`, or in hours where that is exact, `2 h`. */
export function minutesText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes === 0) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** The first seven characters of a commit, as git shows them. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** `infra@9f8e7d6`: the last part of the repository's address, and the short commit. */
export function codeName(code: { readonly repository: string; readonly commit: string }): string {
  const path = code.repository.replace(/\/+$/, '').replace(/\.git$/, '');
  const name = path.split(/[/:]/).at(-1) ?? '';
  return `${name === '' ? 'code' : name}@${shortCommit(code.commit)}`;
}

/** The last part of a repository's address, with ref and folder. The whole address is too long for a phone. */
export function sourceName(source: string): string {
  const [, name = source] = /([^/:]+?(?:\.git)?@.*)$/.exec(source) ?? [];
  return name.replace('.git@', '@');
}
