import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { repositoryKey } from '../../src/git/remote.ts';
import { createGitWebhook } from '../../src/http/git-webhook.ts';
import { startHttp } from '../../src/http/server.ts';
import type { Stack } from '../../src/model/directory.ts';
import { M0, type Run } from '../../src/model/run.ts';
import type { CodeHistory } from '../../src/ports/runner.ts';
import { type PushWatch, watchPushes } from '../../src/schedule/push.ts';
import { Core, stackWith } from '../support/core.ts';
import { CODE } from '../support/runs.ts';
import { commit, git, makeRepo } from '../support/terraform-repo.ts';

const NEVER_MS = 3_600_000;
const MAIN = 'module "vpc" {\n  source = "../../modules/vpc"\n}\n';

let dir: string;
let repo: string;
let core: Core;
let watch: PushWatch | undefined;
let fetched: string[];
let lines: string[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-push-'));
  repo = makeRepo(join(dir, 'infra'), { 'envs/a/main.tf': MAIN, 'envs/b/main.tf': 'b', 'README.md': 'x' });
  fetched = [];
  lines = [];
});
afterEach(async () => {
  await watch?.stop();
  watch = undefined;
  await core.close();
  rmSync(dir, { recursive: true, force: true });
});

function stackAt(
  name: string,
  change: Partial<Stack['source']> = {},
  pollMs: number | null = NEVER_MS,
): Stack {
  return stackWith({ name, source: { git: repo, ref: 'main', path: `envs/${name}`, ...change }, pollMs });
}

async function open(...stacks: Stack[]): Promise<void> {
  core = await Core.open(stacks);
  await core.worker.start();
}

/** Starts a new m0 on the same store; resolves after its first fetch. */
async function start(stacks: readonly Stack[] = core.directory.stacks): Promise<void> {
  await watch?.stop();
  const mirrors = createMirrors({
    dir: join(dir, 'mirrors'),
    log: createLogger('silent'),
    base: process.env,
  });
  const code: CodeHistory = {
    touches: mirrors.touches,
    async fetch(url, ref) {
      const found = await mirrors.fetch(url, ref).finally(() => fetched.push(ref));
      return found;
    },
  };
  watch = watchPushes({
    ...{ stacks, code, store: core.store, keyOf: repositoryKey },
    log: createLogger('info', { write: (line) => void lines.push(line) }),
    onPush: (name) => {
      const stack = stacks.find((s) => s.name === name) as Stack;
      return core.worker.check(stack, 'push', M0);
    },
  });
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_000; i += 1) {
    if (await holds()) return;
    await sleep(5);
  }
  throw new Error(`never: ${what}`);
}

/** Resolves when m0 has handled the newest commit of the ref for the stacks. */
async function dealt(names: readonly string[], ref = 'main'): Promise<void> {
  const head = git(repo, 'rev-parse', ref);
  for (const name of names) {
    const seen = async () => (await core.store.pushedHead(name))?.head === head;
    await until(`${name} at ${head}`, seen);
  }
  await core.untilIdle();
}

const pushed = async (): Promise<readonly string[]> =>
  (await core.store.runs({ limit: 100 }))
    .filter((run: Run) => run.trigger === 'push')
    .map((run) => run.stack)
    .sort();

describe('watchPushes', () => {
  it('stores the first commit of a stack, then checks the stacks that a push may affect', async () => {
    await open(stackAt('a'), stackAt('b'));
    await start();
    await dealt(['a', 'b']);
    expect(await pushed()).toEqual([]);

    commit(repo, { 'envs/b/main.tf': 'b2' }, 'b');
    expect(watch?.pollNow([repo])).toBe(1);
    await dealt(['a', 'b']);
    expect(await pushed()).toEqual(['b']);

    commit(repo, { 'modules/vpc/main.tf': 'new' }, 'module');
    commit(repo, { 'README.md': 'y' }, 'readme');
    watch?.pollNow([`file://${repo}.git`]);
    await dealt(['a', 'b']);
    expect(await pushed()).toEqual(['a', 'b']);
  });

  it('fetches once for all stacks of a ref, and each ref separately', async () => {
    git(repo, 'branch', 'live');
    await open(stackAt('a'), stackAt('b'), stackAt('b', { ref: 'live' }), stackAt('c', {}, null));
    await start();
    await dealt(['a', 'b']);
    await until('both refs', () => fetched.length === 2);
    expect(fetched).toEqual(['main', 'live']);
    expect(await core.store.pushedHead('c')).toBeUndefined();
  });

  it('finds a later push without a webhook', async () => {
    await open(stackAt('a', {}, 50));
    await start();
    await dealt(['a']);
    commit(repo, { 'envs/a/main.tf': 'a2' }, 'a');
    await dealt(['a']);
    expect(await pushed()).toEqual(['a']);
  });

  it('finds a push made during a downtime after the restart, once', async () => {
    await open(stackAt('a'));
    await start();
    await dealt(['a']);
    await watch?.stop();
    commit(repo, { 'envs/a/main.tf': 'a2' }, 'a');
    await start();
    await dealt(['a']);
    expect(await pushed()).toEqual(['a']);
    fetched = [];
    await start();
    await until('a look', () => fetched.length === 1);
    await core.untilIdle();
    expect(await pushed()).toEqual(['a']);
  });

  it('retries a check that could not be queued', async () => {
    await open(stackAt('a', {}, 50));
    await start();
    await dealt(['a']);
    core.storeFault = (method) => (method === 'commit' ? new Error('disk full') : null);
    commit(repo, { 'envs/a/main.tf': 'a2' }, 'a');
    await until('a failure', () => lines.some((line) => line.includes('could not be handled')));
    core.storeFault = null;
    await dealt(['a']);
    expect(await pushed()).toEqual(['a']);
  });

  it('checks if the history was rewritten, or m0.yaml names other code', async () => {
    await open(stackAt('a'));
    await start();
    await dealt(['a']);
    git(repo, '-c', 'user.name=K', '-c', 'user.email=k@x', 'commit', '--amend', '-qm', 'rewritten');
    rmSync(join(dir, 'mirrors'), { recursive: true });
    watch?.pollNow([repo]);
    await dealt(['a']);
    expect(await pushed()).toEqual(['a']);
    await start([stackAt('a', { path: 'envs/b' })]);
    await until('the second check', async () => (await pushed()).length === 2);
  });

  it('does not check a commit that the newest check already used', async () => {
    await open(stackAt('a'));
    await start();
    await dealt(['a']);
    const head = commit(repo, { 'envs/a/main.tf': 'a2' }, 'a');
    core.cloud.code.set('a', { ...CODE, commit: head });
    await core.check('schedule', 'a');
    watch?.pollNow([repo]);
    await dealt(['a']);
    expect(await pushed()).toEqual([]);
  });

  it('logs an unreachable repository once, and its return', async () => {
    await open(stackAt('a', {}, 20));
    await start();
    await dealt(['a']);
    renameSync(repo, `${repo}-away`);
    const fetches = fetched.length;
    await until('several looks', () => fetched.length > fetches + 3);
    renameSync(`${repo}-away`, repo);
    commit(repo, { 'envs/a/main.tf': 'a2' }, 'a');
    await dealt(['a']);
    expect(lines.filter((line) => line.includes('can’t be looked at'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('looked at for pushes again'))).toHaveLength(1);
    expect(await pushed()).toEqual(['a']);
  });

  it('fetches at once after a webhook over real HTTP', async () => {
    await open(stackAt('a'));
    await start();
    await dealt(['a']);
    const http = await startHttp({
      ...{ host: '127.0.0.1', port: 0, log: core.log, metrics: async () => '' },
      ready: async () => ({ ok: true, problems: [] }),
      routes: [
        createGitWebhook({
          ...{ secret: 'correct horse battery', clock: Date.now, log: core.log },
          pollNow: (addresses) => watch?.pollNow(addresses) ?? 0,
        }),
      ],
    });
    const post = (address: string, token: string): Promise<Response> =>
      fetch(`${http.url}/git/webhook`, {
        ...{ method: 'POST', headers: { 'x-gitlab-token': token } },
        body: JSON.stringify({ project: { git_http_url: address, name: 'a' }, after: 'f'.repeat(40) }),
      });
    commit(repo, { 'envs/a/main.tf': 'a2' }, 'a');
    const fetches = fetched.length;
    expect((await post(repo, 'wrong')).status).toBe(401);
    expect((await post(`${repo}-other`, 'correct horse battery')).status).toBe(200);
    expect(fetched.length).toBe(fetches);
    expect((await post(repo, 'correct horse battery')).status).toBe(202);
    await dealt(['a']);
    expect(await pushed()).toEqual(['a']);
    await http.close();
  });

  it('checks a push during a plan after that plan', async () => {
    await open(stackAt('a'));
    await start();
    await dealt(['a']);
    let go = (): void => {};
    core.cloud.next('plan', () => new Promise<void>((resolve) => (go = resolve)));
    await core.worker.check(core.stack, 'schedule', M0);
    await core.untilState('planning', 'a');
    commit(repo, { 'envs/a/main.tf': 'a2' }, 'a');
    watch?.pollNow([repo]);
    await until('the push is queued', async () => (await pushed()).length === 1);
    go();
    await dealt(['a']);
    expect(core.cloud.plans).toHaveLength(2);
  });
});
