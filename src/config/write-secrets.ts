/** Keeps what may write to repositories (`credentials` with `write: true`) from all that m0 gives to stacks' tools. */
import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Context } from './context.ts';
import type { RawConfig } from './schema.ts';
import { BadReference, referencesIn, resolveReferences } from './secrets.ts';

type RawCredential = RawConfig['credentials'][number];

/** One token or key that may write. */
interface WriteSecret {
  /** `the token of credentials[1]`. */
  readonly name: string;
  /** The variable that it comes from; null: a file. */
  readonly variable: string | null;
  /** Absolute path of the file that it comes from; null: a variable. */
  readonly file: string | null;
  /** Null where it can't be read, which is reported where it is read. */
  readonly value: string | null;
}

/** Each method answers with a problem of m0.yaml in words, without any secret; null: there is none. */
export interface WriteSecrets {
  /** For a value of `env`. `written`: as in the file. `value`: with its references resolved; null where they can't be. */
  inEnv(written: string, value: string | null): string | null;
  /** For a file that tools read, or that is sent to a cloud. `path`: as in m0.yaml. */
  inFile(path: string): string | null;
}

/** Shorter values are compared whole: they may be part of a longer one by chance. */
const LEAST_PART = 12;

/** What may write, of all entries with `write: true`. */
export function writeSecretsOf(entries: readonly RawCredential[], context: Context): WriteSecrets {
  const secrets = entries.flatMap((entry, i) => (entry.write ? secretsIn(entry, i, context) : []));

  const refuse = (how: string, { name }: WriteSecret): string =>
    `${how} ${name}, which may write to repositories: what runs for a stack never gets it, so use another one that only reads`;

  return {
    inEnv(written, value) {
      for (const { kind, target } of referencesIn(written)) {
        const named = secrets.find(({ variable, file }) =>
          kind === 'env' ? variable === target : file !== null && file === realPath(target, context),
        );
        if (named !== undefined) return refuse('names', named);
      }
      if (value === null) return null;
      const held = secrets.find((secret) => holds(value, secret));
      if (held !== undefined) return refuse('holds', held);
      const pointed = secrets.find(({ file }) => file !== null && value.includes(file));
      return pointed === undefined ? null : refuse('holds the path of', pointed);
    },
    inFile(path) {
      const named = secrets.find(({ file }) => file !== null && file === realPath(path, context));
      return named === undefined ? null : refuse('is the file of', named);
    },
  };
}

function secretsIn(entry: RawCredential, index: number, context: Context): readonly WriteSecret[] {
  const of = (what: string): string => `${what} of credentials[${index}]`;
  const { token, githubApp, sshKey } = entry;
  if (sshKey !== undefined) {
    const file = realPath(sshKey, context);
    return [{ name: of('the key'), variable: null, file, value: textOf(file) }];
  }
  const reference = token ?? githubApp?.privateKey;
  if (reference === undefined) return [];
  const name = of(token === undefined ? 'the private key' : 'the token');
  return referencesIn(reference).map(({ kind, target }) => ({
    name,
    variable: kind === 'env' ? target : null,
    file: kind === 'file' ? realPath(target, context) : null,
    value: resolvedText(reference, context),
  }));
}

function holds(text: string, { value }: WriteSecret): boolean {
  const secret = value?.trim() ?? '';
  if (secret === '') return false;
  return secret.length < LEAST_PART ? text.trim() === secret : text.includes(secret);
}

function resolvedText(reference: string, { env, base }: Context): string | null {
  try {
    return resolveReferences(reference, env, base);
  } catch (error) {
    if (error instanceof BadReference) return null;
    throw error;
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Reported where the key is read.
    return null;
  }
}

/** The file that a path of m0.yaml means: two paths may lead to one file. */
function realPath(path: string, { base }: Context): string {
  const absolute = resolve(base, path);
  try {
    return realpathSync(absolute);
  } catch {
    return absolute;
  }
}
