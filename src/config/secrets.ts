/** Resolves references to secrets in m0.yaml. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Variables } from './environment.ts';
import { OWN_SECRETS } from './variables.ts';

const REFERENCE = /\$\{([^}]*)\}/g;
const MAX_FILE_BYTES = 64 * 1024;

/** A reference can't be resolved. The message never contains a secret. */
export class BadReference extends Error {
  override readonly name = 'BadReference';
}

/** The references in the text, `${env:NAME}` as `{ kind: 'env', target: 'NAME' }`. Others are left out. */
export function referencesIn(
  text: string,
): readonly { readonly kind: 'env' | 'file'; readonly target: string }[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, reference = '']) => {
    const [, kind, target = ''] = /^(env|file):(.+)$/s.exec(reference) ?? [];
    return kind === 'env' || kind === 'file' ? [{ kind, target }] : [];
  });
}

/** True if the text refers to a variable or a file. */
export function hasReference(text: string): boolean {
  return /\$\{(env|file):/.test(text);
}

function fileValue(path: string, base: string): string {
  const file = resolve(base, path);
  let value: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new BadReference(`file ${path} is no file: name one that holds the value`);
    if (stat.size > MAX_FILE_BYTES)
      throw new BadReference(`file ${path} is too big for a value (over 64 KiB)`);
    value = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof BadReference) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new BadReference(`file ${path} cannot be read (${code}): make it, readable to m0`);
  }
  // Files usually end with a line break that is not part of the secret.
  return value.replace(/\r?\n$/, '');
}

function resolveReference(reference: string, env: Variables, base: string): string {
  const colon = reference.indexOf(':');
  const [kind, target] = [reference.slice(0, colon), reference.slice(colon + 1)];
  if (kind === 'env' && target !== '') {
    if (OWN_SECRETS.includes(target)) {
      throw new BadReference(`${target} is m0's own secret and not for anything else: use another variable`);
    }
    const value = env[target];
    if (value === undefined) throw new BadReference(`variable ${target} is not set: set it for m0's process`);
    return value;
  }
  if (kind === 'file' && target !== '') return fileValue(target, base);
  throw new BadReference('a ${…} that is neither ${env:NAME} nor ${file:PATH}');
}

/** The values of all references in the text. Throws like `resolveReferences`. */
export function referredValues(text: string, env: Variables, base: string): readonly string[] {
  return [...text.matchAll(REFERENCE)].map(([, reference = '']) => resolveReference(reference, env, base));
}

/**
 * The text with each `${env:NAME}` and `${file:PATH}` (relative to `base`) replaced by its value. Throws a
 * BadReference that names the variable or file that is missing.
 */
export function resolveReferences(text: string, env: Variables, base: string): string {
  return text.replace(REFERENCE, (_, reference: string) => resolveReference(reference, env, base));
}
