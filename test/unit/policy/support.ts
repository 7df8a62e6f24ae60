import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import type { Decision, PolicyAnswer, PolicyMode, Verdict } from '../../../src/decisions/decision.ts';
import { decide } from '../../../src/decisions/decision.ts';
import type { Analysis, Finding } from '../../../src/drift/finding.ts';
import { createMirrors } from '../../../src/git/mirrors.ts';
import type { PolicySource } from '../../../src/model/directory.ts';
import { type AskedPolicy, askPolicies, type Evaluation } from '../../../src/policy/ask.ts';
import type { Bundle } from '../../../src/policy/bundle.ts';
import { compilePolicy } from '../../../src/policy/compile.ts';
import { type Compiler, createCompiler } from '../../../src/policy/compiler.ts';
import { createOpa } from '../../../src/policy/opa.ts';
import { createPolicies, type PolicyLimits } from '../../../src/policy/policies.ts';
import type { PolicyPort, PolicyQuestion } from '../../../src/ports/policy.ts';
import { loadTools } from '../../../src/setup/tools.ts';
import { stack } from '../../support/directory.ts';
import { plannedFrom } from '../../support/planned-changes.ts';
import { CODE, DANA, NOON, tagFinding } from '../../support/runs.ts';

/** The real opa, as set-up left it. */
export const OPA = (await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env)).opa;

export const SILENT = createLogger('silent');

/** A directory that is gone after the test. */
export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'm0-policy-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Writes files by path below `dir`. */
export async function write(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

/** A real Git repository of policies. */
export interface PolicyRepository {
  readonly url: string;
  /** Commits these files over what is there; returns the full commit. */
  commit(files: Readonly<Record<string, string>>): Promise<string>;
  /** Takes the repository away. */
  vanish(): Promise<void>;
}

export async function policyRepository(
  files: Readonly<Record<string, string>>,
): Promise<PolicyRepository & { readonly first: string }> {
  const dir = join(await scratch(), 'policies');
  const git = async (...args: string[]): Promise<string> =>
    (await execa('git', ['-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev', ...args], { cwd: dir }))
      .stdout;
  await mkdir(dir);
  await git('init', '--quiet', '--initial-branch', 'main');
  const commit = async (changed: Readonly<Record<string, string>>): Promise<string> => {
    await write(dir, changed);
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', 'policy');
    return git('rev-parse', 'HEAD');
  };
  const first = await commit(files);
  return {
    url: `file://${dir}`,
    first,
    commit,
    vanish: () => rm(dir, { recursive: true, force: true }),
  };
}

export function source(url: string, change: Partial<PolicySource> = {}): PolicySource {
  return { name: 'approvals', git: url, ref: 'main', path: '', mode: 'decide', ...change };
}

export function analysis(findings: readonly Finding[], secrets: readonly string[] = []): Analysis {
  const counts = {
    findings: findings.length,
    ...{ cloud: 0, code: 0, both: 0, create: 0, update: 0, delete: 0, replace: 0, noise: 0 },
  };
  return { ...plannedFrom(findings), outputs: [], noise: [], counts, secrets, untold: [] };
}

export function question(
  policies: readonly PolicySource[],
  change: Partial<PolicyQuestion> = {},
): PolicyQuestion {
  const findings = [tagFinding()];
  return {
    run: 42,
    stack: stack({ policies }),
    trigger: 'schedule',
    code: CODE,
    analysis: analysis(findings),
    document: { format_version: '1.2', resource_changes: findings.map((f) => ({ address: f.address })) },
    requestedBy: DANA,
    approvers: [],
    now: NOON,
    ...change,
  };
}

/** Policies over real mirrors that look at their repositories anew each time. */
export async function policies(
  limits: Partial<PolicyLimits> = {},
  opa = OPA,
  home?: string,
): Promise<PolicyPort & { close(): void }> {
  const dir = home ?? (await scratch());
  const mirrors = createMirrors({
    dir: join(dir, 'mirrors'),
    log: SILENT,
    base: process.env,
  });
  const port = createPolicies({
    dataDir: dir,
    opa,
    mirrors,
    log: SILENT,
    limits: { syncEveryMs: 0, timeMs: 5000, ...limits },
  });
  onTestFinished(() => port.close());
  return port;
}

/** A policy that allows everything: whatever keeps a run from `auto` beside it is the other one's doing. */
export const ALLOW_ALL = 'package m0\n\nallow contains "fine" if true\n';

export function mode(value: PolicyMode): Partial<PolicySource> {
  return { mode: value };
}

export function combined(asked: PolicyQuestion, answers: readonly PolicyAnswer[]): Decision {
  return decide(asked.analysis.findings, answers, 'policy');
}

/** The verdicts of a decision, in the order of its findings. */
export function verdicts(asked: PolicyQuestion, answers: readonly PolicyAnswer[]): readonly Verdict[] {
  return combined(asked, answers).findings.map((f) => f.verdict);
}

/** Limits that a busy machine does not reach. */
const WIDE = { timeMs: 60_000, memoryBytes: 512 * 1024 * 1024 };

export async function compiler(limits = WIDE): Promise<Compiler> {
  return createCompiler(OPA, limits, await scratch())();
}

/** Compiles the policy in a folder. */
export async function compileDir(dir: string): Promise<Bundle> {
  return compilePolicy(await compiler(), dir, join(await scratch(), 'compiled'), [dir]);
}

/** Compiles a policy of these files. */
export async function compileFiles(files: Readonly<Record<string, string>>): Promise<Bundle> {
  const dir = await scratch();
  await write(dir, files);
  return compileDir(dir);
}

/** What opa says of one policy, or of several in one process, for an input whose `m0.run` is `run`. */
export async function askBundles(
  bundles: readonly Bundle[],
  json: string,
  {
    run = 7,
    now = 0,
    limits = WIDE,
    data = [],
  }: {
    run?: number;
    now?: number;
    limits?: typeof WIDE;
    /** What m0.yaml gives each policy. */
    data?: readonly AskedPolicy['data'][];
  } = {},
): Promise<readonly Evaluation[]> {
  const { capabilities } = await compiler();
  const asking = { opa: createOpa(OPA, limits), capabilities, now };
  return askPolicies(
    bundles.map((bundle, i) => ({ bundle, data: data[i] ?? null })),
    { run, json: () => [json] },
    asking,
  );
}

export async function askBundle(
  bundle: Bundle,
  json: string,
  change: Parameters<typeof askBundles>[2] = {},
): Promise<Evaluation> {
  const [evaluation] = await askBundles([bundle], json, change);
  if (evaluation === undefined) throw new Error('no answer');
  return evaluation;
}
