/** Kills m0 with SIGKILL at the worst moments: nothing is applied twice, no message is posted twice or lost. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Run } from '../../src/model/run.ts';
import { commitAs, KIM as KIM_WRITES } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import type { Message } from '../../src/sandbox/workspace/workspace.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { freePort } from '../support/free-port.ts';
import { type M0Process, m0Process } from '../support/process.ts';
import { type Fault, type SlackProxy, slackProxy } from '../support/slack-proxy.ts';
import { buttons, DANA, EVE, poll, startWorld, type World, words } from '../support/world.ts';

const STACK_PATH = 'envs/prod/jobs';

/** A resource whose creation waits for the file `open`, so a test decides how long the apply runs. */
const MAIN = (version: string): string => `
variable "dir" { type = string }

resource "terraform_data" "job" {
  triggers_replace = "${version}"

  provisioner "local-exec" {
    command = <<-EOT
      echo "began ${version}" >> "\${var.dir}/tally"
      i=0
      while [ ! -e "\${var.dir}/open" ] && [ $i -lt 900 ]; do sleep 0.1; i=$((i + 1)); done
      echo "made ${version}" >> "\${var.dir}/tally"
    EOT
  }
}
`;

const FIRST_TIME_IS_AUTO = `package m0

allow contains {"msg": "a job that is not there yet", "address": finding.address} if {
	some finding in input.m0.findings
	finding.action == "create"
}
`;

let world: World;
let m0: M0Process;
let proxy: SlackProxy;
let fault: (method: string, body: string) => Fault = () => 'pass';
let cloud: SandboxCloud;

async function merge(version: string): Promise<void> {
  await commitAs(cloud.repos.infra, process.env, {
    author: KIM_WRITES,
    at: Date.now(),
    message: `Make the job ${version}`,
    files: { [`${STACK_PATH}/main.tf`]: MAIN(version) },
  });
}

/** Replaces the stacks by one without a provider, whose plans take a second. */
async function prepare(made: SandboxCloud): Promise<void> {
  cloud = made;
  const { infra, policies } = made.repos;
  const backend = await readFile(join(infra, SAMPLE.stackPath, 'backend.tf'), 'utf8');
  await commitAs(infra, process.env, {
    author: KIM_WRITES,
    at: Date.now(),
    message: 'Keep the state of the jobs apart',
    files: { [`${STACK_PATH}/backend.tf`]: backend.replace('network.tfstate', 'jobs.tfstate') },
  });
  await merge('v1');
  await commitAs(policies, process.env, {
    author: KIM_WRITES,
    at: Date.now(),
    message: 'A job that is not there yet is made by itself',
    files: { 'jobs-auto/jobs_auto.rego': FIRST_TIME_IS_AUTO },
  });
}

function config(yaml: string, { repos }: SandboxCloud): string {
  const raw = parse(yaml) as { policies: object; stacks: Record<string, unknown>[] };
  const [sample] = raw.stacks;
  const stack = {
    ...sample,
    name: 'prod-jobs',
    source: { git: repos.infra, ref: 'main', path: STACK_PATH },
    env: { ...(sample?.env as object), TF_VAR_dir: jobsDir() },
    policies: ['jobs-auto'],
  };
  const policy = { git: repos.policies, ref: 'main', path: 'jobs-auto' };
  return stringify({ ...raw, policies: { 'jobs-auto': policy }, stacks: [stack] });
}

/** Next to the sandbox's folder; deleted with the world. */
const jobsDir = (): string => join(cloud.repos.infra, '../../..');
const openGate = (): Promise<void> => writeFile(join(jobsDir(), 'open'), '');

async function tally(): Promise<readonly string[]> {
  const file = join(jobsDir(), 'tally');
  return existsSync(file) ? (await readFile(file, 'utf8')).trim().split('\n') : [];
}

/** Waits until the newest run is in the state. */
function newest(state: Run['state'], after = 0): Promise<Run> {
  return poll(async () => {
    const [run] = await world.runs();
    return run && run.id > after && run.state === state ? run : undefined;
  }, `the newest run to be ${state}`);
}

/** Cards in the channel that have buttons for the run. */
function buttonCards(run: number): readonly Message[] {
  // Answers to commands have buttons too, but only alerts have a key in their metadata.
  return world
    .cards()
    .filter((m) => m.metadata !== null && buttons(m).length > 0 && words(m).includes(`· run #${run} `));
}

/** Replies in the channel's threads that contain the text. */
function threadLines(text: string): readonly Message[] {
  const { messages } = world.workspace.channel('ops');
  return messages.filter((m) => m.threadTs !== null && words(m).includes(text));
}

/** How many commands are taken in and not carried out yet. */
function takenIn(): number {
  const db = new Database(join(world.dir, 'data/m0.db'), { readonly: true });
  try {
    return db.prepare<[], { n: number }>('SELECT count(*) AS n FROM inbox').get()?.n ?? 0;
  } finally {
    db.close();
  }
}

beforeAll(async () => {
  m0 = m0Process();
  world = await startWorld({
    cloud: 'plain',
    prepare,
    config,
    start: m0.start,
    slack: async (apiUrl) => {
      proxy = await slackProxy(apiUrl, (method, body) => fault(method, body));
      return proxy.apiUrl;
    },
  });
});
afterAll(async () => {
  if (cloud) await openGate();
  await m0.cleanUp();
  // If the world did not start, the process must be killed here.
  await (world ? world.close() : m0.kill().catch(() => {}));
  await proxy?.close();
});

const planFiles = (): Promise<readonly string[]> =>
  readdir(join(world.dir, 'data/artifacts/plans')).catch(() => []);

describe('killed in the middle of an apply', () => {
  it('the run is apply_unknown, its card says so, and a new check asks a person', async () => {
    // m0 checks by itself what was never checked, and the policy applies it.
    await newest('applying');
    await poll(async () => (await tally()).length === 1 || undefined, 'the job to be under way');
    await m0.kill();
    await world.restart();

    expect((await world.run(1)).state).toBe('apply_unknown');
    await world.card('m0 stopped while applying prod-jobs (run #1)', 'will not try again');
    // The old Terraform still runs, so nothing is planned. Then it is killed too, as by the OOM killer.
    expect(await newest('planning')).toMatchObject({ id: 2, trigger: 'verify', applied: [] });
    expect(await m0.orphans()).not.toEqual([]);
    expect(await tally()).toEqual(['began v1']);
    await m0.cleanUp();
    await m0.orphansEnded();
    const asked = await newest('awaiting_approval');
    expect(asked).toMatchObject({ id: 2, trigger: 'verify', applied: [] });
    expect(asked.forceHuman).toContain('stopped while applying run #1');
    const card = await world.card('run #2', 'waits');
    expect(words(card)).toContain('m0 stopped while applying run #1');
    await world.dm(DANA, 'run #2', 'waits for you');
    expect(buttonCards(2)).toHaveLength(1);
    expect(await planFiles()).toEqual([]);
  });

  it('exactly one message reports it, also after another kill', async () => {
    await world.restart();
    await m0.kill();
    await world.restart();
    expect(threadLines('m0 stopped while applying run #1')).toHaveLength(1);
    expect(buttonCards(2)).toHaveLength(1);
    expect(world.workspace.dm(DANA).messages.filter((m) => words(m).includes('run #2'))).toHaveLength(1);
    expect((await world.runs()).map((r) => [r.id, r.state])).toEqual([
      [2, 'awaiting_approval'],
      [1, 'apply_unknown'],
    ]);
  });

  it('after the approval it is applied once', async () => {
    const card = await world.card('run #2', 'waits');
    await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
    await world.until(2, 'applying');
    await openGate();
    await world.until(2, 'realigned');
    expect(await tally()).toEqual(['began v1', 'began v1', 'made v1']);
    expect(await world.service.store.alerts({ subject: 'prod-jobs', state: 'open' })).toEqual([]);
  });
});

describe('a second process on the same database', () => {
  const WAITS = { M0_WAIT_FOR_OWNER: '1' };

  /** Merges the version and approves it; resolves to the run that applies it, once the job is under way. */
  async function begin(version: string): Promise<number> {
    await merge(version);
    await world.type(EVE, 'drift prod');
    const clicked = new Set<number>();
    return poll(async () => {
      const [run] = await world.runs();
      if (run?.state === 'applying' && (await tally()).at(-1) === `began ${version}`) return run.id;
      // A check that the push started may take the place of the one that was asked for.
      if (run?.state !== 'awaiting_approval' || clicked.has(run.id)) return undefined;
      const [card] = buttonCards(run.id);
      if (card === undefined) return undefined;
      clicked.add(run.id);
      await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
      return undefined;
    }, `the job ${version} to be under way`);
  }

  it('is refused while the first one applies, without any effect on it', async () => {
    await rm(join(jobsDir(), 'open'));
    const id = await begin('v1b');

    const second = m0.another();
    expect(await second.exit).toBe(1);
    expect(second.output()).toMatch(/is in use by m0 on \S+ \(process \d+\) since 20\d\d-/);
    expect((await world.run(id)).state).toBe('applying');
    await openGate();
    await world.until(id, 'realigned');
    expect((await tally()).slice(-2)).toEqual(['began v1b', 'made v1b']);
  });

  it('that waits is alive and not ready, and ends on SIGTERM', async () => {
    const port = String(await freePort());
    const second = m0.another({ ...WAITS, PORT: port });
    const url = `http://127.0.0.1:${port}`;
    const ready = await poll(() => fetch(`${url}/readyz`).catch(() => undefined), 'it to answer');
    expect(ready.status).toBe(503);
    expect(await ready.text()).toMatch(
      /it waits for the m0 on \S+ \(process \d+\), which owns the database since 20/,
    );
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const event = { method: 'POST', body: '{"type":"event_callback"}' };
    expect((await fetch(`${url}/slack/events`, event)).status).toBe(503);
    second.stop('SIGTERM');
    expect(await second.exit).toBe(0);
    expect((await world.runs())[0]?.state).toBe('realigned');
  });

  it('takes over from a frozen one, which ends after the thaw', async () => {
    await rm(join(jobsDir(), 'open'));
    const id = await begin('v1c');

    m0.freeze();
    const second = m0.another(WAITS);
    // Half a minute after the last heartbeat of the first process.
    await world.until(id, 'apply_unknown');
    const { id: check } = await newest('planning', id);
    await openGate();
    // The first process's apply continues during the freeze; the second process plans after it has ended.
    await world.until(check, 'clean');
    expect((await tally()).slice(-2)).toEqual(['began v1c', 'made v1c']);
    expect(await m0.thaw()).toBe(1);
    expect((await world.run(id)).state).toBe('apply_unknown');
    expect(threadLines(`m0 stopped while applying run #${id}`)).toHaveLength(1);
    second.stop('SIGTERM');
    expect(await second.exit).toBe(0);
    await world.restart();
  });
});

describe('killed during a plan', () => {
  it('the check is repeated: one card, one question, nothing lost', async () => {
    await merge('v2');
    const before = (await world.runs())[0]?.id ?? 0;
    await world.type(EVE, 'drift prod');
    await newest('planning', before);
    // A command that was only taken in would be carried out once more.
    await poll(async () => takenIn() === 0 || undefined, 'the command to be carried out');
    await m0.kill();
    await world.restart();

    // The push starts a check of its own, which may take the place of the one that was asked for.
    const { id } = await poll(
      async () => (await world.runs()).find((run) => run.id > before && run.state === 'awaiting_approval'),
      'a check to find what was merged',
    );
    await world.card(`run #${id}`, 'waits');
    await world.dm(DANA, `run #${id}`, 'waits for you');
    const asked = (await world.runs()).filter((run) => run.id > before && run.trigger === 'command');
    expect(asked).toHaveLength(1);
    expect(buttonCards(id)).toHaveLength(1);
    expect(await planFiles()).toEqual([]);
    await m0.orphansEnded();
  });
});

describe('killed after posting a card and before storing that', () => {
  it('the next start finds the message, so it is in the channel once', async () => {
    await merge('v3');
    fault = (method, body) =>
      method === 'chat.postMessage' && body.includes('alert') ? 'lose-answer' : 'pass';
    const before = (await world.runs())[0]?.id ?? 0;
    await world.type(EVE, 'drift prod');
    await world.workspace.waitFor(() => buttonCards(before + 1)[0], 60_000);
    await m0.kill();
    fault = () => 'pass';
    const open = await world.service.store.alerts({ subject: 'prod-jobs', state: 'open' });
    expect(open).toMatchObject([{ runId: before + 1 }]);
    expect(await world.service.store.messages(open[0]?.id ?? 0)).toEqual([]);

    await world.restart();
    await world.dm(DANA, `run #${before + 1}`, 'waits for you');
    await poll(async () => (await world.service.store.messages(open[0]?.id ?? 0)).length === 2 || undefined);
    expect(buttonCards(before + 1)).toHaveLength(1);
  });
});

describe('killed while a card waits for approval', () => {
  it('after the restart the buttons of the old card work', async () => {
    const [{ id } = { id: 0 }] = await world.runs();
    const card = await world.card(`run #${id}`, 'waits');
    await m0.kill();
    await world.restart();
    await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
    await world.until(id, 'realigned');
    await world.card(`run #${id}`, 'Dana', 'verified');
    expect((await tally()).slice(-3)).toEqual(['made v1c', 'began v3', 'made v3']);
    expect(await planFiles()).toEqual([]);
  });

  it('the audit record is complete after five kills', async () => {
    expect(await (world.service.store as AuditedStore).verifyAudit()).toMatchObject({ ok: true });
  });
});
