/** Workers in processes of their own plan and apply the stacks with their labels; the owner of the database runs no tool. */
import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aProxy, type CuttingProxy } from '../support/postgres-proxy.ts';
import { POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';
import type { WorkerProcess } from '../support/process.ts';
import { startWorkersWorld, type WorkersWorld } from '../support/workers-world.ts';
import { EVE, poll, words } from '../support/world.ts';

/** Nobody has the label of `gamma`. The first plans of `held` and `cut` are held. */
const STACKS = {
  alpha: 'alpha',
  beta: 'beta',
  plain: undefined,
  gamma: 'gamma',
  held: 'alpha',
  cut: 'cut',
} as const;
const HELD = ['held', 'cut'] as const;
/** How soon a running plan is stopped after the newer check was stored, in ms. */
const SOON_MS = 2_000;
/** The same where no notice arrives: it is looked every 2 s. Busy machines take their time. */
const POLLED_MS = 6_000;

describe.skipIf(POSTGRES_MISSING !== null)('workers beside the owner', () => {
  let m0: WorkersWorld;
  let alpha: WorkerProcess;
  let beta: WorkerProcess;
  let proxy: CuttingProxy;

  beforeAll(async () => {
    m0 = await startWorkersWorld(STACKS, HELD);
    for (const stack of ['alpha', 'beta', 'plain']) await m0.open(stack);
    proxy = await aProxy((await postgresServer()).dir);
    const slow = { M0_DATABASE_URL: `postgres://postgres@127.0.0.1:${proxy.port}/${m0.database}` };
    [alpha, beta] = await Promise.all([
      m0.owner.worker('the-alpha', 'alpha', { TOKEN_ALPHA: 'token-alpha' }),
      m0.owner.worker('the-beta', 'beta', { TOKEN_BETA: 'token-beta' }),
      m0.owner.worker('the-plain', undefined),
      m0.owner.worker('the-cut', 'cut', { TOKEN_CUT: 'token-cut', ...slow }),
    ]);
  });
  afterAll(async () => {
    await m0?.close();
    await proxy?.close();
  });

  /** Who has run Terraform for the stack. */
  async function workersOf(stack: string): Promise<readonly string[]> {
    return [...new Set((await m0.calls(stack)).map((call) => call.split(' ')[1] ?? ''))];
  }

  it('each stack is planned and applied by the worker with its label only', async () => {
    for (const [stack, worker] of [
      ['alpha', 'the-alpha'],
      ['beta', 'the-beta'],
      ['plain', 'the-plain'],
    ] as const) {
      await m0.newest(stack, 'realigned');
      expect(await m0.tally(stack)).toEqual([`began v1 ${worker}`, `made v1 ${worker}`]);
      expect(await workersOf(stack)).toEqual([worker]);
    }
  });

  async function ready(): Promise<{
    readonly ok: boolean;
    readonly problems: readonly { readonly part: string; readonly problem: string }[];
    readonly config: { readonly file: string; readonly sha256: string };
  }> {
    return (await fetch(`${m0.world.service.url}/readyz`)).json() as ReturnType<typeof ready>;
  }

  it('a stack whose label no worker has is named by /readyz, with what to start', async () => {
    const { ok, problems } = await ready();
    expect({ ok, problems }).toEqual({
      ok: true,
      problems: [
        {
          part: 'workers',
          problem:
            'none with the label gamma gives a sign of life, and 1 stack can not be checked (gamma): start m0 worker --labels gamma (it needs a PostgreSQL database)',
        },
      ],
    });
    expect(await m0.calls('gamma')).toEqual([]);
  });

  it('drift that is asked for and approved in chat is applied by the worker, verified and told', async () => {
    await m0.shut('beta');
    await m0.merge('beta', 'v2');
    const run = await m0.ask('beta');
    await poll(
      async () => (await m0.planFiles()).length === 0 || undefined,
      'the plan of the check to be deleted',
    );
    await m0.approve(run);
    await m0.world.until(run.id, 'applying');
    const [file = '', ...more] = await m0.planFiles();
    expect(more).toEqual([]);
    // A plan file is a ZIP archive, where it is not encrypted.
    expect((await readFile(join(m0.artifacts, 'plans', file))).subarray(0, 2).toString()).not.toBe('PK');
    await m0.open('beta');
    await m0.world.until(run.id, 'realigned');
    await m0.world.card(`run #${run.id} `, 'Dana', 'verified');
    expect((await m0.tally('beta')).slice(2)).toEqual(['began v2 the-beta', 'made v2 the-beta']);
    expect(await workersOf('beta')).toEqual(['the-beta']);
    await poll(async () => (await m0.planFiles()).length === 0 || undefined, 'the plan file to be deleted');
  });

  /** Asks for a check while a scheduled one is planned; resolves with how long the plan took to be stopped, in ms. */
  async function supersede(stack: string): Promise<number> {
    const old = await m0.newest(stack, 'planning');
    expect(old.trigger).toBe('schedule');
    await poll(async () => (await m0.calls(stack)).some((call) => call.startsWith('plan ')) || undefined);
    await m0.world.type(EVE, `drift ${stack}`);
    await m0.world.until(old.id, 'superseded');
    const stored = performance.now();
    await poll(async () => (await m0.calls(stack)).some((call) => call.startsWith('stopped ')) || undefined);
    const took = performance.now() - stored;
    await m0.letGo(stack);
    await m0.open(stack);
    await m0.newest(stack, 'realigned', old.id);
    expect((await m0.tally(stack)).filter((line) => line.startsWith('made'))).toHaveLength(1);
    return took;
  }

  it('a newer check stops a scheduled plan on a worker within two seconds', async () => {
    expect(await supersede('held')).toBeLessThan(SOON_MS);
  });

  it('also where no notices arrive, a little later', async () => {
    proxy.cutAlways('LISTEN');
    proxy.cutAll();
    expect(await supersede('cut')).toBeLessThan(POLLED_MS);
  });

  it('a worker that is told to stop puts its plan back', async () => {
    await m0.hold('alpha');
    await m0.merge('alpha', 'v2');
    await m0.world.type(EVE, 'drift alpha');
    await poll(async () => (await m0.calls('alpha')).at(-1) === 'plan the-alpha' || undefined, 'a held plan');
    alpha.stop('SIGTERM');
    expect(await alpha.exit).toBe(0);
    expect((await m0.runsOf('alpha'))[0]?.state).toBe('queued');
    await m0.letGo('alpha');
    await m0.owner.worker('the-second', 'alpha', { TOKEN_ALPHA: 'token-alpha' });
    const run = await m0.newest('alpha', 'awaiting_approval');
    expect((await m0.calls('alpha')).at(-1)).toMatch(/the-second$/);
    expect(run.state).toBe('awaiting_approval');
  });

  it('a worker that is told to stop ends its apply first', async () => {
    await m0.shut('beta');
    await m0.merge('beta', 'v3');
    const run = await m0.ask('beta');
    await m0.approve(run);
    await poll(async () => (await m0.tally('beta')).at(-1) === 'began v3 the-beta' || undefined, 'an apply');
    beta.stop('SIGTERM');
    await poll(async () => beta.output().includes('finishing the current work') || undefined);
    expect((await m0.world.run(run.id)).state).toBe('applying');
    await m0.open('beta');
    expect(await beta.exit).toBe(0);
    expect((await m0.tally('beta')).slice(4)).toEqual(['began v3 the-beta', 'made v3 the-beta']);
    expect((await m0.world.run(run.id)).state).toBe('verifying');
    await copyFile((await ready()).config.file, `${m0.artifacts}.yaml`);
    await m0.owner.worker('the-other', 'beta', {
      TOKEN_BETA: 'token-beta',
      M0_CONFIG: `${m0.artifacts}.yaml`,
    });
    await m0.world.until(run.id, 'realigned');
  });

  it('a worker with another m0.yaml gives its jobs back, /readyz says why, and with the right one it works', async () => {
    const before = await ready();
    await appendFile(before.config.file, '# changed\n');
    await poll(
      async () => (await ready()).config.sha256 !== before.config.sha256 || undefined,
      'the new m0.yaml',
    );
    const [last] = await m0.runsOf('beta');
    await m0.world.type(EVE, 'drift beta');
    const why =
      /^a worker with the label beta does not work on 1 stack \(beta\): .* is not the one that m0 serve uses/;
    const isTold = async (): Promise<boolean> =>
      (await ready()).problems.some(({ problem }) => why.test(problem));
    await poll(async () => (await isTold()) || undefined, '/readyz to say why');
    await copyFile(before.config.file, `${m0.artifacts}.yaml`);
    await m0.newest('beta', 'clean', last?.id);
    expect(await isTold()).toBe(false);
  });

  it('the owner has run no tool for a stack, and the audit record is complete', async () => {
    for (const stack of Object.keys(STACKS)) expect(await workersOf(stack)).not.toContain('the-owner');
    expect(await m0.audit()).toMatchObject({ ok: true });
    expect(m0.world.cards().filter((card) => words(card).includes('could not be'))).toEqual([]);
  });
});
