import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import { type Planned, planJson } from '../../support/plan.ts';

async function run(args: readonly string[], content: string | Error = '', color = false) {
  const result = { code: -1, out: '', err: '' };
  result.code = await explain(args, {
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    color,
    readFile: (path) => {
      if (content instanceof Error) return Promise.reject(content);
      return path === 'plan.json'
        ? Promise.resolve(Buffer.from(content))
        : Promise.reject(new Error(`unexpected ${path}`));
    },
  });
  return result;
}

const doc = (...resources: Planned[]): string => JSON.stringify(planJson(resources));
const drifted: Planned = { recorded: { a: 'x', b: 1 }, actual: { a: 'y', b: 1 }, desired: { a: 'x', b: 2 } };
const kept: Planned = { address: 'aws_thing.k', recorded: { v: 1 }, actual: { v: 2 }, expressions: {} };
const quiet: Planned = { address: 'aws_thing.q', recorded: { t: null }, actual: { t: {} } };

describe('exit codes', () => {
  it.each([
    ['nothing drifted', doc(), 0],
    ['only what an apply would not change', doc(kept, quiet), 0],
    ['a finding', doc(drifted), 1],
    ['not a plan', '{}', 2],
  ])('%s', async (_name, content, code) => {
    expect((await run(['plan.json', '--json'], content)).code).toBe(code);
  });

  it.each<[string, string[], RegExp]>([
    ['no file', [], /no plan named; use: m0 explain/],
    ['two files', ['a', 'b'], /more than one plan/],
    ['an unknown option', ['plan.json', '--jsn'], /unknown option --jsn/],
  ])('%s is wrong use', async (_name, args, message) => {
    const { code, out, err } = await run(args, doc());
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/^[^\n]+\n$/);
  });

  it('reports a missing file in one line', async () => {
    const missing = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    const { code, err } = await run(['plan.json'], missing);
    expect(code).toBe(2);
    expect(err).toMatch(/^explain: plan\.json: no such file; [^\n]+\n$/);
  });

  it('refuses a document with extreme nesting', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const content = doc(drifted).replace('"a":"y"', `"a":${deep}`);
    expect((await run(['plan.json'], content)).code).toBe(2);
  });
});

describe('--json', () => {
  it('has the documented keys, in their order', async () => {
    const { out } = await run(['plan.json', '--json'], doc(drifted));
    expect(JSON.stringify(JSON.parse(out))).toBe(
      '{"formatVersion":1,"findings":[{"address":"aws_thing.a","type":"aws_thing","origin":"both","action":"update",' +
        '"actionable":true,"attributes":[' +
        '{"path":"a","origin":"cloud","kind":"changed","recorded":"x","actual":"y","desired":"x","sensitive":false},' +
        '{"path":"b","origin":"code","kind":"changed","recorded":1,"actual":1,"desired":2,"sensitive":false}]}],' +
        '"outputs":[],"counts":{"findings":1,"cloud":0,"code":0,"both":1,"create":0,"update":1,"delete":0,"replace":0,"noise":0},' +
        '"changes":[{"kind":"resource","address":"aws_thing.a","actions":["update"],"effect":"change","paths":["a","b"]}]}',
    );
  });

  it('lists noise only with --noise', async () => {
    const counted = JSON.parse((await run(['plan.json', '--json'], doc(quiet))).out) as object;
    expect(counted).toMatchObject({ counts: { noise: 1 } });
    expect(counted).not.toHaveProperty('noise');
    const listed = JSON.parse((await run(['plan.json', '--noise', '--json'], doc(quiet))).out) as object;
    expect(listed).toMatchObject({ findings: [], noise: [{ address: 'aws_thing.q', actionable: false }] });
  });
});

describe('the diff', () => {
  it('shows the sentence first, then each finding with before and after', async () => {
    const { out } = await run(['plan.json'], doc(drifted, kept, quiet));
    expect(
      out,
    ).toBe(`1 drifted in plan.json: a changed by hand and b changed in the code on aws_thing.a; 1 more where an apply would change nothing

~ aws_thing.a  changed in the cloud and in the code, an apply would update it
  ~ a: x → y  (cloud)
  ~ b: 1 → 2  (code)

An apply would change nothing of this:
! aws_thing.k  changed in the cloud, no change by an apply
  ~ v: 1 → 2  (cloud, an apply keeps it)

1 more that nobody changed (--noise lists them)
`);
  });

  it('uses colours, and never prints a control character of a value', async () => {
    const evil = '\u001b]0;owned\u0007\r\u009b2J';
    const planned = { recorded: { tags: {} }, actual: { tags: { [evil]: evil } }, desired: { tags: {} } };
    const plain = await run(['plan.json'], doc(planned));
    expect(plain.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    const coloured = await run(['plan.json'], doc(planned), true);
    expect(coloured.out).toContain('\u001b[32m+ tags');
    expect(coloured.out.replace(/\u001b\[\d+m/g, '')).toBe(plain.out);
  });
});
