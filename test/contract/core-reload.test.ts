/** The core with an m0.yaml that changes: taken into use, refused and told, and who may approve from that moment. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { configSourceOf, openConfigReader, shownSource } from '../../src/config/config-source.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createDiscoveries } from '../../src/discovery/discoveries.ts';
import { type FollowConfig, followConfig } from '../../src/follow-config.ts';
import { followStacks } from '../../src/follow-stacks.ts';
import { M0 } from '../../src/model/run.ts';
import { readConfigInUse } from '../../src/reload.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { Core, STACK } from '../support/core.ts';
import { plainTextOf } from '../support/fake-chat.ts';
import { sshFinding } from '../support/runs.ts';
import { commit, git, makeRepo } from '../support/terraform-repo.ts';

const QUIET_MS = 60;
const SOON = { timeout: 15_000 };

/** m0.yaml: `sre` are the approvers of the stacks. */
function yaml(sre: string, stacks: readonly string[], more = ''): string {
  return `chat: { slack: {} }
people: { dana: { slack: U0DANA }, kim: { slack: U0KIM } }
groups: { sre: [${sre}] }
policies: { tags-auto: { git: ./policies } }
defaults: { channels: [slack:C0OPS], policies: [tags-auto], approvers: { from: [sre] }, push: off }
${more}stacks:
${stacks.map((name) => `  - { name: ${name}, environment: prod, source: { git: ./infra, path: ${name} } }`).join('\n')}
`;
}

let dir: string;
let core: Core;
let following: FollowConfig;

/** Starts m0 with the m0.yaml of this address, on the same memory. */
async function start(config: string): Promise<void> {
  const environment = readEnvironment({ ...process.env, M0_CONFIG: config, M0_DATA_DIR: join(dir, 'data') });
  const reader = openConfigReader(environment, { log: createLogger('silent') });
  const text = await reader.read();
  const inUse = { config: parseConfig(text, {}, isValidCron) };
  const discoveries = createDiscoveries({
    ...{ rules: inUse.config.discover, base: inUse.config.directory, store: core.store, log: core.log },
    repositories: {
      fetch: async () => Promise.reject(new Error('no repository here')),
      reading: async () => Promise.reject(new Error('no repository here')),
    },
    ...{ keyOf: (address: string) => address, shown: (address: string) => address, clock: () => core.now },
  });
  await core.restart(await discoveries.open());
  const { live, worker, store, log } = core;
  const followed = followStacks({
    ...{ live, worker, log, onChange: () => {} },
    pushes: { follow: () => {} },
    schedule: { follow: async () => {} },
    check: (stack) => worker.check(stack, 'push', M0),
  });
  discoveries.follow(live, (change) => followed.changed(change));
  following = followConfig({
    origin: { reader, text, quietMs: QUIET_MS, everyMs: 200 },
    ...{ variables: {}, keyOf: (address: string) => address, inUse, store, discoveries, live, log },
    ...{ refuse: () => {}, directoryOf: (next) => next.directory, clock: () => core.now },
    onUsed: async () => {},
    onTold: () => {},
  });
  await following.start();
}

const file = (): string => join(dir, 'm0.yaml');
const names = (): readonly string[] => core.live.directory.stacks.map((stack) => stack.name);
async function said(): Promise<readonly string[]> {
  await core.untilIdle();
  await core.deliver();
  return core.chat.in('C0OPS').map(({ card }) => plainTextOf(card));
}
const about = async (words: string): Promise<readonly string[]> =>
  (await said()).filter((text) => text.includes(words));
const problem = (): string | null => following.status()?.problem ?? null;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-reload-'));
  core = await Core.open([]);
});
afterEach(async () => {
  await following?.stop();
  await core.checkInvariants();
  await core.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('a file that changes', () => {
  it('brings a stack, which is checked and told, and an entry in the record', async () => {
    writeFileSync(file(), yaml('dana', [STACK]));
    await start(file());
    writeFileSync(file(), yaml('dana, kim', [STACK, 'prod-dns']));
    await expect.poll(names, SOON).toEqual([STACK, 'prod-dns']);
    expect((await about('1 new stack watched'))[0]).toContain('prod-dns');
    expect(await core.store.runs({ stack: 'prod-dns' })).toHaveLength(1);
    const [entry] = await core.store.audit({ stack: 'm0.yaml' });
    expect(entry).toMatchObject({ action: 'config-reloaded', fingerprint: following.status()?.digest });
    expect(entry?.detail).toContain('added: prod-dns; groups');
    expect(await readConfigInUse(core.store)).toMatchObject({ digest: following.status()?.digest });
  });

  it('that is wrong is refused and told once, the old one stays, and it is closed when it is right', async () => {
    writeFileSync(file(), yaml('dana', [STACK]));
    await start(file());
    writeFileSync(file(), yaml('dana', [STACK, STACK]));
    await expect.poll(problem, SOON).toContain('names must differ');
    following.look();
    await expect.poll(async () => (await about('is refused')).length, SOON).toBe(1);
    expect(names()).toEqual([STACK]);
    expect((await about('is refused'))[0]).toContain('names must differ');
    expect(core.logLines.filter((line) => line.includes('m0.yaml is refused'))).toHaveLength(1);

    writeFileSync(file(), yaml('nobody-known', [STACK, 'prod-dns']).replace('[sre]', '[sr]'));
    await expect.poll(problem, SOON).toContain('did you mean "sre"');
    await expect.poll(async () => (await about('is refused')).length, SOON).toBe(1);
    expect(await about('the file has changed again')).toHaveLength(1);

    writeFileSync(file(), yaml('dana', [STACK]));
    await expect.poll(problem, SOON).toBeNull();
    await expect.poll(async () => (await about('is refused')).length, SOON).toBe(0);
    expect(await about('it is in use as it is written')).toHaveLength(1);
    expect(await core.alerts('open')).toEqual([]);
  });

  it('that is deleted is told, and the old one stays in use', async () => {
    writeFileSync(file(), yaml('dana', [STACK]));
    await start(file());
    unlinkSync(file());
    await expect.poll(problem, SOON).toContain('there is no such file');
    await expect.poll(async () => (await about('there is no such file')).length, SOON).toBe(1);
    expect(names()).toEqual([STACK]);
  });

  it('that is written in steps is read when it was quiet', async () => {
    writeFileSync(file(), yaml('dana', [STACK, 'prod-dns']));
    await start(file());
    const whole = yaml('dana', [STACK, 'prod-dns', 'prod-db']);
    // Each beginning is a valid file with fewer stacks.
    for (const stacks of [[STACK], [STACK, 'prod-dns']]) {
      writeFileSync(file(), yaml('dana', stacks));
      await new Promise((wake) => setTimeout(wake, QUIET_MS / 3));
    }
    writeFileSync(file(), whole);
    await expect.poll(names, SOON).toEqual([STACK, 'prod-dns', 'prod-db']);
    expect(await about('no longer watched')).toEqual([]);
  });

  it('is followed through the link that Kubernetes swaps', async () => {
    for (const [version, stacks] of [
      ['1', [STACK]],
      ['2', [STACK, 'prod-dns']],
    ] as const) {
      mkdirSync(join(dir, version));
      writeFileSync(join(dir, version, 'm0.yaml'), yaml('dana', stacks));
    }
    symlinkSync('1', join(dir, '..data'));
    symlinkSync('..data/m0.yaml', file());
    await start(file());
    symlinkSync('2', join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
    await expect.poll(names, SOON).toEqual([STACK, 'prod-dns']);
  });

  it('and names a stack with open drift no more: told, its card closed with the reason', async () => {
    writeFileSync(file(), yaml('dana', [STACK, 'prod-dns']));
    await start(file());
    core.cloud.drift.set('prod-dns', [sshFinding()]);
    await core.check('schedule', 'prod-dns');
    writeFileSync(file(), yaml('dana', [STACK]));
    await expect.poll(names, SOON).toEqual([STACK]);
    const [told] = await about('1 stack no longer watched (prod-dns had open drift)');
    expect(told).toContain('m0.yaml does not name it any more');
    const [alert] = await core.store.alerts({ subject: 'prod-dns', kind: 'drift' });
    expect(alert).toMatchObject({ state: 'resolved' });
    expect(alert?.outcome).toContain('m0.yaml does not name it any more');
  });

  it('and renames a stack: the reason names the new one', async () => {
    writeFileSync(file(), yaml('dana', [STACK]));
    await start(file());
    writeFileSync(file(), yaml('dana', [STACK]).replace(`name: ${STACK}`, 'name: prod-net'));
    await expect.poll(names, SOON).toEqual(['prod-net']);
    expect((await about('no longer watched'))[0]).toContain('by m0.yaml it is prod-net now');
  });

  it('changes what needs a restart: told, and everything else is used', async () => {
    writeFileSync(file(), yaml('dana', [STACK]));
    await start(file());
    const http = (text: string): string => text.replace('slack: {}', 'slack: { mode: http }');
    writeFileSync(file(), http(yaml('dana', [STACK, 'prod-dns'])));
    await expect.poll(names, SOON).toEqual([STACK, 'prod-dns']);
    await expect.poll(async () => (await about('1 change needs a restart')).length, SOON).toBe(1);
    expect((await about('needs a restart'))[0]).toContain('chat.slack.mode changed');
    expect(problem()).toBeNull();
    await following.stop();
    await start(file());
    expect(await about('1 change needs a restart')).toEqual([]);
    expect(await about('m0 was started with it')).toHaveLength(1);
  });
});

describe('who may approve', () => {
  const approvedDuringPlan = async (change: string): Promise<void> => {
    writeFileSync(file(), yaml('dana', [STACK]));
    await start(file());
    core.cloud.drift.set(STACK, [sshFinding()]);
    const run = await core.check();
    // The plan right before the apply waits until m0.yaml has changed.
    const { plan } = core.cloud;
    core.cloud.plan = async (...args) => {
      core.cloud.plan = plan;
      writeFileSync(file(), change);
      const before = following.status()?.digest;
      await expect.poll(() => following.status()?.digest, SOON).not.toBe(before);
      return plan.apply(core.cloud, args);
    };
    await core.sayText(`approve #${run.id}`);
    await core.untilIdle();
    expect(core.cloud.applies).toEqual([]);
  };

  it('counts right before the apply: the approval of who may no longer does not', async () => {
    await approvedDuringPlan(yaml('kim', [STACK]));
    const [run] = await core.store.runs({ stack: STACK, limit: 1 });
    expect(run?.state).toBe('awaiting_approval');
    expect(JSON.stringify(run)).toContain('m0.yaml asks for 1 who may approve, and 0 did');
  });

  it('and whether m0 may apply at all', async () => {
    await approvedDuringPlan(yaml('dana', [STACK]).replace('push: off', 'push: off, realign: never'));
  });

  it('and whether the stack is still watched', async () => {
    await approvedDuringPlan(yaml('dana', ['prod-dns']));
    const [run] = await core.store.runs({ stack: STACK, limit: 1 });
    expect(run?.state).toBe('canceled');
  });

  it('counts for the next command', async () => {
    writeFileSync(file(), yaml('dana', [STACK]));
    await start(file());
    core.cloud.drift.set(STACK, [sshFinding()]);
    const run = await core.check();
    writeFileSync(file(), yaml('kim', [STACK]));
    await expect.poll(() => core.live.directory.groups.sre, SOON).toEqual(['kim']);
    await core.sayText(`approve #${run.id}`);
    await core.untilIdle();
    expect(core.cloud.applies).toEqual([]);
    expect((await core.run(run.id)).state).toBe('awaiting_approval');
  });
});

describe('m0.yaml in Git', () => {
  it('is read at its commit, and a pushed one is used', async () => {
    const repo = makeRepo(join(dir, 'm0'), { 'm0.yaml': yaml('dana', [STACK]) });
    await start(`git::file://${repo}//m0.yaml?ref=main`);
    const first = following.status()?.commit;
    expect(first).toMatch(/^[0-9a-f]{40}$/);
    commit(repo, { 'm0.yaml': yaml('dana', [STACK, 'prod-dns']) }, 'dns');
    expect(following.pollNow([`file://${repo}`])).toBe(1);
    await expect.poll(names, SOON).toEqual([STACK, 'prod-dns']);
    const [entry] = await core.store.audit({ stack: 'm0.yaml' });
    expect(entry?.commit).toBe(following.status()?.commit);
    expect(entry?.commit).not.toBe(first);
  });

  it('that can’t be fetched changes nothing, and is no message', async () => {
    const repo = makeRepo(join(dir, 'm0'), { 'm0.yaml': yaml('dana', [STACK]) });
    await start(`git::file://${repo}//m0.yaml?ref=main`);
    renameSync(repo, `${repo}-away`);
    await expect.poll(problem, SOON).toContain('running git fetch');
    expect(await said()).toEqual([]);
    renameSync(`${repo}-away`, repo);
    await expect.poll(problem, SOON).toBeNull();
  });

  it('that a commit does not have any more is told, and the old one stays in use', async () => {
    const repo = makeRepo(join(dir, 'm0'), { 'm0.yaml': yaml('dana', [STACK]) });
    await start(`git::file://${repo}//m0.yaml?ref=main`);
    git(repo, 'mv', 'm0.yaml', 'other.yaml');
    commit(repo, { 'README.md': 'x' }, 'moved');
    await expect.poll(problem, SOON).toContain('has no such file');
    await expect.poll(async () => (await about('has no such file')).length, SOON).toBe(1);
    expect(names()).toEqual([STACK]);
  });

  it('has an address with a file, without a password, and shown without a user', () => {
    const source = configSourceOf('git::ssh://git@git.acme.dev/m0.git//envs/m0.yaml?ref=v1');
    expect(source).toEqual({
      kind: 'git',
      git: 'ssh://git@git.acme.dev/m0.git',
      file: 'envs/m0.yaml',
      ref: 'v1',
    });
    expect(shownSource(source)).toBe('git::ssh://git.acme.dev/m0.git//envs/m0.yaml?ref=v1');
    expect(() => configSourceOf('git::https://git.acme.dev/m0.git')).toThrow('no file of a repository');
    expect(() => configSourceOf('git::https://u:hunter22@git.acme.dev/m0.git//m0.yaml')).toThrow(
      /M0_CONFIG_TOKEN/,
    );
    expect(() => configSourceOf('git::https://git.acme.dev/m0.git//../m0.yaml')).toThrow(
      'is no path of a file',
    );
    expect(() => configSourceOf('git::ext::sh//m0.yaml')).toThrow('not allowed');
  });
});
