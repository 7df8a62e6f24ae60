/** Words that every card spells the same way. */

/** A headline is what a phone's notification shows, in characters. */
const HEADLINE_LIMIT = 150;

/** `1 resource`, `2 resources`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[], last = 'and'): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1) ?? ''}`;
}

/** At most `max` UTF-16 units, no character split; what is cut shows as `…` at the end. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${withoutHalf(text.slice(0, Math.max(0, max - 1)))}…`;
}

/** Drops a high surrogate at the end, left there by a cut. */
export function withoutHalf(text: string): string {
  return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text;
}

/** One line that fits a notification. */
export function headlineOf(text: string): string {
  return clip(text.replace(/\s+/g, ' ').trim(), HEADLINE_LIMIT);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How long, in the largest unit that is still exact enough: `35 min`, `26 h`, `4 d`. */
export function lasting(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes === 0) return 'under a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** `infra@9f8e7d6`: the repository's last name and the short commit. */
export function codeName(code: { readonly repository: string; readonly commit: string }): string {
  const path = code.repository.replace(/\/+$/, '').replace(/\.git$/, '');
  const name = path.split(/[/:]/).at(-1) ?? '';
  return `${name === '' ? 'code' : name}@${shortCommit(code.commit)}`;
}

/** The repository's own name, ref and folder: addresses are too long for a phone. */
export function sourceName(source: string): string {
  const [, name = source] = /([^/:]+?(?:\.git)?@.*)$/.exec(source) ?? [];
  return name.replace('.git@', '@');
}
