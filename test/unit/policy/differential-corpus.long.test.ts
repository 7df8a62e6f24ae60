import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../../src/drift/finding.ts';
import type { Bundle } from '../../../src/policy/bundle.ts';
import { compilePolicy, loadBundle } from '../../../src/policy/compile.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { projectInput } from '../../../src/policy/input-paths.ts';
import { evaluateModule, pagesIn } from '../../../src/policy/instance.ts';
import { createOpa } from '../../../src/policy/opa.ts';
import { type CorpusInput, corpusInputs, RUN } from '../../policies/inputs.ts';
import { askOpaForAll, askOpaForOne, NOW_MS } from './differential.ts';
import { OPA, scratch } from './support.ts';

const CORPUS = join(import.meta.dirname, '../../policies/corpus');
const LIMITS = { timeMs: 20_000, memoryBytes: 256 * 1024 * 1024 };
const PAGES = pagesIn(LIMITS.memoryBytes);

/** Where m0 ends an evaluation that opa finishes, and why that is right. */
const REFUSED: Readonly<Record<string, RegExp>> = {};

type Values = Readonly<Record<string, unknown>>;
const policies = await readdir(CORPUS);
let inputs: readonly CorpusInput[] = [];

/** What opa says of a policy for each input; `error` where it ends. */
async function opaSays(dir: string, bundle: Bundle): Promise<Readonly<Record<string, Values | 'error'>>> {
  const rules = [...rulesOf(bundle)];
  const text = await readFile(join(dir, 'policy/policy.rego'), 'utf8');
  // One \`with\` inside the other is more than one process of opa keeps apart.
  if (!/\bwith\s+input\b/.test(text)) {
    const all = await askOpaForAll(dir, rules, inputs, syntaxOf(bundle));
    if (all.ok) return (all.value ?? {}) as Record<string, Values>;
  }
  // One input may end it for all.
  const each: Record<string, Values | 'error'> = {};
  for (const input of inputs) {
    const one = await askOpaForOne(dir, rules, input, syntaxOf(bundle));
    each[input.name] = one.ok ? ((one.value ?? {}) as Values) : 'error';
  }
  return each;
}

function syntaxOf(bundle: Bundle): readonly string[] {
  return bundle.syntax === 'v0' ? ['--v0-compatible'] : [];
}

/** The rules' values by what m0's threads run, or a text where that refuses. */
function m0Says(bundle: Bundle, { json }: CorpusInput): Values | string {
  const bytes = (text: string): ArrayBuffer => new Uint8Array(new TextEncoder().encode(text)).buffer;
  const paths = bundle.inputPaths === null ? null : [...bundle.inputPaths, ['m0', 'run']];
  const read = JSON.stringify(projectInput(JSON.parse(json) as Record<string, Json>, paths));
  // Numbers of the odd inputs would not survive JSON.parse.
  const text = json.includes('9007199254740993') ? json : read;
  try {
    const said = evaluateModule(
      bundle.module,
      bytes(bundle.data),
      bytes(text),
      BigInt(NOW_MS) * 1_000_000n,
      PAGES,
    );
    return ofRules(bundle, said as Values);
  } catch (error) {
    return String(error);
  }
}

function rulesOf(bundle: Bundle): ReadonlySet<string> {
  return new Set(bundle.rules.map((r) => `${r.package}.${r.rule}`));
}

function ofRules(bundle: Bundle, values: Values): Values {
  const rules = rulesOf(bundle);
  return Object.fromEntries(Object.entries(values).filter(([name]) => rules.has(name)));
}

function says(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value === true;
}

beforeAll(async () => {
  inputs = await corpusInputs();
});

describe('a policy of the corpus', () => {
  it.each(policies)('says through m0 what it says under opa eval: %s', async (name) => {
    const dir = await scratch();
    await cp(join(CORPUS, name), join(dir, 'policy'), { recursive: true });
    const compiled = await compilePolicy(createOpa(OPA, 30_000), join(dir, 'policy'), join(dir, 'scratch'));
    const bundle = loadBundle(compiled);
    const theirs = await opaSays(dir, bundle);

    const silent = new Set(rulesOf(bundle));
    for (const input of inputs) {
      const ours = m0Says(bundle, input);
      const said = theirs[input.name] ?? {};
      if (typeof ours !== 'string') {
        expect.soft(ours, input.name).toEqual(said);
        for (const [rule, value] of Object.entries(ours)) if (says(value)) silent.delete(rule);
        continue;
      }
      if (said === 'error') continue;
      // An error of a builtin ends m0, and makes a rule undefined to opa: asked strictly, it says so.
      const flags = [...syntaxOf(bundle), '--strict-builtin-errors'];
      const strict = await askOpaForOne(dir, [...rulesOf(bundle)], input, flags);
      if (strict.ok) expect.soft(ours, `${input.name}: opa answers`).toMatch(REFUSED[name] ?? /^$/);
    }
    // A rule that never speaks compares nothing.
    expect.soft([...silent]).toEqual([]);
    // A thread takes its time to start: once for each policy.
    const [first] = inputs;
    if (first === undefined) throw new Error('no inputs');
    const answer = await evaluate(bundle, { run: RUN, json: first.json }, NOW_MS, LIMITS);
    expect.soft(answer.ok ? ofRules(bundle, answer.values) : answer.error).toEqual(theirs[first.name] ?? {});
  });
});

describe('the corpus', () => {
  it('is large enough to mean something', () => {
    expect(policies.length).toBeGreaterThanOrEqual(40);
    expect(inputs.length).toBeGreaterThanOrEqual(12);
  });
});
