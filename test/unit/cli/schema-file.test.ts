import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { type Planned, planJson } from '../../support/plan.ts';
import { COMPUTED, schemaDocument, TEXT } from '../../support/schema.ts';

const STOPPED: Planned = {
  address: 'aws_instance.i',
  recorded: { instance_state: 'running' },
  actual: { instance_state: 'stopped' },
  expressions: {},
};
const SCHEMA = schemaDocument({ aws_instance: { attributes: { instance_state: COMPUTED, note: TEXT } } });

async function run(
  args: readonly string[],
  files: Readonly<Record<string, Json | Uint8Array>>,
  color = false,
) {
  const result = { code: 0, out: '', err: '' };
  result.code = await explain(args, {
    color,
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    async readFile(path) {
      const file = files[path];
      if (file === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
      return file instanceof Uint8Array ? file : Buffer.from(JSON.stringify(file));
    },
  });
  return result;
}

const plan = planJson([STOPPED]);
const zipped = gzipSync(JSON.stringify(SCHEMA));

describe('explain --schema', () => {
  it.each([
    ['a file', ['plan', '--schema', 'schema', '--json'], SCHEMA],
    ['a compressed file', ['--schema=schema', 'plan', '--json'], zipped],
  ])('judges by %s', async (_, args, schema) => {
    const { out, code } = await run(args, { plan, schema });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      schema: true,
      findings: [{ actionable: false, attributes: [{ path: 'instance_state', computed: true }] }],
    });
  });

  it('says at the end what is judged without one', async () => {
    const without = await run(['plan'], { plan });
    expect(without.out).toMatch(/\n\nWithout the provider's schema: [^\n]+\n$/);
    expect((await run(['plan'], { plan }, true)).out).toMatch(/\u001b\[2mWithout[^\n]+\u001b\[0m\n$/);
    expect((await run(['plan', '--schema', 'schema'], { plan, schema: SCHEMA })).out).not.toContain(
      'Without',
    );
    const other = schemaDocument({ aws_other: {} });
    const partly = await run(['plan', '--schema', 'schema'], { plan, schema: other });
    expect(partly.out).toMatch(/\nWithout the provider's schema of aws_instance: [^\n]+\n$/);
    for (const [args, schema] of [
      [['plan', '--json'], SCHEMA],
      [['plan', '--json', '--schema', 'schema'], other],
    ] as const)
      expect(JSON.parse((await run(args, { plan, schema })).out)).toMatchObject({ schema: false });
  });

  it.each<[string, readonly string[], Json | Uint8Array, RegExp]>([
    ['no name', ['plan', '--schema'], SCHEMA, /--schema names no file; use:/],
    ['an option as its name', ['plan', '--schema', '--json'], SCHEMA, /--schema names no file/],
    ['two names', ['plan', '--schema=schema', '--schema=schema'], SCHEMA, /more than one --schema/],
    ['no such file', ['plan', '--schema', 'gone'], SCHEMA, /gone: no such file; [^\n]*providers schema/],
    ['a plan', ['plan', '--schema', 'plan'], SCHEMA, /plan: is no document of `terraform providers schema/],
    ['no provider', ['plan', '--schema', 'schema'], { format_version: '1.0' }, /schema: has no provider/],
    [
      'half a file',
      ['plan', '--schema', 'schema'],
      zipped.subarray(0, 40),
      /schema: is gzip that is damaged or cut short/,
    ],
    ['no JSON', ['plan', '--schema', 'schema'], Buffer.from('resource {}'), /schema: holds no complete JSON/],
  ])('refuses %s in one line', async (_, args, schema, message) => {
    const { code, out, err } = await run(args, { plan, schema });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/^explain: [^\n]+\n$/);
  });
});
