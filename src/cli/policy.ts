/** The commands `m0 policy check` and `m0 policy test`. */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Decision, decide, type PolicyAnswer, type Reason } from '../decisions/decision.ts';
import { PlanError } from '../drift/read-plan.ts';
import { scrub } from '../drift/secrets.ts';
import { oneLine } from '../drift/value-text.ts';
import type { AnswerMessage } from '../policy/answer.ts';
import { type Asking, askPolicies } from '../policy/ask.ts';
import type { Bundle, RuleDefinition } from '../policy/bundle.ts';
import { compilePolicy } from '../policy/compile.ts';
import { type Compiler, createCompiler } from '../policy/compiler.ts';
import { lintPolicy, notesOn } from '../policy/lint.ts';
import { type LintWarning, sortWarnings } from '../policy/lint-warning.ts';
import { createOpa } from '../policy/opa.ts';
import { outcomeOf } from '../policy/outcome.ts';
import { parseFiles, readRego } from '../policy/parse.ts';
import { POLICY_LIMITS } from '../policy/policies.ts';
import { FailedTests, PolicyRefusal } from '../policy/refusal.ts';
import { listPolicy } from '../policy/stage.ts';
import { proveBundle } from '../policy/sync.ts';
import { type TestReport, testPolicy } from '../policy/test-cases.ts';
import { whyNotByItself } from '../runs/why-not.ts';
import type { ExitCode } from './commands.ts';
import { type PolicyInput, policyInputOf, type TypedQuestion, UsageError } from './policy-question.ts';

/** The output of a command. `text` includes its line breaks. */
export interface PolicyIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** What the policy command needs from the process. */
export interface PolicyCommandOptions {
  /** Path of the opa binary. */
  readonly opa: string;
  /** m0's data folder, for temporary files. */
  readonly dataDir: string;
  /** The folder that typed paths are relative to. */
  readonly cwd: string;
  /** ms since epoch: the time that the policy sees. */
  readonly now: number;
  /** All of standard input, for `--plan -`. */
  readonly readStdin?: () => Promise<Uint8Array>;
}

const USAGE =
  'policy: say `policy check DIR [--plan PLAN.json|-] [--input INPUT.json] [--approver EMAIL]… [--json]` or `policy test DIR`\n';

/**
 * `policy check DIR …` and `policy test DIR`.
 *
 * @returns the exit code: 0 if the policy compiles and, if it got something to decide, allows all of it; 1 if
 * something waits, is denied or differs, if the lint finds an error, or if its tests fail; 2 if the command is wrong, or if a policy or file
 * can't be used (one line on `err`).
 */
export async function policyCommand(
  args: readonly string[],
  io: PolicyIo,
  options: PolicyCommandOptions,
): Promise<ExitCode> {
  const [command, ...rest] = args;
  try {
    const typed = parse(rest);
    if (typed !== null && command === 'check') return await check(typed, io, options);
    if (typed !== null && command === 'test' && rest.length === 1) return await test(typed.dir, io, options);
    io.err(USAGE);
    return 2;
  } catch (error) {
    if (error instanceof PolicyRefusal) io.err(`policy ${command}: ${rest[0]}: ${oneLine(error.message)}\n`);
    else if (error instanceof UsageError || error instanceof PlanError) {
      io.err(`policy ${command}: ${oneLine(error.message)}\n`);
    } else throw error;
    return error instanceof FailedTests ? 1 : 2;
  }
}

interface Typed extends TypedQuestion {
  readonly dir: string;
  readonly json: boolean;
}

const VALUES = ['--plan', '--input', '--approver'] as const;

function parse(args: readonly string[]): Typed | null {
  const given: Record<(typeof VALUES)[number], string[]> = { '--plan': [], '--input': [], '--approver': [] };
  const dirs: string[] = [];
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const option = VALUES.find((v) => v === arg);
    if (arg === '--json') json = true;
    else if (option !== undefined) {
      const value = args[++i];
      if (value === undefined) return null;
      given[option].push(value);
    } else if (arg.startsWith('-')) return null;
    else dirs.push(arg);
  }
  const [dir] = dirs;
  if (dir === undefined || dirs.length > 1) return null;
  const plan = given['--plan'].at(-1) ?? null;
  const input = given['--input'].at(-1) ?? null;
  // Approvers have no effect without a question.
  if (given['--approver'].length > 0 && plan === null && input === null) return null;
  return { dir, plan, input, approvers: given['--approver'], json };
}

async function directory(typed: string, options: PolicyCommandOptions): Promise<string> {
  const dir = resolve(options.cwd, typed);
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new UsageError(`${typed} is not a directory; name a policy's folder`);
  return dir;
}

async function test(typed: string, io: PolicyIo, options: PolicyCommandOptions): Promise<ExitCode> {
  const dir = await directory(typed, options);
  const report = await inScratch(options, async (scratch) =>
    testPolicy(await compilerFor(options, scratch)(), dir, scratch),
  );
  for (const name of report.differ) io.out(`differs  ${name}: passes in opa, does not hold through Wasm\n`);
  for (const name of report.skipped) io.out(`skipped  ${name}\n`);
  const count = report.passed.length + report.differ.length;
  io.out(
    count === 0
      ? `${typed}: compiles, and has no tests\n`
      : `${typed}: ${count} tests pass in opa, ${wasmText(report)}\n`,
  );
  return report.differ.length === 0 ? 0 : 1;
}

function wasmText({ passed, wasm }: TestReport): string {
  return wasm ? `${passed.length} of them through Wasm too` : 'which answers for it in production';
}

/** Runs `task` with a new folder for temporary files. */
async function inScratch<T>(options: PolicyCommandOptions, task: (dir: string) => Promise<T>): Promise<T> {
  const parent = join(resolve(options.cwd, options.dataDir), 'policies', 'scratch');
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, 'check-'));
  try {
    return await task(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function compilerFor(options: PolicyCommandOptions, scratch: string): () => Promise<Compiler> {
  return createCompiler(options.opa, { ...POLICY_LIMITS, timeMs: POLICY_LIMITS.compileMs }, scratch);
}

function check(typed: Typed, io: PolicyIo, options: PolicyCommandOptions): Promise<ExitCode> {
  return inScratch(options, async (scratch) => {
    const dir = await directory(typed.dir, options);
    const compiler = await compilerFor(options, scratch)();
    const bundle = await compilePolicy(compiler, dir, join(scratch, 'compiled'), [dir]);
    await proveBundle(compiler, bundle);
    const checked: Checked = {
      dir: typed.dir,
      bundle,
      ...(await lint(compiler, dir, scratch, bundle)),
    };
    const asked = await policyInputOf(typed, options);
    const { capabilities } = compiler;
    const asking = { opa: createOpa(options.opa, POLICY_LIMITS), capabilities, now: options.now };
    const answered = asked === null ? null : await answer(bundle, basename(dir), asked, asking);
    io.out(
      typed.json ? jsonOf(checked, answered) : header(checked) + (answered === null ? '' : decided(answered)),
    );
    const isClean = checked.warnings.every((w) => w.level === 'warning');
    const isAuto = answered === null || answered.decision.findings.every((f) => f.verdict === 'auto');
    return isClean && isAuto ? 0 : 1;
  });
}

/** What is known about a policy before it is evaluated. */
interface Checked {
  readonly dir: string;
  readonly bundle: Bundle;
  readonly warnings: readonly LintWarning[];
  readonly notes: readonly string[];
}

async function lint(
  { opa }: Compiler,
  dir: string,
  work: string,
  { syntax, leftOut }: Bundle,
): Promise<Pick<Checked, 'warnings' | 'notes'>> {
  const files = await listPolicy(dir);
  const parsed = await parseFiles(opa, work, await readRego(dir, files.rules), syntax);
  const tests = await parseFiles(opa, work, await readRego(dir, files.tests), syntax);
  return { warnings: sortWarnings([...lintPolicy(parsed, tests), ...leftOut]), notes: notesOn(parsed) };
}

/** A message or reason with the lines that may have produced it: the known ones, or else all lines of its rule. */
type WithLines<T> = T & { readonly at: readonly string[] };

interface PolicyCheckResult {
  readonly messages: readonly WithLines<Omit<AnswerMessage, 'at'>>[];
  readonly error: string | null;
  readonly decision: Decision;
  placed(reasons: readonly Reason[]): readonly WithLines<Pick<Reason, 'rule' | 'text'>>[];
}

async function answer(
  bundle: Bundle,
  policy: string,
  asked: PolicyInput,
  asking: Asking,
): Promise<PolicyCheckResult> {
  const clean = (text: string): string => scrub(text, asked.analysis.secrets);
  const cleaned = (all: readonly AnswerMessage[]): readonly AnswerMessage[] =>
    all.map((m) => ({ ...m, text: clean(m.text) }));
  const { run, json } = asked.input;
  const [evaluation] = await askPolicies([{ bundle, data: null }], { run, json: () => [json] }, asking);
  if (evaluation === undefined) throw new Error('asking the policy: no answer');
  const said = outcomeOf(evaluation, bundle.rules, 'decide', asked);
  const outcome: PolicyAnswer['outcome'] = said.ok
    ? { ok: true, messages: cleaned(said.messages) }
    : { ok: false, error: clean(said.error), objections: cleaned(said.objections) };
  const error = outcome.ok ? null : outcome.error;
  const messages = cleaned(said.ok ? said.messages : said.objections);
  const decision = decide(
    asked.analysis.findings,
    [{ policy, mode: 'decide', commit: null, outcome }],
    'policy',
    whyNotByItself(asked.analysis, true) ?? undefined,
  );
  return {
    messages: merged(messages.map(({ at, ...m }) => ({ ...m, at: placesOf(bundle.rules, { ...m, at }) }))),
    error,
    decision,
    placed: (reasons) =>
      merged(reasons.map((r) => ({ rule: r.rule, text: r.text, at: placesOf(bundle.rules, r) }))),
  };
}

function placesOf(
  rules: readonly RuleDefinition[],
  reason: Pick<Reason, 'rule'> & { readonly package?: string; readonly at?: Reason['at'] | undefined },
): readonly string[] {
  const ownPlace = reason.at === undefined ? null : [reason.at];
  const all = rules.filter((r) => r.rule === reason.rule && (reason.package ?? r.package) === r.package);
  return (ownPlace ?? all).map((r) => `${r.file}:${r.line}`);
}

/** Merges equal messages of several definitions into one, with the lines of all of them. */
function merged<T extends { readonly at: readonly string[] }>(messages: readonly T[]): readonly T[] {
  const by = new Map<string, T>();
  for (const one of messages) {
    const key = JSON.stringify({ ...one, at: null });
    by.set(key, { ...one, at: [...(by.get(key)?.at ?? []), ...one.at] });
  }
  return [...by.values()].map((one) => ({ ...one, at: [...new Set(one.at)] }));
}

function jsonOf({ bundle, warnings, notes }: Checked, answered: PolicyCheckResult | null): string {
  const { syntax, readsApprovers } = bundle;
  const rules = bundle.rules.map(({ mute: _, ...rule }) => rule);
  const known = { formatVersion: 1, syntax, rules, readsApprovers, warnings, notes };
  if (answered === null) return `${JSON.stringify(known, null, 2)}\n`;
  const { messages, error, decision } = answered;
  const findings = decision.findings.map((f) => ({
    address: f.address,
    verdict: f.verdict,
    reasons: answered.placed(f.reasons),
  }));
  const document = { ...known, messages, ...(error === null ? {} : { error }), findings };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function header({ dir, bundle, warnings, notes }: Checked): string {
  const lines = [
    `${dir}: compiles as Rego ${bundle.syntax}`,
    ...bundle.rules.map((r) => `  ${`${r.package}.${r.rule}`.padEnd(14)}${r.file}:${r.line}`),
    ...warnings.map((w) => `${w.level}: ${w.file}:${w.line}: ${w.text}`),
    ...notes.map((note) => `note: ${note}`),
  ];
  return `${lines.join('\n')}\n`;
}

function decided({ messages, decision, placed }: PolicyCheckResult): string {
  const at = (places: readonly string[]): string => (places.length > 0 ? ` (${places.join(', ')})` : '');
  const lines = decision.findings.flatMap((f) => [
    `${f.verdict.padEnd(7)}${oneLine(f.address)}`,
    ...placed(f.reasons).map((r) => `       ${r.rule}: ${oneLine(r.text)}${at(r.at)}`),
  ]);
  for (const w of messages) if (w.rule === 'warn') lines.push(`warn   ${oneLine(w.text)}${at(w.at)}`);
  return lines.length > 0 ? `\n${lines.join('\n')}\n` : '\nnothing to decide\n';
}
