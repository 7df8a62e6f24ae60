/**
 * Secrets that a failing plan may repeat before any plan has told which values are secret: what the root
 * module declares as sensitive, wherever its value comes from.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Stack } from '../model/directory.ts';

const CODE = /\.(tf|tofu)$/;
const VALUES = /(^terraform|\.auto)\.tfvars(\.json)?$/;
/** A quoted text with its escapes. */
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/g;

/**
 * Literal values of the root module's sensitive and ephemeral variables, from their defaults, the var files
 * and the stack's environment. Looks at texts only and rather takes too much than too little; a file that
 * can't be read counts as empty, because the tool itself will complain of it.
 */
export async function declaredSecrets(
  cwd: string,
  stack: Pick<Stack, 'env' | 'varFiles'>,
): Promise<string[]> {
  const names = await readdir(cwd).catch(() => []);
  const read = (name: string): Promise<string> => readFile(resolve(cwd, name), 'utf8').catch(() => '');
  const code = await Promise.all(
    names.filter((name) => CODE.test(name)).map((name) => read(join(cwd, name))),
  );
  const files = [...names.filter((name) => VALUES.test(name)), ...stack.varFiles];
  const values = await Promise.all(files.map(read));

  const secrets: string[] = [];
  for (const { name, block } of code.flatMap(variables)) {
    if (!/^\s*(sensitive|ephemeral)\s*=\s*true\b/m.test(block)) continue;
    secrets.push(...literals(assigned(block, 'default')));
    const given = stack.env[`TF_VAR_${name}`];
    // Text is given as it is; a list or an object as it would stand in the code.
    if (given !== undefined) secrets.push(given, ...literals(given));
    for (const text of values) secrets.push(...literals(assigned(text, name)));
  }
  return secrets;
}

function variables(text: string): { name: string; block: string }[] {
  // A block ends where the next one begins: a brace in a text would mislead a count of braces.
  return text.split(/^(?=\w+\s)/m).flatMap((block) => {
    const name = /^variable\s+"?([\w-]+)"?\s*\{/.exec(block)?.[1];
    return name === undefined ? [] : [{ name, block }];
  });
}

/** What a text assigns to the name: up to the next assignment, or all the rest where it is no plain value. */
function assigned(text: string, name: string): string {
  const from = new RegExp(`^\\s*"?${name}"?\\s*[=:]`, 'm').exec(text);
  if (from === null) return '';
  const rest = text.slice(from.index + from[0].length);
  const end = /\n\s*"?[\w-]+"?\s*[=:]/.exec(rest);
  return /^\s*[[{<]/.test(rest) || end === null ? rest : rest.slice(0, end.index);
}

function literals(text: string): string[] {
  const quoted = [...text.matchAll(QUOTED)].flatMap(([all, inner = '']) => {
    try {
      return [inner, JSON.parse(all) as string];
    } catch {
      return [inner];
    }
  });
  const numbers = [...text.matchAll(/\b\d{6,}\b/g)].map(([number]) => number);
  const heredoc = [...text.matchAll(/<<[-~]?(\w+)\n([\s\S]*?)\n\s*\1\s*$/gm)].flatMap(([, , body = '']) =>
    body.split('\n').map((line) => line.trim()),
  );
  return [...quoted, ...numbers, ...heredoc];
}
