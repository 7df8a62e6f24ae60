/** An edit and its reverse give the file back, and what is outside an added block stays as it was. */
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../../src/drift/finding.ts';
import { editSample, type Sample } from '../../../support/edit-samples/sample.ts';
import { type Random, seeded } from '../../../support/random.ts';

const SCALARS: readonly Json[] = ['', 'a', 'é "q" ${x} %{y}', 'tab\t\\', 0, 7, -3, 2.5, true, false];
const KEYS = ['a', 'Owner', 'k8s.io/x', 'ü', 'for'];
type Values = { readonly [key: string]: Json };

function value(random: Random, depth: number): Json {
  if (depth === 0 || random.chance(0.5)) return random.pick(SCALARS);
  if (random.chance(0.5)) return Array.from({ length: 1 + random.int(3) }, () => random.pick(SCALARS));
  return object(random, depth - 1);
}

function object(random: Random, depth: number): Values {
  const keys = KEYS.filter(() => random.chance(0.6));
  return Object.fromEntries((keys.length === 0 ? ['a'] : keys).map((key) => [key, value(random, depth)]));
}

/** The same shape with one scalar that is another. */
function changed(random: Random, from: Json): Json {
  if (Array.isArray(from)) {
    const at = random.int(from.length);
    return from.map((one: Json, i) => (i === at ? changed(random, one) : one));
  }
  if (typeof from === 'object' && from !== null) {
    const key = random.pick(Object.keys(from));
    return Object.fromEntries(
      Object.entries(from).map(([own, one]) => [
        own,
        own === key ? changed(random, one as Json) : (one as Json),
      ]),
    );
  }
  const kind = typeof from;
  const others = SCALARS.filter((one) => typeof one === kind && one !== from);
  return random.pick(others);
}

/** An independent writer of the code, with odd blanks, comments and line ends. */
function code(random: Random, from: Json, indent: string): string {
  if (typeof from === 'string') {
    const raw = JSON.stringify(from).replace(/[$%]\{/g, (start) => `${start[0]}${start}`);
    return raw;
  }
  if (Array.isArray(from))
    return `[${from.map((one: Json) => code(random, one, indent)).join(random.chance(0.5) ? ', ' : ',')}]`;
  if (typeof from !== 'object' || from === null) return String(from);
  const lines = random.chance(0.6);
  const inner = `${indent}${random.pick(['  ', '\t', '    '])}`;
  const entries = Object.entries(from).map(([key, one]) => {
    const name = /^[A-Za-z]+$/.test(key) && key !== 'for' ? key : JSON.stringify(key);
    return `${name}${random.pick([' = ', '=', '   = '])}${code(random, one as Json, inner)}`;
  });
  if (!lines) return `{ ${entries.join(', ')} }`;
  return `{\n${entries.map((one) => `${inner}${one}${random.pick(['', ',', ' # note'])}\n`).join('')}${indent}}`;
}

function sampleOf(random: Random, desired: Json, actual: Json): Sample {
  const text = `# head\nresource "terraform_data" "r" {\n  input = ${code(random, desired, '  ')}${random.pick(['', ' // end'])}\n}${random.pick(['\n', ''])}`;
  const file = random.chance(0.3) ? text.replaceAll('\n', '\r\n') : text;
  return {
    name: 'made',
    files: { 'main.tf': file },
    address: 'terraform_data.r',
    desired: { input: desired },
    actual: { input: actual },
  };
}

async function edited(sample: Sample): Promise<string> {
  const answer = await editSample(sample);
  if (answer.type !== 'edited') throw new Error(`${answer.why} in\n${sample.files['main.tf']}`);
  return answer.files.get('main.tf') ?? '';
}

const SEEDS = Array.from({ length: 300 }, (_, i) => i + 1);

describe('an edit and its reverse give the file back', () => {
  test('of values', async () => {
    for (const seed of SEEDS) {
      const random = seeded(seed);
      const desired = object(random, 2);
      const sample = sampleOf(random, desired, changed(random, desired));
      const there = await edited(sample);
      const back = await edited({
        ...sample,
        files: { 'main.tf': there },
        desired: { ...sample.actual },
        actual: sample.desired,
      });
      expect(back, `seed ${seed}`).toBe(sample.files['main.tf']);
    }
  });

  test('of a key that is added', async () => {
    for (const seed of SEEDS) {
      const random = seeded(seed);
      const desired = object(random, 1);
      const actual = { ...desired, added: value(random, 1) };
      const sample = sampleOf(random, desired, actual);
      const there = await edited(sample);
      const back = await edited({
        ...sample,
        files: { 'main.tf': there },
        desired: { input: actual },
        actual: sample.desired,
      });
      // Lines that were aligned for the longer key stay so.
      expect(back.replace(/ +=/g, '='), `seed ${seed}`).toBe(sample.files['main.tf']?.replace(/ +=/g, '='));
    }
  });
});

test('what is outside an added block stays, byte for byte', async () => {
  for (const seed of SEEDS.slice(0, 100)) {
    const random = seeded(seed);
    const rules = Array.from({ length: 1 + random.int(3) }, (_, i) => ({
      port: i,
      cidr: [`10.${i}.0.0/16`],
    }));
    const blank = random.chance(0.5) ? '\n' : '';
    const blocks = rules.map(
      ({ port, cidr }) =>
        `${blank}  rule {${random.pick(['', ' # why'])}\n    port = ${port}\n    cidr = ["${cidr[0]}"]\n  }${random.pick(['', ' // x'])}\n`,
    );
    const text = `resource "aws_thing" "r" {\n  name = "x"\n${blocks.join('')}${random.pick(['', '\n  # last\n'])}}\n`;
    const file = random.chance(0.3) ? text.replaceAll('\n', '\r\n') : text;
    const sample: Sample = {
      name: 'made',
      files: { 'main.tf': file },
      address: 'aws_thing.r',
      desired: { name: 'x', rule: rules },
      actual: { name: 'x', rule: [...rules, { port: 99, cidr: ['10.99.0.0/16'] }] },
    };
    const there = await edited(sample);
    const added = there.length - file.length;
    const start = [...there].findIndex((char, i) => char !== file[i]);
    // The text before and after the added range is the old file.
    const cut = Array.from({ length: added }, (_, back) => start - back).find(
      (at) => at >= 0 && there.slice(0, at) + there.slice(at + added) === file,
    );
    expect(cut, `seed ${seed}\n${there}`).toBeDefined();
    expect(there).toMatch(/port = 99\r?\n {4}cidr = \["10\.99\.0\.0\/16"\]/);
    const back = await edited({
      ...sample,
      files: { 'main.tf': there },
      desired: { ...sample.actual },
      actual: sample.desired,
    });
    expect(back, `seed ${seed}`).toBe(file);
  }
});
