/** Turns opa's error output into a short text. */
import { REFUSED } from './capabilities.ts';

const MAX_ERRORS = 5;

/** opa's `file:line: code: message` lines as one text, with paths relative to the policy. */
export function compilerErrors(output: string, stage: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.split(`${stage}/`).join('').trim())
    .filter((line) => line !== '');
  // opa prints a single error on one line together with its prefix, and several errors on lines of their own.
  const located = lines.flatMap((line) => /[^\s:]+\.rego:\d+: .*$/.exec(line)?.[0] ?? []);
  const shown = (located.length > 0 ? located : lines).slice(0, MAX_ERRORS).map(explain);
  const more = located.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** Adds why a builtin that opa knows is not available here. */
function explain(line: string): string {
  const name = /rego_type_error: undefined function ([\w.]+)/.exec(line)?.[1];
  if (name === undefined) return line;
  const at = line.slice(0, line.indexOf(': rego_type_error'));
  const reason = REFUSED[name];
  if (reason !== undefined) return `${at}: ${name} may not be used in an approval policy: ${reason}`;
  return `${at}: there is no builtin or function ${name}`;
}

/**
 * True where all errors are syntax errors, so that the policy may be written in the other version of Rego.
 */
export function onlySyntax(output: string): boolean {
  const codes = [...output.matchAll(/: (rego_\w+_error): /g)].map((m) => m[1]);
  return codes.length === 0 || codes.every((code) => code === 'rego_parse_error');
}
