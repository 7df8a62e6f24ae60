import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Decision, decide, type PolicyAnswer } from '../decisions/decision.ts';
import { analyzePlan } from '../drift/analyze.ts';
import type { Analysis, Finding } from '../drift/finding.ts';
import { PlanError, readPlan } from '../drift/read-plan.ts';
import { scrub } from '../drift/secrets.ts';
import { oneLine } from '../drift/summary.ts';
import { anchor, readValues, type SpokenMessage } from '../policy/answer.ts';
import { compilePolicy } from '../policy/compile.ts';
import { inputDocument, knownAddresses } from '../policy/document.ts';
import { evaluate } from '../policy/evaluate.ts';
import { type LintWarning, lintRego } from '../policy/lint.ts';
import { createOpa } from '../policy/opa.ts';
import { POLICY_LIMITS } from '../policy/policies.ts';
import { FailedTests, PolicyRefusal } from '../policy/refusal.ts';
import { listPolicy } from '../policy/stage.ts';
import { proveBundle } from '../policy/sync.ts';
import { testPolicy } from '../policy/test-cases.ts';
import { M0 } from '../runs/run.ts';
import { bareStack } from '../runs/stack.ts';

/** Where a command writes; `text` has its own line breaks. */
export interface PolicyIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export interface PolicyCommandOptions {
  /** Path of the opa binary. */
  readonly opa: string;
  /** m0's data directory, for scratch space. */
  readonly dataDir: string;
  /** Where paths typed are meant from. */
  readonly cwd: string;
  /** ms since epoch: the instant that the policy sees. */
  readonly now: number;
}

const USAGE =
  'policy: say `policy check DIR [--plan PLAN.json] [--input INPUT.json] [--json]` or `policy test DIR`\n';

/** Something typed or named that can't be used; its text is the one line for stderr. */
class WrongUse extends Error {}

/**
 * `policy check DIR …` and `policy test DIR` (contract "command line").
 *
 * @returns the exit code: 0 the policy compiles and, where it was given something to decide, lets all of it
 * happen by itself; 1 something waits, is denied or differs, or its tests fail; 2 wrong use, or a policy or file that can't be
 * used (one line on `err`).
 */
export async function policyCommand(
  args: readonly string[],
  io: PolicyIo,
  options: PolicyCommandOptions,
): Promise<number> {
  const [command, ...rest] = args;
  try {
    const typed = parse(rest);
    if (typed !== null && command === 'check') return await check(typed, io, options);
    if (typed !== null && command === 'test' && !typed.json && !typed.plan && !typed.input) {
      return await test(typed.dir, io, options);
    }
    io.err(USAGE);
    return 2;
  } catch (error) {
    if (error instanceof PolicyRefusal) io.err(`policy ${command}: ${rest[0]}: ${oneLine(error.message)}\n`);
    else if (error instanceof WrongUse || error instanceof PlanError) {
      io.err(`policy ${command}: ${oneLine(error.message)}\n`);
    } else throw error;
    return error instanceof FailedTests ? 1 : 2;
  }
}

interface Typed {
  readonly dir: string;
  readonly plan: string | null;
  readonly input: string | null;
  readonly json: boolean;
}

function parse(args: readonly string[]): Typed | null {
  let dir: string | null = null;
  let plan: string | null = null;
  let input: string | null = null;
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--json') json = true;
    else if (arg === '--plan' || arg === '--input') {
      const value = args[++i];
      if (value === undefined) return null;
      if (arg === '--plan') plan = value;
      else input = value;
    } else if (arg.startsWith('-') || dir !== null) return null;
    else dir = arg;
  }
  return dir === null ? null : { dir, plan, input, json };
}

async function directory(typed: string, options: PolicyCommandOptions): Promise<string> {
  const dir = resolve(options.cwd, typed);
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new WrongUse(`${typed} is not a directory; name a policy's folder`);
  return dir;
}

async function test(typed: string, io: PolicyIo, options: PolicyCommandOptions): Promise<number> {
  const dir = await directory(typed, options);
  const opa = createOpa(options.opa, POLICY_LIMITS.opaMs);
  const report = await testPolicy(opa, dir, scratchOf(options), { ...POLICY_LIMITS, timeMs: 30_000 });
  for (const name of report.differ) io.out(`differs  ${name}: passes in opa, does not hold through Wasm\n`);
  for (const name of report.skipped) io.out(`skipped  ${name}\n`);
  const count = report.passed.length + report.differ.length;
  io.out(
    count === 0
      ? `${typed}: compiles, and has no tests\n`
      : `${typed}: ${count} tests pass in opa, ${report.passed.length} of them through Wasm too\n`,
  );
  return report.differ.length === 0 ? 0 : 1;
}

function scratchOf(options: PolicyCommandOptions): string {
  return join(options.dataDir, 'policies', 'scratch');
}

async function check(typed: Typed, io: PolicyIo, options: PolicyCommandOptions): Promise<number> {
  const dir = await directory(typed.dir, options);
  const compiled = await compilePolicy(createOpa(options.opa, POLICY_LIMITS.opaMs), dir, scratchOf(options));
  const bundle = await proveBundle(compiled, POLICY_LIMITS);
  const warnings: LintWarning[] = [];
  for (const file of (await listPolicy(dir)).rules) {
    warnings.push(...lintRego(file, await readFile(join(dir, file), 'utf8')));
  }
  const placesOf = (message: { rule: string; package?: string }): string[] =>
    bundle.rules
      .filter((r) => r.rule === message.rule && (message.package ?? r.package) === r.package)
      .map((r) => `${r.file}:${r.line}`);

  const asked = await questionOf(typed, options);
  if (asked === null) {
    if (typed.json) {
      io.out(
        `${JSON.stringify({ formatVersion: 1, syntax: bundle.syntax, rules: bundle.rules, warnings }, null, 2)}\n`,
      );
    } else {
      io.out(header(typed.dir, bundle.syntax, bundle.rules, warnings));
    }
    return 0;
  }
  const clean = (text: string): string => scrub(text, asked.analysis.secrets);
  const evaluated = await evaluate(bundle, asked.input, options.now, POLICY_LIMITS);
  const reading = evaluated.ok ? readValues(evaluated.values, bundle.rules, 'decide') : evaluated;
  const known = knownAddresses(asked.document, asked.analysis.findings);
  const messages: readonly SpokenMessage[] = reading.ok
    ? anchor(reading.messages, known, new Map()).map((m) => ({ ...m, text: clean(m.text) }))
    : [];
  const answer: PolicyAnswer = {
    policy: basename(dir),
    mode: 'decide',
    commit: null,
    outcome: reading.ok ? { ok: true, messages } : { ok: false, error: clean(reading.error) },
  };
  const decision = decide(asked.analysis.findings, [answer], 'policy');
  const shown = messages.map((m) => ({ ...m, at: placesOf(m) }));
  if (typed.json) {
    const findings = decision.findings.map((f) => ({
      address: f.address,
      verdict: f.verdict,
      reasons: f.reasons.map((r) => ({ rule: r.rule, text: r.text, at: placesOf(r) })),
    }));
    const error = answer.outcome.ok ? {} : { error: answer.outcome.error };
    io.out(
      `${JSON.stringify({ formatVersion: 1, syntax: bundle.syntax, rules: bundle.rules, warnings, messages: shown, ...error, findings }, null, 2)}\n`,
    );
  } else {
    io.out(header(typed.dir, bundle.syntax, bundle.rules, warnings) + decided(decision, placesOf));
  }
  return decision.findings.every((f) => f.verdict === 'auto') ? 0 : 1;
}

function header(
  dir: string,
  syntax: string,
  rules: readonly { package: string; rule: string; file: string; line: number }[],
  warnings: readonly LintWarning[],
): string {
  const lines = [
    `${dir}: compiles as Rego ${syntax}`,
    ...rules.map((r) => `  ${`${r.package}.${r.rule}`.padEnd(14)}${r.file}:${r.line}`),
    ...warnings.map((w) => `warning: ${w.file}:${w.line}: ${w.text}`),
  ];
  return `${lines.join('\n')}\n`;
}

function decided(decision: Decision, placesOf: (m: { rule: string }) => string[]): string {
  const lines = decision.findings.flatMap((f) => [
    `${f.verdict.padEnd(7)}${oneLine(f.address)}`,
    ...f.reasons.map((r) => {
      const at = placesOf(r);
      return `       ${r.rule}: ${oneLine(r.text)}${at.length > 0 ? ` (${at.join(', ')})` : ''}`;
    }),
  ]);
  for (const w of decision.warnings) lines.push(`warn   ${oneLine(w.text)} (${placesOf(w).join(', ')})`);
  return lines.length > 0 ? `\n${lines.join('\n')}\n` : '\nnothing to decide\n';
}

interface Asked {
  readonly input: { readonly run: number; readonly json: string };
  readonly document: unknown;
  readonly analysis: Analysis;
}

/** Stands for a run as a whole where the input names no findings, as env0's own documents do. */
const WHOLE_RUN: Finding = {
  address: '(the whole run)',
  type: '',
  origin: 'cloud',
  action: 'update',
  actionable: true,
  attributes: [],
  fingerprint: '',
};

const NOTHING: Analysis = {
  findings: [],
  outputs: [],
  noise: [],
  counts: { findings: 0, cloud: 0, code: 0, both: 0, create: 0, update: 0, delete: 0, replace: 0, noise: 0 },
  secrets: [],
};

async function questionOf(typed: Typed, options: PolicyCommandOptions): Promise<Asked | null> {
  if (typed.plan === null && typed.input === null) return null;
  const given = typed.input === null ? {} : await readInput(typed.input, options);
  let analysis = NOTHING;
  let document: unknown = given.plan;
  if (typed.plan !== null) {
    const bytes = await read(typed.plan, options);
    // Fingerprints are not shown here, so their key need not be anybody's.
    analysis = analyzePlan(readPlan(bytes, typed.plan), { key: 'policy check' });
    document = JSON.parse(bytes.toString('utf8'));
  }
  const made = inputDocument(questionAbout(typed, options, analysis, document), () => null);
  const m0 = (typed.input === null ? made.m0 : { ...madeM0(made), ...givenM0(given) }) as Readonly<
    Record<string, unknown>
  >;
  const findings = typed.plan !== null ? madeM0(made).findings : m0.findings;
  const run = typeof m0.run === 'number' && Number.isSafeInteger(m0.run) ? m0.run : 1;
  const full = { ...made, ...given, plan: document ?? {}, m0: { ...m0, findings, run } };
  const judged = typed.plan !== null ? analysis.findings : findingsIn(givenM0(given).findings);
  return {
    input: { run, json: JSON.stringify(full) },
    document,
    analysis: { ...analysis, findings: judged.length === 0 && typed.plan === null ? [WHOLE_RUN] : judged },
  };
}

function madeM0(made: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return made.m0 as Readonly<Record<string, unknown>>;
}

function givenM0(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const m0 = given.m0;
  return m0 !== null && typeof m0 === 'object' ? (m0 as Readonly<Record<string, unknown>>) : {};
}

/** Findings of an input document, as far as a decision needs them. */
function findingsIn(value: unknown): readonly Finding[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const address = (item as { readonly address?: unknown } | null)?.address;
    if (typeof address !== 'string') return [];
    return [{ ...WHOLE_RUN, ...(item as Partial<Finding>), address }];
  });
}

function questionAbout(
  typed: Typed,
  options: PolicyCommandOptions,
  analysis: Analysis,
  document: unknown,
): Parameters<typeof inputDocument>[0] {
  const name = basename(typed.plan ?? typed.input ?? '', '.json');
  return {
    run: 1,
    stack: bareStack(name, name, { realign: 'policy' }),
    trigger: 'command',
    code: { repository: '', ref: '', commit: '', author: '', authorEmail: '', committedAt: 0, subject: '' },
    analysis,
    document,
    requestedBy: M0,
    approvers: [],
    now: options.now,
  };
}

async function read(typed: string, options: PolicyCommandOptions): Promise<Buffer> {
  try {
    return await readFile(resolve(options.cwd, typed));
  } catch (error) {
    throw new WrongUse(
      `${typed}: ${(error as NodeJS.ErrnoException).code ?? 'can’t be read'}; name a file that is there`,
    );
  }
}

async function readInput(
  typed: string,
  options: PolicyCommandOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const text = (await read(typed, options)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new WrongUse(`${typed}: is no JSON: ${(error as Error).message}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new WrongUse(`${typed}: is no input document; it must be a JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}
