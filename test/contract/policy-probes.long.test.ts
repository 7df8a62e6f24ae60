/**
 * Changes that a careful engineer would look at first, and changes that nobody minds, each as a real plan: which of
 * them m0 would apply by itself. The result is test/policies/probes/README.md; `vitest -u` writes it anew.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Decision, PolicyMode } from '../../src/decisions/decision.ts';
import { analyzePlan } from '../../src/drift/analyze.ts';
import type { Json } from '../../src/drift/finding.ts';
import { type Planned, plan, planJson } from '../support/plan.ts';
import { combined, policies, policyRepository, question, source } from '../unit/policy/support.ts';

const SHIPPED = fileURLToPath(new URL('../../policies', import.meta.url));
const PROBES = fileURLToPath(new URL('../policies/probes', import.meta.url));

/** The guardrails that look at what is changed; the others count, look at the clock, or at who approved. */
const GUARDRAILS = [
  'capacity-human',
  'data-human',
  'hotfix-human',
  'identity-human',
  'labels-human',
  'monitoring-human',
  'network-human',
  'no-wider-exposure',
];
const DECIDERS = ['known-safe-auto', 'tags-auto', 'updates-auto'] as const;
type Decider = (typeof DECIDERS)[number];

type Values = { readonly [key: string]: Json };

/** One change. An apply puts `before` back: it is in the code, and in the state unless the code changed. */
interface Probe {
  readonly name: string;
  readonly kind: string;
  readonly why: string;
  readonly source?: string;
  readonly type: string;
  readonly address?: string;
  readonly action?: 'update' | 'create' | 'delete' | 'replace';
  readonly origin?: 'cloud' | 'code';
  readonly before: Values;
  readonly after: Values;
}

async function probesIn(folder: string): Promise<readonly Probe[]> {
  const dir = join(PROBES, folder);
  const files = (await readdir(dir)).filter((name) => name.endsWith('.json')).sort();
  const read = await Promise.all(
    files.map(async (name) => JSON.parse(await readFile(join(dir, name), 'utf8')) as readonly Probe[]),
  );
  return read.flat();
}

/** An address of its own, so that all probes fit into one plan. */
function addressOf(probe: Probe, index: number): string {
  return `${probe.type}.probe_${index}`;
}

/** The change as Terraform's plan has it: what drifted, and what an apply does. */
function planned(probe: Probe, index: number, origin = probe.origin ?? 'cloud'): Planned {
  const address = addressOf(probe, index);
  const before = { id: `id-${index}`, ...probe.before };
  const after = { id: `id-${index}`, ...probe.after };
  const recorded = origin === 'code' ? after : before;
  switch (probe.action ?? 'update') {
    case 'create':
      return { address, recorded: before, actual: null, desired: before, actions: ['create'] };
    case 'delete':
      return { address, recorded: after, actual: after, desired: null, actions: ['delete'] };
    case 'replace':
      return { address, recorded, actual: after, desired: before, actions: ['delete', 'create'] };
    case 'update':
      return { address, recorded, actual: after, desired: before };
  }
}

async function shippedFiles(folder: string): Promise<readonly (readonly [string, string])[]> {
  const entries = await readdir(join(SHIPPED, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('_test.rego'));
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(SHIPPED, path), await readFile(path, 'utf8')] as const;
    }),
  );
}

/** Loads the policies once, and asks them about many plans. */
async function library(): Promise<
  (names: readonly string[], plans: readonly Planned[]) => Promise<Decision>
> {
  const files = (await Promise.all([...DECIDERS, ...GUARDRAILS].map(shippedFiles))).flat();
  const { url } = await policyRepository(Object.fromEntries(files));
  const port = await policies({ timeMs: 120_000, syncEveryMs: 3_600_000 });
  return async (names, plans) => {
    const sources = names.map((name) => {
      const mode: PolicyMode = GUARDRAILS.includes(name) ? 'guardrail' : 'decide';
      return source(url, { name, path: name, mode });
    });
    const analysis = analyzePlan(plan(plans), { key: 'probes' });
    const asked = question(sources, { analysis, document: planJson(plans) });
    const answers = await port.ask(asked);
    expect(answers.filter((a) => !a.outcome.ok)).toEqual([]);
    return combined(asked, answers);
  };
}

/** What became of one probe. */
interface Row {
  readonly probe: Probe;
  /** Verdict by decider, beside all guardrails. */
  readonly verdicts: Readonly<Record<Decider, string>>;
  /** The guardrails that object. */
  readonly objecting: readonly string[];
}

interface Measured {
  readonly dangerous: readonly Row[];
  readonly harmless: readonly Row[];
  /** Verdicts of the dangerous under known-safe-auto without any guardrail. */
  readonly alone: readonly string[];
  /** Verdicts of the dangerous under updates-auto beside the guardrails, where the code asks for the change. */
  readonly fromCode: readonly string[];
}

async function measure(): Promise<Measured> {
  const ask = await library();
  const rowsOf = async (probes: readonly Probe[]): Promise<readonly Row[]> => {
    const plans = probes.map((probe, index) => planned(probe, index));
    const decisions = await Promise.all(
      DECIDERS.map(async (decider) => [decider, await ask([decider, ...GUARDRAILS], plans)] as const),
    );
    return probes.map((probe, index) => {
      const address = addressOf(probe, index);
      const found = decisions.map(([decider, { findings }]) => {
        const one = findings.find((f) => f.address === address);
        if (one === undefined) throw new Error(`${probe.name}: the plan shows no change`);
        // An objection to the whole run would hide what is decided about the single change.
        const objections = one.reasons.filter((r) => r.rule === 'pending' || r.rule === 'deny');
        expect(objections.filter((r) => r.address !== address)).toEqual([]);
        return { decider, verdict: one.verdict, by: objections.map((r) => r.policy ?? '') };
      });
      const verdicts = Object.fromEntries(found.map((f) => [f.decider, f.verdict])) as Row['verdicts'];
      const by = found.flatMap((f) => f.by).filter((policy) => GUARDRAILS.includes(policy));
      return { probe, verdicts, objecting: [...new Set(by)].sort() };
    });
  };
  const probes = await probesIn('dangerous');
  const plans = probes.map((probe, index) => planned(probe, index));
  const byCode = probes.map((probe, index) => planned(probe, index, 'code'));
  return {
    dangerous: await rowsOf(probes),
    harmless: await rowsOf(await probesIn('harmless')),
    alone: (await ask(['known-safe-auto'], plans)).findings.map((f) => f.verdict),
    fromCode: (await ask(['updates-auto', ...GUARDRAILS], byCode)).findings.map((f) => f.verdict),
  };
}

/** Asked in the first test that needs it. */
let measured: Promise<Measured> | undefined;
function measuredOnce(): Promise<Measured> {
  measured ??= measure();
  return measured;
}

const named = (found: readonly Row[]) => found.map((r) => `${r.probe.type}: ${r.probe.name}`);
const auto = (found: readonly Row[], decider: Decider) => found.filter((r) => r.verdicts[decider] === 'auto');
const cell = (text: string) => text.replaceAll('|', '\\|');

function table(found: readonly Row[]): string {
  const lines = found.map(({ probe, verdicts, objecting }) =>
    [
      ...[probe.kind, `\`${probe.type}\``, cell(probe.name), cell(probe.why)],
      ...[...DECIDERS.map((decider) => verdicts[decider]), objecting.join(', ') || '–'],
    ].join(' | '),
  );
  return [
    `| kind | type | what an apply does | why | ${DECIDERS.join(' | ')} | guardrails that object |`,
    '|---|---|---|---|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}

function counts(found: readonly Row[]): string {
  const numbers = DECIDERS.map((decider) => `${auto(found, decider).length} under \`${decider}\``);
  const free = found.filter((r) => r.objecting.length === 0).length;
  return `${found.length} changes. Applied without a person: ${numbers.join(', ')}. No guardrail objects to ${free}.`;
}

describe('the starter policies and the probes', () => {
  it('apply nothing dangerous by themselves: known-safe-auto not even alone, tags-auto and updates-auto beside the guardrails', async () => {
    const { dangerous, alone, fromCode } = await measuredOnce();
    expect(dangerous.length).toBeGreaterThanOrEqual(200);
    for (const decider of DECIDERS) expect([decider, named(auto(dangerous, decider))]).toEqual([decider, []]);
    expect(alone.filter((verdict) => verdict === 'auto')).toEqual([]);
    expect(fromCode.filter((verdict) => verdict === 'auto')).toEqual([]);
  }, 1_200_000);

  it('object to everything dangerous, whichever policy decides', async () => {
    const { dangerous } = await measuredOnce();
    expect(named(dangerous.filter((r) => r.objecting.length === 0))).toEqual([]);
  }, 1_200_000);

  it('apply what is harmless, the removed tag of a bucket among it', async () => {
    const { harmless } = await measuredOnce();
    expect(harmless.length).toBeGreaterThanOrEqual(60);
    const applied = auto(harmless, 'known-safe-auto');
    expect(applied.length).toBeGreaterThanOrEqual(50);
    expect(applied.some(({ probe }) => probe.type === 'aws_s3_bucket' && 'tags' in probe.before)).toBe(true);
  }, 1_200_000);

  it('each probe has a name of its own, a reason and a page', async () => {
    const dangerous = await probesIn('dangerous');
    expect(new Set(dangerous.map((p) => `${p.type}: ${p.name}`)).size).toBe(dangerous.length);
    expect(dangerous.filter((probe) => !probe.why || !probe.source?.startsWith('https://'))).toEqual([]);
  });

  it('the table in test/policies/probes/README.md is what was found', async () => {
    const rows = await measuredOnce();
    const page = `# Probes of the starter policies

Written by \`vitest -u test/contract/policy-probes.long.test.ts\`. Each probe is a plan; three policies decide, each beside
${GUARDRAILS.map((name) => `\`${name}\``).join(', ')}. An apply puts back what the code says.

## Dangerous

Changes that a careful engineer would want to look at, written from the providers’ documentation before the rules, except
those of \`dangerous/unseen.json\` and \`dangerous/unseen-2.json\`, which were written after the rules, from the pages of
other resources, to see how many slip through: 3 of 58 and 2 of 56 did under \`updates-auto\`, until their kinds were added.

${counts(rows.dangerous)}

${table(rows.dangerous)}

## Harmless

${counts(rows.harmless)}

${table(rows.harmless)}
`;
    await expect(page).toMatchFileSnapshot(join(PROBES, 'README.md'));
  }, 1_200_000);
});
