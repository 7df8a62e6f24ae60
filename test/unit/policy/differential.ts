import { execa } from 'execa';
import { OPA, write } from './support.ts';

/** The one instant of every evaluation, ours and opa's. */
export const NOW_MS = Date.parse('2026-03-02T12:00:00Z');

/** What the real opa answers, or that it ended with an error. */
export type OpaAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

/** Asks opa, with what `files` of the directory hold. `strict`: an error of a builtin ends it, as it ends m0. */
export async function askOpa(
  dir: string,
  files: readonly string[],
  query: string,
  flags: readonly string[] = [],
): Promise<OpaAnswer> {
  const data = files.flatMap((file) => ['--data', file]);
  const { stdout, stderr, exitCode } = await execa(
    OPA,
    ['eval', '--format', 'json', ...flags, ...data, query],
    { cwd: dir, reject: false, maxBuffer: 256 * 1024 * 1024 },
  );
  if (exitCode !== 0) {
    const error = stdout + stderr;
    // Only an evaluation may end so; a module that does not compile is a mistake of the test.
    if (!error.includes('"code": "eval_')) throw new Error(error);
    return { ok: false, error };
  }
  const parsed = JSON.parse(stdout) as { result?: { expressions: { value: unknown }[] }[] };
  return { ok: true, value: parsed.result?.[0]?.expressions[0]?.value };
}

interface Asked {
  readonly name: string;
  readonly json: string;
}

function driver(rules: readonly string[], head: string, body: string): string {
  const each = rules.map(
    (rule) =>
      `${head}["${rule}"] := v if { ${body.replace('RULE', `data.${rule}`)} with time.now_ns as ${NOW_MS}000000 }`,
  );
  return ['package driver', 'import rego.v1', ...each, ''].join('\n');
}

/** Asks rules of the package in `policy` over many inputs in one process: values by input and rule. */
export async function askOpaForAll(
  dir: string,
  rules: readonly string[],
  inputs: readonly Asked[],
  flags: readonly string[],
): Promise<OpaAnswer> {
  const texts = inputs.map(({ name, json }) => `${JSON.stringify(name)}: ${json}`);
  await write(dir, {
    'driver.rego': driver(rules, 'out[i]', 'some i, _ in data.asked; v := RULE with input as data.asked[i]'),
    'asked.json': `{"asked": {${texts.join(',\n')}}}`,
  });
  return askOpa(dir, ['policy', 'driver.rego', 'asked.json'], 'data.driver.out', flags);
}

/** Asks them over one input: values by rule. */
export async function askOpaForOne(
  dir: string,
  rules: readonly string[],
  { json }: Asked,
  flags: readonly string[],
): Promise<OpaAnswer> {
  await write(dir, { 'driver.rego': driver(rules, 'out', 'v := RULE'), 'input.json': json });
  return askOpa(dir, ['policy', 'driver.rego'], 'data.driver.out', [...flags, '--input', 'input.json']);
}
