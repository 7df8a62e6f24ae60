/** Measures policies: a decision against a bare process of `opa eval`, and chat while a policy uses the processor. */
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { execa } from 'execa';
import { createHandler } from '../../src/actions/handler.ts';
import { createLogger } from '../../src/base/log.ts';
import { createSlack } from '../../src/chat/slack/slack.ts';
import { analyzePlan } from '../../src/drift/analyze.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import type { PolicySource } from '../../src/model/directory.ts';
import { createOnCall } from '../../src/people/on-call.ts';
import { answerExpression } from '../../src/policy/ask.ts';
import type { BundleFacts } from '../../src/policy/bundle.ts';
import { inputFor } from '../../src/policy/document.ts';
import { createPolicies } from '../../src/policy/policies.ts';
import type { PolicyPort, PolicyQuestion } from '../../src/ports/policy.ts';
import { SECRETS, workspaceOptions } from '../../src/sandbox/sample-organisation.ts';
import { startWorkspace } from '../../src/sandbox/workspace/workspace.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { loadTools } from '../../src/setup/tools.ts';
import { Core } from '../support/core.ts';
import { stack } from '../support/directory.ts';
import { CODE, DANA, NOON } from '../support/runs.ts';
import { seenEvents } from '../support/seen-events.ts';
import { writeBigPlan } from './big-plan.ts';
import type { Limit } from './table.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHANGES = 5_000;
const COMMANDS = 40;
/** The time limit of the busy policy, which never ends on its own. */
const BUSY_MS = 6_000;
const BUSY = `package m0
allow contains "x"
deny contains "y" if {
  input.plan.format_version
  some i in numbers.range(1, 100000)
  some j in numbers.range(1, 100000)
  i + j == -1
}
`;
const log = createLogger('silent');

async function repository(dir: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const git = (...args: string[]) =>
    execa('git', ['-c', 'user.name=m0', '-c', 'user.email=m0@acme.dev', ...args], { cwd: dir });
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'policy');
  return `file://${dir}`;
}

/** The shipped policies as a repository. */
async function starterRepository(dir: string): Promise<string> {
  await cp(join(ROOT, 'policies'), dir, { recursive: true });
  return repository(dir, {});
}

function question(policies: readonly PolicySource[], about: Partial<PolicyQuestion>): PolicyQuestion {
  return {
    ...{ run: 42, stack: stack({ policies }), trigger: 'schedule', code: CODE, document: {} },
    ...{ requestedBy: DANA, approvers: [], now: NOON },
    analysis: {
      findings: [],
      outputs: [],
      noise: [],
      counts: NO_COUNTS,
      secrets: [],
      changes: [],
      untold: [],
    },
    ...about,
  };
}

const NO_COUNTS = {
  ...{ findings: 0, cloud: 0, code: 0, both: 0, create: 0, update: 0, delete: 0, replace: 0, noise: 0 },
};

function policiesIn(dataDir: string, opa: string, timeMs: number): PolicyPort & { close(): void } {
  const mirrors = createMirrors({ dir: join(dataDir, 'git'), log, base: process.env });
  const limits = { timeMs, syncEveryMs: 3_600_000 };
  return createPolicies({ dataDir, opa, mirrors, log, limits });
}

/** Starter policies that look at each finding and at the whole of a run. */
const SIX = [
  ...[
    'known-safe-auto',
    'network-human',
    'identity-human',
    'data-human',
    'no-wider-exposure',
    'blast-radius',
  ],
];

/** A policy that Wasm answers exactly, in the same words as many public ones. */
const PLAIN = `package m0
deny contains {"msg": "deleted", "address": change.address} if {
  some change in input.m0.changes
  "delete" in change.actions
}
allow contains {"msg": "an update", "address": finding.address} if {
  some finding in input.m0.findings
  finding.action == "update"
}
`;

/** A question about a plan of this many changes. */
async function questionOf(
  scratch: string,
  policies: readonly PolicySource[],
  changes: number,
): Promise<PolicyQuestion> {
  const file = join(scratch, 'plan.json');
  writeBigPlan(file, { changes, drifted: Math.ceil(changes / 20) });
  const bytes = await readFile(file);
  await rm(file);
  const analysis = analyzePlan(readPlan(bytes, file), { key: 'bench' });
  return question(policies, { analysis, document: JSON.parse(bytes.toString('utf8')) as unknown });
}

/** A process of `opa eval` for the same policies and the same part of the input, without anything of m0. */
async function bareOpa(scratch: string, opa: string, asked: PolicyQuestion): Promise<() => Promise<number>> {
  const compiled = join(scratch, 'data/policies/compiled');
  const entries = await readdir(compiled);
  const all = await Promise.all(
    entries.map(async (entry) => {
      const text = await readFile(join(compiled, entry, 'manifest.json'), 'utf8');
      return { ...(JSON.parse(text) as BundleFacts), dir: join(compiled, entry, 'bundle') };
    }),
  );
  const input = join(scratch, 'input.json');
  await writeFile(
    input,
    JSON.stringify(
      inputFor(
        asked,
        () => null,
        all.map((b) => b.inputPaths),
      ),
    ),
  );
  const query = all.map((b, i) => `p${i} := ${answerExpression(b, false)}`).join('; ');
  const bundles = all.flatMap(({ dir }) => ['--bundle', dir]);
  return async () => {
    const begun = performance.now();
    await execa(opa, ['eval', '--format', 'json', '--input', input, ...bundles, query], {
      maxBuffer: 2 ** 30,
    });
    return performance.now() - begun;
  };
}

/** The time of a question, which has to be answered. */
async function timeOf(policies: PolicyPort, asked: PolicyQuestion): Promise<number> {
  const begun = performance.now();
  const answers = await policies.ask(asked);
  const took = performance.now() - begun;
  const failed = answers.find((a) => !a.outcome.ok);
  if (failed !== undefined) throw new Error(`deciding: ${failed.policy}: ${JSON.stringify(failed.outcome)}`);
  return took;
}

async function againstOpa(runs: number, scratch: string, opa: string): Promise<Limit[]> {
  const git = await starterRepository(join(scratch, 'starter'));
  const mode = (name: string) => (name === 'known-safe-auto' ? ('decide' as const) : ('guardrail' as const));
  const sources = SIX.map((name) => ({ name, git, ref: 'main', path: name, mode: mode(name) }));
  const policies = policiesIn(join(scratch, 'data'), opa, 60_000);
  const limits: Limit[] = [];
  try {
    for (const [what, changes, most] of [
      ['a small question to six starter policies', 5, 1.5],
      [`a question about ${CHANGES} changes`, CHANGES, 1.3],
    ] as const) {
      const asked = await questionOf(scratch, sources, changes);
      // The first question compiles the policies too.
      await timeOf(policies, asked);
      const bare = await bareOpa(scratch, opa, asked);
      await bare();
      const ratios: number[] = [];
      for (let run = 0; run < runs; run++) {
        const [ours, theirs] = [await timeOf(policies, asked), await bare()];
        process.stderr.write(`${what}: ${ours.toFixed(0)} ms, opa eval ${theirs.toFixed(0)} ms\n`);
        ratios.push(ours / theirs);
      }
      limits.push({ what: `${what} / one bare opa eval of the same`, measured: ratios, most, unit: '×' });
      if (changes === CHANGES) limits.push(await memoryOf(runs, policies, asked, scratch));
    }
  } finally {
    policies.close();
  }
  return limits;
}

/** V8's garbage collector, so that only what is held counts. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How much m0's own memory grows while a policy reads a large input, in parts of the input's size. */
async function memoryOf(
  runs: number,
  policies: PolicyPort,
  asked: PolicyQuestion,
  scratch: string,
): Promise<Limit> {
  const { size } = await stat(join(scratch, 'input.json'));
  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const measured: number[] = [];
  for (let run = 0; run < runs; run++) {
    collect();
    const before = used();
    let peak = before;
    const watch = setInterval(() => {
      collect();
      peak = Math.max(peak, used());
    }, 20);
    await policies.ask(asked);
    clearInterval(watch);
    measured.push((peak - before) / size);
  }
  return { what: "growth of m0's memory in it / size of the input", measured, most: 0.5, unit: '×' };
}

/** What the fast path saves: the same small question with it, and through opa because of a fraction in the input. */
async function fastPath(runs: number, scratch: string, opa: string): Promise<Limit[]> {
  const git = await repository(join(scratch, 'plain'), { 'policy.rego': PLAIN });
  const sources = [{ name: 'plain', git, ref: 'main', path: '', mode: 'decide' as const }];
  const policies = policiesIn(join(scratch, 'plain-data'), opa, 60_000);
  try {
    const fast = await questionOf(scratch, sources, 5);
    const [first, ...rest] = fast.analysis.findings;
    if (first === undefined) throw new Error('deciding: the plan has no finding');
    const attribute = { ...first.attributes[0], actual: 0.5 } as (typeof first.attributes)[number];
    const findings = [{ ...first, attributes: [attribute] }, ...rest];
    const slow = { ...fast, analysis: { ...fast.analysis, findings } };
    await timeOf(policies, fast);
    const measured: number[] = [];
    for (let run = 0; run < runs; run++) {
      const [quick, opas] = [await timeOf(policies, fast), await timeOf(policies, slow)];
      process.stderr.write(
        `a plain policy: ${quick.toFixed(1)} ms through Wasm, ${opas.toFixed(0)} ms through opa\n`,
      );
      measured.push(quick / opas);
    }
    return [{ what: 'a small question to a plain policy, Wasm / opa', measured, most: 1, unit: '×' }];
  } finally {
    policies.close();
  }
}

/** Times commands in the local workspace until their answer, while a policy uses its thread's CPU. */
async function chatWhileBusy(scratch: string, opa: string): Promise<Limit[]> {
  const git = await repository(join(scratch, 'busy'), { 'busy.rego': BUSY });
  const source = { name: 'busy', git, ref: 'main', path: '', mode: 'decide' as const };
  const policies = policiesIn(join(scratch, 'busy-data'), opa, BUSY_MS);
  const workspace = await startWorkspace(workspaceOptions(0));
  const core = await Core.open();
  const slack = await createSlack({
    events: seenEvents(),
    ...{ mode: 'socket', botToken: SECRETS.botToken, appToken: SECRETS.appToken },
    ...{ apiUrl: workspace.apiUrl, log, people: core.directory.people, clock: Date.now },
  });
  const { store, worker, policyWatch, directory, chats } = core;
  await slack.start(
    createHandler({
      ...{ store, worker, policies, policyWatch, directory, chats, lastTicks, log, clock: Date.now },
      onCall: createOnCall(
        directory,
        (id) => core.chat.usergroup(id),
        Date.now,
        () => {},
      ),
    }),
  );
  const seen = (): number =>
    workspace
      .as('U0EVE')
      .sees('ops')
      .filter((m) => m.visibleTo === 'U0EVE').length;
  const answer = async (): Promise<number> => {
    const before = seen();
    const begun = performance.now();
    await workspace.as('U0EVE').slash('/m0', 'status', 'ops');
    while (seen() === before) await sleep(1);
    return performance.now() - begun;
  };
  try {
    await policies.ask(question([{ ...source, name: 'warm' }], {}));
    await answer();
    const busy = policies.ask(question([source], { document: { format_version: '1.2' } }));
    const begun = performance.now();
    const measured: number[] = [];
    for (let i = 0; i < COMMANDS; i++) measured.push(await answer());
    if (performance.now() - begun > BUSY_MS)
      throw new Error('answering: the policy was done before the commands');
    const [said] = await busy;
    if (said?.outcome.ok !== false) throw new Error('answering: the policy was not busy');
    const worst = [Math.max(...measured)];
    return [
      { what: 'a command answered in chat while a policy runs', measured, most: 100, unit: ' ms' },
      { what: `the slowest of ${COMMANDS} such`, measured: worst, most: 100, unit: ' ms' },
    ];
  } finally {
    policies.close();
    await slack.stop();
    await core.close();
    await workspace.close();
  }
}

/** Returns the policy limits with measured values. Rejects if a measured decision is wrong. */
export async function policyLimits(runs: number, scratch: string): Promise<Limit[]> {
  const { opa } = await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env);
  return [
    ...(await againstOpa(runs, scratch, opa)),
    ...(await fastPath(runs, scratch, opa)),
    ...(await chatWhileBusy(scratch, opa)),
  ];
}
