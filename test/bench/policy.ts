/** Measures policies: a warm decision against a process of `opa eval`, and chat while a policy uses the CPU. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { createHandler } from '../../src/actions/handler.ts';
import { createLogger } from '../../src/base/log.ts';
import { createSlack } from '../../src/chat/slack/slack.ts';
import { analyzePlan } from '../../src/drift/analyze.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import type { PolicySource } from '../../src/model/directory.ts';
import { createOnCall } from '../../src/people/on-call.ts';
import { inputDocument } from '../../src/policy/document.ts';
import { createPolicies } from '../../src/policy/policies.ts';
import type { PolicyPort, PolicyQuestion } from '../../src/ports/policy.ts';
import { SECRETS, workspaceOptions } from '../../src/sandbox/sample-organisation.ts';
import { startWorkspace } from '../../src/sandbox/workspace/workspace.ts';
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

/** Like public env0 policies: reads every change of the plan. */
const BY_CHANGES = `package env0
deny contains sprintf("%s is deleted", [r.address]) if {
  some r in input.plan.resource_changes
  "delete" in r.change.actions
}
allow contains r.address if {
  some r in input.plan.resource_changes
  r.change.actions == ["update"]
}
`;

async function warmDecisions(runs: number, scratch: string, opa: string): Promise<Limit[]> {
  const file = join(scratch, 'plan.json');
  writeBigPlan(file, { changes: CHANGES, drifted: 250 });
  const bytes = await readFile(file);
  const analysis = analyzePlan(readPlan(bytes, file), { key: 'bench' });
  const document: unknown = JSON.parse(bytes.toString('utf8'));
  const tags = await readFile(join(ROOT, 'policies/tags-auto/tags_auto.rego'), 'utf8');
  const policies = policiesIn(join(scratch, 'data'), opa, 10_000);
  const limits: Limit[] = [];
  try {
    for (const { name, rego, query } of [
      { name: 'tags-auto', rego: tags, query: 'data.m0.allow' },
      { name: 'one that reads every change', rego: BY_CHANGES, query: 'data.env0.allow' },
    ]) {
      const dir = join(scratch, name.replaceAll(' ', '-'));
      const git = await repository(dir, { 'policy.rego': rego });
      const asked = question([{ name, git, ref: 'main', path: '', mode: 'decide' }], { analysis, document });
      const input = join(scratch, 'input.json');
      await writeFile(input, JSON.stringify(inputDocument(asked, () => null)));
      const evaluate = ['--format', 'json', '--data', join(dir, 'policy.rego'), '--input', input, query];
      const measured = await againstOpa(runs, policies, asked, [opa, 'eval', ...evaluate]);
      limits.push({
        what: `a warm decision on ${CHANGES} changes by ${name} / opa eval`,
        ...{ measured, most: 0.2, unit: '×' },
      });
    }
  } finally {
    policies.close();
    await rm(file);
  }
  return limits;
}

/** The time of a warm decision and of an opa process on the same input. Rejects if their answers differ. */
async function againstOpa(
  runs: number,
  policies: PolicyPort,
  asked: PolicyQuestion,
  [opa = '', ...args]: readonly string[],
): Promise<readonly number[]> {
  const measured: number[] = [];
  // The first question compiles the policy too.
  await policies.ask(asked);
  for (let run = 0; run < runs; run++) {
    // In production decisions are seconds apart, so the next thread is ready by then.
    await sleep(500);
    const begun = performance.now();
    const [answer] = await policies.ask(asked);
    const warm = performance.now() - begun;
    if (answer?.outcome.ok !== true) throw new Error(`deciding: ${JSON.stringify(answer?.outcome)}`);
    const started = performance.now();
    const said = await execa(opa, args, { maxBuffer: 2 ** 30 });
    const cold = performance.now() - started;
    const { result } = JSON.parse(said.stdout) as { result: { expressions: { value: unknown[] }[] }[] };
    const allowed = answer.outcome.messages.filter((m) => m.rule === 'allow').length;
    if (result[0]?.expressions[0]?.value.length !== allowed)
      throw new Error('deciding: opa allows otherwise');
    process.stderr.write(`${warm.toFixed(0)} ms, opa ${cold.toFixed(0)} ms\n`);
    measured.push(warm / cold);
  }
  return measured;
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
  const { store, worker, policyWatch, directory } = core;
  await slack.start(
    createHandler({
      ...{ store, worker, policies, policyWatch, directory, log, clock: Date.now },
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
  return [...(await warmDecisions(runs, scratch, opa)), ...(await chatWhileBusy(scratch, opa))];
}
