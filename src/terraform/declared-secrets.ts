/**
 * Finds secrets that a failing plan may print before any plan has reported which values are sensitive: the
 * values of variables that the root module declares as sensitive.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Stack } from '../model/directory.ts';

const CODE = /\.(tf|tofu)$/;
const VALUES = /(^terraform|\.auto)\.tfvars(\.json)?$/;
/** A quoted string with its escapes. */
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/g;

/**
 * Literal values of the root module's sensitive and ephemeral variables, from their defaults, the var files
 * and the stack's environment. Searches text only, and takes too much rather than too little. A file that
 * cannot be read counts as empty, because the tool itself reports it.
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
    secrets.push(...literals(assignedText(block, 'default')));
    const fromEnvironment = stack.env[`TF_VAR_${name}`];
    // A string is passed as it is, a list or an object in HCL syntax.
    if (fromEnvironment !== undefined) secrets.push(fromEnvironment, ...literals(fromEnvironment));
    for (const text of values) secrets.push(...literals(assignedText(text, name)));
  }
  return secrets;
}

function variables(text: string): { name: string; block: string }[] {
  // A block ends where the next one begins. Counting braces would fail on a brace inside a string.
  return text.split(/^(?=\w+\s)/m).flatMap((block) => {
    const name = /^variable\s+"?([\w-]+)"?\s*\{/.exec(block)?.[1];
    return name === undefined ? [] : [{ name, block }];
  });
}

/**
 * The text assigned to the name: up to the next assignment, or the whole rest where the value is not a simple
 * one.
 */
function assignedText(text: string, name: string): string {
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
