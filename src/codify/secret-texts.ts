/** Looks for secrets of a plan in code and in patches of it, in each way in which the code may write them. Pure. */
import { HIDDEN, scrubberFor } from '../drift/secrets.ts';

/** How often the text holds one of the secrets. */
function times(text: string, hide: (text: string) => string): number {
  // `$${` is how the code writes `${` in a string.
  const plain = text.replace(/([$%])\1\{/g, '$1{');
  return hide(plain).split(HIDDEN).length - plain.split(HIDDEN).length;
}

/** True if the text holds a secret. */
export function holdsSecret(text: string, secrets: readonly string[]): boolean {
  return times(text, scrubberFor(secrets)) > 0;
}

/** True if a file holds a secret more often than before, so that somebody's edit wrote it. Files are by their paths. */
export function writesSecret(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  secrets: readonly string[],
): boolean {
  return [...after].some(([path, text]) => {
    if (!holdsSecret(text, secrets)) return false;
    const old = before.get(path) ?? '';
    // Each by itself: one secret may have taken the place of another.
    return secrets.some((secret) => {
      const hide = scrubberFor([secret]);
      return times(text, hide) > times(old, hide);
    });
  });
}
