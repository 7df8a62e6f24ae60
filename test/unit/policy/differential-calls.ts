import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildStage, loadBundle, STAGE } from '../../../src/policy/compile.ts';
import { evaluateModule } from '../../../src/policy/instance.ts';
import { createOpa } from '../../../src/policy/opa.ts';
import { askOpa, NOW_MS } from './differential.ts';
import { OPA, scratch, write } from './support.ts';

/** An expression over `c`, and the arguments it is asked for: each call an array, as JSON text. */
export interface Family {
  readonly name: string;
  readonly expression: string;
  readonly calls: readonly string[];
}

/** One call on which m0 and opa part. `ours` is undefined, an answer, or what m0 ended with. */
export interface Parting {
  readonly call: string;
  readonly ours: string | undefined;
  readonly opa: string | undefined;
}

export interface Comparison {
  /** Calls that opa answers. */
  readonly answered: number;
  /** m0 answered something else, or answered where opa does not: never right. */
  readonly wrong: readonly Parting[];
  /** m0 ended where opa answers. */
  readonly refused: readonly Parting[];
}

type Answers = Readonly<Record<string, Readonly<Record<string, string>>>>;
type Call = readonly [family: number, call: number];

/** Of the calls that opa leaves undefined so many are asked of m0, family by family. */
const MOST_UNDEFINED = 12;
const MOST_PAGES = 8192;

function moduleOf(families: readonly Family[]): string {
  const rules = families.map(
    ({ expression }, f) =>
      `f${f}[i] := sprintf("%v", [[v]]) if { some i, c in input.f${f}; v := ${expression} }`,
  );
  const out = families.map((_, f) => `out.f${f} := f${f}`);
  return ['package t', 'import rego.v1', 'set_of(a) := {x | some x in a}', ...rules, ...out, ''].join('\n');
}

/** Arguments stay the text they are: no number may change on its way. */
function inputOf(families: readonly Family[], calls: readonly Call[]): string {
  const byFamily = families.map((_, f) => calls.filter(([family]) => family === f));
  const texts = byFamily.map((own, f) => {
    const each = own.map(([, i]) => `"${i}": ${families[f]?.calls[i] ?? 'null'}`);
    return `"f${f}": {${each.join(',')}}`;
  });
  return `{"m0": {"run": 1}, ${texts.join(',\n')}}`;
}

function bytes(text: string): ArrayBuffer {
  return new Uint8Array(new TextEncoder().encode(text)).buffer;
}

/** Builds the families as production builds a policy, and asks m0 and opa the same calls. */
export async function compareCalls(families: readonly Family[]): Promise<Comparison> {
  const dir = await scratch();
  await mkdir(join(dir, STAGE));
  const all = families.flatMap(({ calls }, f) => calls.map((_, i): Call => [f, i]));
  await write(dir, { [`${STAGE}/t.rego`]: moduleOf(families), 'input.json': inputOf(families, all) });
  const opa = await askOpa(dir, [`${STAGE}/t.rego`], 'data.t.out', ['--input', 'input.json']);
  if (!opa.ok) throw new Error(opa.error);
  const theirs = opa.value as Answers;
  const entry = 'package m0_entry\nimport rego.v1\ndecision["out"] := data.t.out\n';
  const bundle = loadBundle({
    ...(await buildStage(createOpa(OPA, 60_000), dir, entry)),
    ...{ rules: [], readsApprovers: false, inputPaths: null, spoken: null },
  });

  const ask = (calls: readonly Call[]): Answers => {
    const now = BigInt(NOW_MS) * 1_000_000n;
    const input = bytes(inputOf(families, calls));
    const said = evaluateModule(bundle.module, bytes(bundle.data), input, now, MOST_PAGES);
    return (said as { readonly out: Answers }).out;
  };
  const ours = new Map<string, string>();
  /** One call that ends m0 ends it for all: halve until it stands alone. */
  const collect = (calls: readonly Call[]): void => {
    if (calls.length === 0) return;
    try {
      for (const [f, answers] of Object.entries(ask(calls))) {
        for (const [i, answer] of Object.entries(answers)) ours.set(`${f}.${i}`, answer);
      }
    } catch (error) {
      if (calls.length === 1) ours.set(`f${calls[0]?.[0]}.${calls[0]?.[1]}`, `ended: ${String(error)}`);
      else for (const half of halves(calls)) collect(half);
    }
  };
  const opaOf = ([f, i]: Call): string | undefined => theirs[`f${f}`]?.[String(i)];
  const answered = all.filter((c) => opaOf(c) !== undefined);
  const undefinedOnes = families.flatMap((_, f) =>
    all.filter((c) => c[0] === f && opaOf(c) === undefined).slice(0, MOST_UNDEFINED),
  );
  for (const calls of [answered, undefinedOnes]) {
    for (const [f] of families.entries()) collect(calls.filter((c) => c[0] === f));
  }

  const wrong: Parting[] = [];
  const refused: Parting[] = [];
  for (const call of [...answered, ...undefinedOnes]) {
    const [f, i] = call;
    const said = { ours: ours.get(`f${f}.${i}`), opa: opaOf(call) };
    if (said.ours === said.opa) continue;
    const parting = { call: `${families[f]?.name} ${families[f]?.calls[i]}`, ...said };
    if (said.ours?.startsWith('ended: ') !== true) wrong.push(parting);
    else if (said.opa !== undefined) refused.push(parting);
  }
  return { answered: answered.length, wrong, refused };
}

function halves<T>(items: readonly T[]): readonly (readonly T[])[] {
  const middle = items.length >> 1;
  return [items.slice(0, middle), items.slice(middle)];
}
