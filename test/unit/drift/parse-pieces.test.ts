import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/drift/finding.ts';
import { parseInPieces } from '../../../src/drift/parse-pieces.ts';
import { PlanError, readPlan } from '../../../src/drift/read-plan.ts';
import { plan, planJson } from '../../support/plan.ts';

const LONG = 'é"\\\n]},'.repeat(20_000);
const bytes = (text: string): Uint8Array => Buffer.from(text);
const many = Array.from({ length: 3000 }, (_, i) => ({
  address: `aws_thing.n${i}`,
  recorded: { id: i, note: 'as it was, ünchanged and long enough to fill several pieces'.repeat(4) },
  actual: {
    id: i,
    note: i % 100 === 0 ? 'by hand' : 'as it was, ünchanged and long enough to fill several pieces'.repeat(4),
  },
  sensitive: {},
}));

describe('parsing in pieces gives the same as JSON.parse', () => {
  it.each<[string, string]>([
    ['a scalar', ' -1.5e+3 '],
    ['a long string', JSON.stringify(LONG)],
    ['long strings in a list', JSON.stringify([LONG, 1, LONG, [], {}])],
    ['many short elements', JSON.stringify(Array.from({ length: 50_000 }, (_, i) => ({ i, t: [`"${i}]`] })))],
    ['white space', JSON.stringify({ a: [LONG, { b: LONG }], c: null, d: [true, false] }, null, 3)],
    ['big empty containers', `{"a":[${' '.repeat(100_000)}],"b":{${' '.repeat(100_000)}}}`],
    ['odd keys', `{"__proto__":{"a":${JSON.stringify(LONG)}},"constructor":1,"a\\u0041":2,"":[3]}`],
    ['the last of two equal keys', `{"a":${JSON.stringify(LONG)},"a":2}`],
    ['deep nesting', `${'[{"a":'.repeat(60)}${JSON.stringify(LONG)}${'}]'.repeat(60)}`],
    ['very deep nesting', '['.repeat(200_000) + ']'.repeat(200_000)],
  ])('%s', (name, text) => {
    const value = parseInPieces(bytes(text), () => undefined);
    if (name === 'very deep nesting') expect(Array.isArray(value)).toBe(true);
    else expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)));
  });

  it('passes on each element of a long list once, in order', () => {
    const seen: Json[] = [];
    const list = Array.from({ length: 20_000 }, (_, i) => i);
    parseInPieces(bytes(JSON.stringify(list)), (element) => seen.push(element));
    expect(seen).toEqual(list);
  });

  it.each<[string, string]>([
    ['cut short', JSON.stringify([LONG, LONG]).slice(0, -2)],
    ['cut in a string', JSON.stringify([LONG, LONG]).slice(0, -9)],
    ['without a comma', `[${JSON.stringify(LONG)} ${JSON.stringify(LONG)}]`],
    ['with a comma too many', `[${JSON.stringify(LONG)},]`],
    ['closed by the wrong bracket', `[${JSON.stringify(LONG)}}`],
    ['without a colon', `{"a" ${JSON.stringify(LONG)}}`],
    ['without a key', `{${JSON.stringify(LONG)}}`],
    ['followed by more', `[${JSON.stringify(LONG)}] x`],
    ['broken inside a piece', `[${JSON.stringify(LONG)},{"a":tru}]`],
    ['empty', ''],
  ])('refuses a text that is %s', (_name, text) => {
    expect(() => parseInPieces(bytes(text), () => undefined)).toThrow(SyntaxError);
  });

  it('refuses bytes that are not UTF-8', () => {
    const broken = Buffer.from(JSON.stringify([LONG, 'abc', LONG]));
    broken[broken.indexOf('abc')] = 0xff;
    expect(() => parseInPieces(broken, () => undefined)).toThrow(TypeError);
  });
});

describe('a big plan', () => {
  const text = JSON.stringify(planJson(many));

  it('gives the same from bytes and from text', () => {
    expect(text.length).toBeGreaterThan(1024 * 1024);
    expect(readPlan(bytes(text), 'p')).toEqual(plan(many));
    expect(readPlan(bytes(`\ufeff${text}`), 'p')).toEqual(plan(many));
    expect(readPlan(bytes(`12:00 starting\n${text}\ndone`), 'p')).toEqual(plan(many));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['cut short', bytes(text.slice(0, -50)), /^p: the plan is cut short at character \d+; write it again$/],
    [
      'broken',
      bytes(text.replace('"actions":', '"actions"')),
      /^p: the plan is broken JSON at character \d+/,
    ],
  ])('that is %s is refused, with the position', (_name, input, message) => {
    expect(() => readPlan(input, 'p')).toThrow(PlanError);
    expect(() => readPlan(input, 'p')).toThrow(message);
  });
});
