import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';

interface Case {
  readonly did: string;
  readonly findings: readonly Record<string, unknown>[];
  readonly outputs: readonly unknown[];
  readonly noise: readonly (string | { readonly address: string })[];
  readonly secrets: readonly string[];
  /** Reported next to the drift. If a case has none, none may be reported. */
  readonly checks?: readonly unknown[];
  readonly inputs?: readonly unknown[];
}

const CASES = join(import.meta.dirname, '../../cases');
const names = readdirSync(CASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

async function run(
  args: readonly string[],
  color = false,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    color,
    readFile,
  };
  return { code: await explain(args, io), out, err };
}

/**
 * The value with JSON texts parsed and all empty values equal, so that spelling and the order of keys do not
 * matter.
 */
function plain(value: unknown, key = ''): unknown {
  if (value === '' || value === null || (Array.isArray(value) && value.length === 0)) return null;
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      return { document: plain(JSON.parse(value)) };
    } catch {
      return value;
    }
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => plain(item));
    const rows = key === 'attributes' || key === 'json';
    return rows ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([k, child]) => [k, plain(child, k)]));
  }
  return value;
}

function pick(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.flatMap((key) => (key in from ? [[key, from[key]]] : [])));
}

/** The fields that `explain --json` promises, without additions. */
function contractual(finding: Record<string, unknown>): unknown {
  const promised = ['address', 'origin', 'action', 'actionable', 'previousAddress', 'deletedByHand'];
  const attributes = (finding.attributes as Record<string, unknown>[]).map((attribute) =>
    pick(attribute, ['path', 'origin', 'kind', 'recorded', 'actual', 'desired', 'sensitive', 'json']),
  );
  return plain({ ...pick(finding, promised), attributes });
}

/** The correct results for a finding: its own, and one with the other origin if a plan can't decide it. */
function accepted(finding: Record<string, unknown>): unknown[] {
  const also = finding.alsoAccepted;
  const origin = typeof also === 'string' ? /^(cloud|code|both)\b/.exec(also)?.[1] : undefined;
  return [contractual(finding), ...(origin === undefined ? [] : [contractual({ ...finding, origin })])];
}

describe.each(names)('case %s', (name) => {
  const folder = join(CASES, name);
  const file = join(folder, 'plan.json');
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Case;

  it('explains exactly what was changed', async () => {
    const { code, out, err } = await run([file, '--json']);
    const answer = JSON.parse(out) as {
      findings: Record<string, unknown>[];
      outputs: unknown[];
      checks?: unknown[];
      inputs?: unknown[];
    };
    expect(err).toBe('');
    expect(answer.findings.map((f) => f.address)).toEqual(expected.findings.map((f) => f.address));
    for (const [i, finding] of expected.findings.entries()) {
      expect(accepted(finding)).toContainEqual(contractual(answer.findings[i] ?? {}));
    }
    expect(answer.outputs).toEqual(expected.outputs);
    expect([answer.checks, answer.inputs]).toEqual([expected.checks, expected.inputs]);
    expect(code).toBe(expected.findings.some((f) => f.actionable) ? 1 : 0);
  });

  it('tells every planned change', async () => {
    const { out } = await run([file, '--json']);
    expect((JSON.parse(out) as { untold?: unknown }).untold).toBeUndefined();
  });

  it('separates noise from findings', async () => {
    const { out } = await run([file, '--json', '--noise']);
    const answer = JSON.parse(out) as {
      findings: { address: string }[];
      noise: { address: string }[];
      counts: { noise: number };
    };
    const addresses = answer.noise.map((f) => f.address);
    for (const quiet of expected.noise) {
      expect(addresses).toContain(typeof quiet === 'string' ? quiet : quiet.address);
    }
    expect(answer.counts.noise).toBe(addresses.length);
    expect(answer.findings.map((f) => f.address).filter((a) => addresses.includes(a))).toEqual([]);
  });

  it('shows no secret and no control characters for a terminal', async () => {
    const outputs = [
      await run([file, '--json', '--noise']),
      await run([file, '--noise']),
      await run([file], true),
    ].map(({ out }) => out);
    for (const secret of expected.secrets) {
      for (const out of outputs) expect(out).not.toContain(secret);
    }
    // Without colour there are no escapes at all; with colour only m0's own.
    expect(outputs[1]).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/u,
    );
    expect(outputs[2]?.replace(/\u001b\[\d+m/g, '')).toBe((await run([file])).out);
  });

  it('fingerprints do not depend on the order of anything', () => {
    const text = readFileSync(file, 'utf8');
    const plan = JSON.parse(text) as Record<string, unknown[] | undefined>;
    const reversed = JSON.stringify({
      ...plan,
      resource_drift: plan.resource_drift?.toReversed(),
      resource_changes: plan.resource_changes?.toReversed(),
    });
    const digests = (source: string): string[] =>
      analyzePlan(readPlan(source, name), { key: 'k' }).findings.map((f) => f.fingerprint);
    expect(digests(reversed)).toEqual(digests(text));
  });
});
