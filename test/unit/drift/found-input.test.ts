/** Plans that m0 once read wrongly. Each stands in test/found/explain under the name of its fault. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';

const FOLDER = join(import.meta.dirname, '../../found/explain');

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], content?: Uint8Array | string): Promise<Result> {
  let [out, err] = ['', ''];
  const bytes = content === undefined ? undefined : Buffer.from(content);
  const code = await explain(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
    readFile: (path) => (bytes === undefined ? readFile(path) : Promise.resolve(bytes)),
    readStdin: () => Promise.resolve(bytes ?? Buffer.from('')),
  });
  return { code, out, err };
}

const found = (name: string): string => join(FOLDER, `${name}.json`);
const textOf = (name: string): Promise<string> => readFile(found(name), 'utf8');

describe('04: an integer above 2^53', () => {
  const name = '04-integer-above-2-53-hidden';

  it('is a finding with all its digits, in JSON and for people', async () => {
    const json = await run([found(name), '--json']);
    expect(json.code).toBe(1);
    expect(json.out).toMatch(/"recorded": 1285704473650888702,\s+"actual": 1285704473650888703,/);
    expect((await run([found(name)])).out).toContain('agent_id: 1285704473650888702 → 1285704473650888703');
  });

  it('has all its digits inside a JSON document in a string, also if the document is big', async () => {
    for (const padding of ['', 'x'.repeat(2 ** 20)]) {
      const text = (await textOf(name)).replaceAll(
        /"agent_id": (\d+)/g,
        (_, n: string) => `"agent_id": ${JSON.stringify(`{"n":[${n}],"p":"${padding}"}`)}`,
      );
      const { out, code } = await run(['p.json', '--json'], text);
      expect(code).toBe(1);
      expect(out).toMatch(
        /"path": "n\[\*\]",\s+"kind": "added",\s+"recorded": null,\s+"actual": 1285704473650888703,/,
      );
    }
  });

  it('is the same finding in a plan over 1 MiB, which is parsed in pieces', async () => {
    const small = await textOf(name);
    const big = small.replace(
      '"output_changes": {}',
      `"output_changes": {}, "checks": [${'{"a":[1]},\n'.repeat(2 ** 17)}{}]`,
    );
    expect(big.length).toBeGreaterThan(2 ** 20);
    expect((await run(['p.json', '--json'], big)).out).toBe((await run(['p.json', '--json'], small)).out);
  });

  it('is no finding if only its spelling differs', async () => {
    const text = (await textOf(name)).replaceAll('1285704473650888703', '1285704473650888702.0');
    const { code, out } = await run(['p.json'], text);
    expect(out).toContain('Nothing drifted');
    expect(code).toBe(0);
  });
});

describe('14: a partial plan', () => {
  const name = '14-partial-plan-told-as-nothing-drifted';

  it('is never called free of drift', async () => {
    const { out } = await run([found(name)]);
    expect(out).toBe(
      `Nothing found in ${name}.json, but the plan is partial: random_pet.pets[*] is deferred (how many there will be is known only after an apply)\n`,
    );
    const json = JSON.parse((await run([found(name), '--json'])).out) as { partial: string[] };
    expect(json.partial).toEqual([
      'random_pet.pets[*] is deferred (how many there will be is known only after an apply)',
    ]);
  });

  it('with only `complete: false` says that it was targeted', async () => {
    const text = (await textOf(name)).replace('"deferred_changes"', '"deferred_action_invocations"');
    expect((await run(['p.json'], text.replace('"resource_change"', '"action_invocation"'))).out).toContain(
      'but the plan is partial: random_pet.pets[*] is deferred',
    );
    const none = JSON.stringify({ ...(JSON.parse(await textOf(name)) as object), deferred_changes: [] });
    expect((await run(['p.json'], none)).out).toContain('the plan is partial: it was made with -target');
  });
});

describe('17: a secret inside base64', () => {
  it('is printed nowhere, and the rest of the text is', async () => {
    for (const args of [[], ['--json'], ['--json', '--noise']]) {
      const { out } = await run([found('17-secret-inside-base64'), ...args]);
      if (args.length > 0)
        expect(out).toContain('IyEvYmluL2Jhc2gKZXhwb3J0IERCX1BBU1NXT1JEP(sensitive)plY2hvIGIK');
      expect(out).toContain('export DB_PASSWORD=(sensitive)');
      for (const part of out.match(/[A-Za-z0-9+/]{8,}/g) ?? []) {
        expect(Buffer.from(part, 'base64').toString('latin1')).not.toMatch(/s3cret|sup3r/);
      }
    }
  });
});

describe('20: several plans in one file', () => {
  const name = '20-two-plans-in-one-file';

  /** The two plans of the file. */
  async function both(): Promise<readonly [string, string]> {
    const text = await textOf(name);
    const second = text.indexOf('{"format_version"', text.indexOf('"configuration"'));
    return [text.slice(0, second), text.slice(second)];
  }

  it('are refused, whatever stands between them and around them', async () => {
    const [one, two] = await both();
    expect((await run(['p.json'], one)).err).toBe('');
    expect((await run(['p.json'], two)).err).toBe('');
    const pretty = JSON.stringify(JSON.parse(two), null, 2);
    const sorted = JSON.stringify({ configuration: {}, ...(JSON.parse(two) as object) });
    const sortedFirst = JSON.stringify({ configuration: {}, ...(JSON.parse(one) as object) });
    for (const text of [
      await textOf(name),
      `${one.trim()}${two}`,
      `${one}\n\n${pretty}\n`,
      `Initializing…\n${one}\n{"@level":"info"}\n${two}\nApply complete`,
      `prefix ${one}\n${two}`,
      `${one}\n${sorted}`,
      `${sortedFirst}\n${two}`,
      `${sortedFirst}\n${sorted}`,
      `${one}${' '.repeat(2 ** 20)}${two}`,
    ]) {
      const result = await run(['p.json'], text);
      expect([result.code, result.out]).toEqual([2, '']);
      expect(result.err).toMatch(/^explain: p\.json: several plans .* in one file; give one/);
    }
    const gzip = Buffer.concat([gzipSync(one), gzipSync(two)]);
    expect((await run(['p.json'], gzip)).err).toContain('several plans');
  });

  it('log lines around one plan are accepted', async () => {
    const [, two] = await both();
    const log = '{"@level":"info","type":"resource_drift"}\n';
    const { code, out, err } = await run(
      ['p.json', '--json'],
      `${log}Refreshing…\n${two}\n${log}done {"a":1}`,
    );
    expect(err).toBe('');
    expect([code, out]).toEqual([1, (await run(['p.json', '--json'], two)).out]);
    const sorted = JSON.stringify({ configuration: {}, ...(JSON.parse(two) as object) });
    expect((await run(['p.json', '--json'], `${sorted}\ndone\n`)).err).toBe('');
  });
});

describe('where a plan comes from', () => {
  it('reads standard input and gzip, small and big', async () => {
    const text = await textOf('04-integer-above-2-53-hidden');
    const big = `${text}${' '.repeat(2 ** 21)}`;
    const plain = await run(['p.json', '--json'], text);
    for (const content of [text, big, gzipSync(text), gzipSync(big)]) {
      expect(await run(['-', '--json'], content)).toEqual(plain);
      expect(await run(['p.json', '--json'], content)).toEqual(plain);
    }
    expect((await run(['-'], text)).out).toMatch(/^1 drifted in standard input: /);
  });

  it('names damaged gzip', async () => {
    const whole = gzipSync(await textOf('04-integer-above-2-53-hidden'));
    for (const content of [whole.subarray(0, -20), Buffer.concat([whole, Buffer.from('x')])]) {
      const { code, err } = await run(['-'], content);
      expect(code).toBe(2);
      expect(err).toMatch(/^explain: standard input: is gzip that is damaged or cut short/);
    }
  });

  it("refuses HCP Terraform's redacted JSON by its name", async () => {
    // The keys of internal/cloud/testdata/plan-json-no-changes/plan-redacted.json in Terraform's repository.
    const redacted = JSON.stringify({
      plan_format_version: '1.1',
      resource_drift: [],
      resource_changes: [],
      relevant_attributes: [],
      output_changes: {},
      provider_schemas: {},
      provider_format_version: '1.0',
    });
    const { code, err } = await run(['-'], redacted);
    expect(code).toBe(2);
    expect(err).toMatch(/HCP Terraform's redacted JSON.*fetch the plan's `json-output`/);
  });
});
