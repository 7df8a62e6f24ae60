import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExact } from '../../../src/base/exact-json.ts';
import { canonical } from '../../../src/drift/canonical.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { type Evaluation, readAnswer } from '../../../src/policy/ask.ts';
import type { Bundle } from '../../../src/policy/bundle.ts';
import { createFastPath } from '../../../src/policy/fast-path.ts';
import { type CorpusInput, corpusInputs, RUN } from '../../policies/inputs.ts';
import { askOpaForAll, askOpaForOne, NOW_MS } from './differential.ts';
import { askBundles, compileDir, scratch } from './support.ts';

const CORPUS = join(import.meta.dirname, '../../policies/corpus');

type Values = Readonly<Record<string, unknown>>;
const names = await readdir(CORPUS);
let inputs: readonly CorpusInput[] = [];
let bundles: readonly Bundle[] = [];
/** What m0 says: all policies in one process for each input, each in its namespace. */
const answers = new Map<string, readonly Evaluation[]>();

/** What opa says of a policy as it stands in its folder, for each input; `error` where it ends. */
async function opaSays(name: string, bundle: Bundle): Promise<Readonly<Record<string, Values | 'error'>>> {
  const dir = await scratch();
  await cp(join(CORPUS, name), join(dir, 'policy'), { recursive: true });
  const rules = rulesOf(bundle);
  const flags = bundle.syntax === 'v0' ? ['--v0-compatible'] : [];
  const text = await readFile(join(dir, 'policy/policy.rego'), 'utf8');
  // One \`with\` inside the other is more than one process of opa keeps apart.
  if (!/\bwith\s+input\b/.test(text)) {
    const all = await askOpaForAll(dir, rules, inputs, flags);
    if (all.ok) return (all.value ?? {}) as Record<string, Values>;
  }
  // One input may end it for all.
  const each: Record<string, Values | 'error'> = {};
  for (const input of inputs) {
    const one = await askOpaForOne(dir, rules, input, flags);
    each[input.name] = one.ok ? ((one.value ?? {}) as Values) : 'error';
  }
  return each;
}

function rulesOf(bundle: Bundle): readonly string[] {
  return [...new Set(bundle.rules.map((r) => `${r.package}.${r.rule}`))];
}

function says(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value === true;
}

/** What the fast path says where it answers, by input and index of the policy. */
const quick = new Map<string, ReadonlyMap<number, Values>>();

/** Asks once, in the first test: what it compiled is gone after it. */
let asking: Promise<void> | undefined;

async function askAll(): Promise<void> {
  inputs = await corpusInputs();
  bundles = await Promise.all(names.map((name) => compileDir(join(CORPUS, name))));
  for (const { name, json } of inputs) {
    answers.set(name, await askBundles(bundles, json, { run: RUN, now: NOW_MS }));
  }
  const fastPath = createFastPath();
  for (const { name, json } of inputs) {
    const values = new Map<number, Values>();
    for (const [i, bundle] of bundles.entries()) {
      const answered = await fastPath.ask([bundle], RUN, parseExact(json) as Json);
      if (answered !== null) values.set(i, readAnswer(answered[0]).values);
    }
    quick.set(name, values);
  }
  fastPath.close();
}

/** Sets come in another order from Wasm. */
function inOrder(values: Values): Values {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value) ? value.map((v) => canonical(v as Json, 'json')).sort() : value;
  return Object.fromEntries(Object.entries(values).map(([rule, value]) => [rule, sorted(value)]));
}

describe('a policy of the corpus', () => {
  it.each([...names.entries()])(
    'says beside all others what it says alone under opa eval: %i %s',
    async (i, name) => {
      asking ??= askAll();
      await asking;
      const bundle = bundles[i] as Bundle;
      const theirs = await opaSays(name, bundle);
      const silent = new Set(rulesOf(bundle));
      for (const input of inputs) {
        const ours = answers.get(input.name)?.[i];
        expect.soft(ours?.ok ? ours.values : 'error', input.name).toEqual(theirs[input.name] ?? {});
        const fast = quick.get(input.name)?.get(i);
        if (fast !== undefined) {
          expect
            .soft(inOrder(fast), `${input.name}, fast path`)
            .toEqual(inOrder((theirs[input.name] ?? {}) as Values));
        }
        for (const [rule, value] of Object.entries(ours?.ok ? ours.values : {}))
          if (says(value)) silent.delete(rule);
      }
      // A rule that never speaks compares nothing.
      expect.soft([...silent]).toEqual([]);
    },
  );
});

describe('the corpus', () => {
  it('has policies that the fast path answers', () => {
    expect([...quick.values()].reduce((n, values) => n + values.size, 0)).toBeGreaterThan(20);
  });

  it('is large enough to mean something', () => {
    expect(names.length).toBeGreaterThanOrEqual(40);
    expect(inputs.length).toBeGreaterThanOrEqual(12);
  });
});
