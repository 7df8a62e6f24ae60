import { renameSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { M0 } from '../../src/model/run.ts';
import { DiscoveryCore, rootFile } from '../support/discovery.ts';
import { buttonsOf, plainTextOf } from '../support/fake-chat.ts';
import { sshFinding } from '../support/runs.ts';
import { commit } from '../support/terraform-repo.ts';

const RULES = `mayOverride: [schedule]
discover:
  - source: { git: REPO }
    roots: ["envs/*/*"]
    exclude: ["envs/sandbox/**"]
    name: "{1}-{2}"
    environment: "{1}"
    overrides: [ { match: "prod-*", approvers: { from: [sre], need: 2 } } ]
`;
const FILES = {
  'envs/prod/net/main.tf': rootFile('prod/net'),
  'envs/prod/db/main.tf': rootFile('prod/db'),
  'envs/sandbox/a/main.tf': rootFile('sandbox/a'),
  'modules/vpc/main.tf': 'variable "x" {}\n',
};
const SSH = sshFinding();

let world: DiscoveryCore;
async function say(text: string): Promise<string> {
  const card = await world.core.say(text);
  return card === null ? '' : plainTextOf(card);
}
afterEach(async () => {
  await world.core.checkInvariants();
  await world.close();
});

async function open(files: Readonly<Record<string, string>> = FILES, rules = RULES): Promise<void> {
  world = await DiscoveryCore.open(files, rules);
}

/** The stack drifts, and its card is in #ops. */
async function drifts(stack: string): Promise<number> {
  world.core.cloud.drift.set(stack, [SSH]);
  const run = await world.core.check('schedule', stack);
  await world.core.deliver();
  return run.id;
}

describe('the order of stacks that m0 finds', () => {
  const ORDERED = `${RULES.replace('    overrides:', '    after: [prod-net, prod-zone]\n    overrides:')}`;

  it('counts from the moment they are found, and names that nothing has are told once', async () => {
    await open(FILES, ORDERED);
    expect([...world.core.worker.upstreamOf('prod-db')]).toEqual(['prod-net']);
    const told = (): readonly string[] =>
      world.said().filter((text) => text.includes('no stack "prod-zone"'));
    expect(told()).toHaveLength(1);
    commit(world.repo, { 'envs/prod/zone/main.tf': rootFile('prod/zone') }, 'zone');
    await world.push();
    expect([...world.core.worker.upstreamOf('prod-db')].sort()).toEqual(['prod-net', 'prod-zone']);
    expect(await say('stacks')).not.toContain('there is no stack');
    expect(told()).toHaveLength(1);
  });

  it('makes checks of one round wait for those upstream, also of stacks found later', async () => {
    await open(FILES, ORDERED);
    commit(world.repo, { 'envs/prod/app/main.tf': rootFile('prod/app') }, 'app');
    await world.push();
    const { core } = world;
    core.cloud.plans.length = 0;
    await core.worker.checkAll(core.live.directory.stacks, 'schedule', M0);
    await core.untilIdle();
    expect(core.cloud.plans.map(({ stack }) => stack)[0]).toBe('prod-net');
  });

  it('does not count where it makes a ring, which is told', async () => {
    const ring = RULES.replace(
      'approvers: { from: [sre], need: 2 } }',
      'approvers: { from: [sre], need: 2 } }, { match: prod-db, after: [prod-net] }, { match: prod-net, after: [prod-db] }',
    );
    await open(FILES, ring);
    expect([...world.core.worker.upstreamOf('prod-db')]).toEqual([]);
    expect([...world.core.worker.upstreamOf('prod-net')]).toEqual([]);
    expect(world.said().join('\n')).toContain(
      'makes a ring, so this order does not count: prod-db → prod-net → prod-db',
    );
  });
});

describe('stacks that m0 finds', () => {
  it('are watched from the start, and said once', async () => {
    await open();
    expect(world.names()).toEqual(['prod-db', 'prod-net']);
    expect(world.said()).toHaveLength(1);
    expect(world.said()[0]).toContain('2 new stacks watched');
    await world.start();
    await world.push();
    expect(world.said()).toHaveLength(1);
    const text = await say('stacks');
    expect(text).toContain('2 stacks watched, 1 root excluded by rule, 0 unwatched');
    expect(text).toContain('prod-net  envs/prod/net');
    expect(text).toContain('discover[0], glob "envs/*/*"');
    expect(text).toContain('approved by sre (2 of them)');
    expect(text).toContain('envs/sandbox/a');
  });

  it('appear with a push: told once, checked, and known to commands and to the schedule', async () => {
    await open();
    commit(
      world.repo,
      { 'envs/prod/dns/main.tf': rootFile('prod/dns'), 'envs/dev/a/main.tf': rootFile('d') },
      'two',
    );
    world.core.cloud.drift.set('prod-dns', [SSH]);
    await world.push();
    expect(world.names()).toEqual(['dev-a', 'prod-db', 'prod-dns', 'prod-net']);
    const told = world.said().filter((text) => text.includes('2 new stacks watched'));
    expect(told).toHaveLength(2);
    expect(told[1]).toContain('prod-dns  envs/prod/dns');
    const [run] = await world.core.store.runs({ stack: 'prod-dns' });
    expect(run).toMatchObject({ trigger: 'push', state: 'awaiting_approval' });
    expect(await say('status prod-dns')).toContain('prod-dns');
    expect(await world.core.store.lastTick('prod-dns')).toBe(world.core.now);
    await world.push();
    expect(world.said().filter((text) => text.includes('new stacks watched'))).toHaveLength(2);
  });

  it('are found by the watch for pushes', async () => {
    await open();
    commit(world.repo, { 'envs/prod/dns/main.tf': rootFile('prod/dns') }, 'dns');
    expect(world.pushes.pollNow([world.repo])).toBe(1);
    await expect.poll(() => world.names(), { timeout: 15_000 }).toContain('prod-dns');
    await world.core.untilIdle();
  });

  it('that vanish with open drift are told, their cards are closed with words, and their runs end', async () => {
    await open();
    const run = await drifts('prod-net');
    world.git('rm', '-rq', 'envs/prod/net');
    const head = await world.push();
    expect(world.names()).toEqual(['prod-db']);
    const why = `its folder envs/prod/net is gone from infra@${head.slice(0, 7)}`;
    const told = world.said().at(-1) ?? '';
    expect(told).toContain('1 stack no longer watched (prod-net had open drift)');
    expect(told).toContain(why);
    expect(told).toContain('its drift was open: 1 resource');
    const [alert] = await world.core.store.alerts({ subject: 'prod-net', kind: 'drift' });
    expect(alert).toMatchObject({ state: 'resolved', outcome: `prod-net is no longer watched: ${why}` });
    expect((await world.core.run(run)).state).toBe('canceled');
    const card = world.core.chat.in('C0OPS').find((m) => /^prod-net/.test(m.card.headline))?.card;
    expect(card && plainTextOf(card)).toContain(why);
    expect(
      card === undefined
        ? []
        : buttonsOf(card).filter((b) => /^(approve|snooze|accept|reject)/.test(b.command)),
    ).toEqual([]);
    expect(await say(`show #${run}`)).toContain(why);
    const entries = await world.core.store.audit({ stack: 'prod-net' });
    expect(entries.find((e) => e.action === 'not-watched')?.detail).toBe(why);
    // A restart says nothing again, and closes nothing else.
    const before = world.said().length;
    await world.start();
    expect(world.said()).toHaveLength(before);
  });

  it('that vanish while a check runs leave nothing open', async () => {
    await open();
    world.core.cloud.drift.set('prod-net', [SSH]);
    const gate = Promise.withResolvers<void>();
    const { cloud } = world.core;
    const plan = cloud.plan.bind(cloud);
    cloud.plan = async (...args) => {
      await gate.promise;
      return plan(...args);
    };
    const stack = world.core.live.directory.stacks.find((s) => s.name === 'prod-net');
    if (stack === undefined) throw new Error('prod-net is not there');
    const run = await world.core.worker.check(stack, 'schedule', M0);
    await world.core.untilState('planning', 'prod-net');
    world.git('rm', '-rq', 'envs/prod/net');
    const { commit: head } = await world.mirrors.fetch(world.repo, 'main');
    await world.discoveries.look({ git: world.repo, ref: 'main' }, head);
    gate.resolve();
    await world.core.untilIdle();
    await expect
      .poll(async () => (await world.core.store.alerts({ subject: 'prod-net', state: 'open' })).length)
      .toBe(0);
    expect((await world.core.run(run.id)).state).toBe('canceled');
  });

  it('that come back have their history', async () => {
    await open();
    await drifts('prod-net');
    world.git('rm', '-rq', 'envs/prod/net');
    await world.push();
    commit(world.repo, { 'envs/prod/net/main.tf': rootFile('prod/net') }, 'back');
    await world.push();
    expect(world.names()).toEqual(['prod-db', 'prod-net']);
    expect(await say('history prod-net')).toContain('envs/prod/net is gone');
  });

  it('that move keep their name, their open card and what was snoozed', async () => {
    await open();
    const run = await drifts('prod-net');
    world.git('mv', 'envs/prod/net', 'envs/prod/network');
    await world.push();
    expect(world.names()).toEqual(['prod-db', 'prod-net']);
    const told = world.said().at(-1) ?? '';
    expect(told).toContain('1 stack moved');
    expect(told).toContain('prod-net  envs/prod/network, before envs/prod/net');
    const [stack] = world.core.live.directory.stacks.filter((s) => s.name === 'prod-net');
    expect(stack?.source.path).toBe('envs/prod/network');
    expect(stack?.approvers.need).toBe(2);
    const [alert] = await world.core.store.alerts({ subject: 'prod-net', kind: 'drift', state: 'open' });
    expect(alert?.runId).toBe(run);
    // Again: it stays the same stack, also after a restart and further moves with a change of its code.
    await world.start();
    world.git('mv', 'envs/prod/network', 'envs/prod/vpc');
    commit(
      world.repo,
      { 'envs/prod/vpc/main.tf': `${rootFile('prod/net')}# more\n`.replace('input', 'triggers_replace') },
      'y',
    );
    await world.push();
    expect(world.names()).toEqual(['prod-db', 'prod-net']);
    expect(await say('stacks')).toContain('it moved; by its folder it would be prod-vpc');
  });

  it('that move to another environment are other stacks there', async () => {
    await open();
    await drifts('prod-net');
    commit(world.repo, { 'envs/dev/README': 'x' }, 'dev');
    world.git('mv', 'envs/prod/net', 'envs/dev/net');
    await world.push();
    expect(world.names()).toEqual(['dev-net', 'prod-db']);
    const told = world.said().at(-1) ?? '';
    expect(told).toContain('1 stack no longer watched (prod-net had open drift), 1 new stack watched');
  });

  it('with the same name are not watched, and the one that had it stays', async () => {
    const rules = RULES.replace('"{1}-{2}"', '"{2}"').replace('prod-*', '*');
    await open(FILES, rules);
    expect(world.names()).toEqual(['db', 'net']);
    commit(world.repo, { 'envs/dev/net/main.tf': rootFile('dev/net') }, 'dev');
    await world.push();
    expect(world.names()).toEqual(['db', 'net']);
    expect(world.core.live.directory.stacks[1]?.source.path).toBe('envs/prod/net');
    const told = world.said().at(-1) ?? '';
    expect(told).toContain('envs/dev/net  its name "net" is also that of envs/prod/net: names must differ');
    expect(await say('stacks')).toContain('1 unwatched');
    const before = world.said().length;
    await world.start();
    expect(world.said()).toHaveLength(before);
  });

  it('may set in .m0.yaml what m0.yaml allows, and other keys are told', async () => {
    await open();
    commit(
      world.repo,
      { 'envs/prod/net/.m0.yaml': 'schedule: "7 * * * *"\napprovers: { from: [dana] }\n' },
      'own',
    );
    await world.push();
    const [, net] = world.core.live.directory.stacks;
    expect(net).toMatchObject({ schedule: ['7 * * * *'], approvers: { from: ['sre'], need: 2 } });
    expect(world.said().at(-1)).toContain(
      'prod-net  .m0.yaml:2 approvers: may not be set here: mayOverride in m0.yaml allows schedule',
    );
  });

  it('stay watched while their repository can’t be read, also over a restart', async () => {
    await open();
    await drifts('prod-net');
    const before = world.said().length;
    renameSync(world.repo, `${world.repo}-away`);
    await world.start();
    expect(world.names()).toEqual(['prod-db', 'prod-net']);
    expect(await world.core.store.alerts({ subject: 'prod-net', state: 'open' })).toHaveLength(1);
    expect(world.said()).toHaveLength(before);
    renameSync(`${world.repo}-away`, world.repo);
  });

  it('let m0 not start where a new repository can’t be read and they would be lost', async () => {
    await open();
    await drifts('prod-net');
    await expect(world.start(RULES.replace('REPO', 'REPO-gone'))).rejects.toThrow(
      /Without that repository these stacks would not be watched any more: prod-db, prod-net/,
    );
    expect(await world.core.store.alerts({ subject: 'prod-net', state: 'open' })).toHaveLength(1);
    await world.start(RULES);
  });

  it('are told as gone by the digest and the status of what is excluded', async () => {
    await open();
    expect(await say('status')).toContain('1 root excluded by rule, 0 unwatched');
    expect(await say('digest')).toContain('1 root excluded by rule, 0 unwatched');
  });

  it('have the workspaces that exist, which are listed anew', async () => {
    await open(FILES, RULES.replace('environment:', 'workspaces: auto\n    environment:'));
    const list = async (): Promise<readonly string[]> => {
      await world.discoveries.listWorkspaces();
      await world.core.untilIdle();
      await world.core.deliver();
      return world.names();
    };
    expect(world.names()).toEqual(['prod-db', 'prod-net']);
    world.workspaces.set('envs/prod/net', ['blue', 'default']);
    expect(await list()).toEqual(['prod-db', 'prod-net', 'prod-net-blue']);
    expect(world.core.live.directory.stacks[2]).toMatchObject({ workspace: 'blue', approvers: { need: 2 } });
    expect(world.said().at(-1)).toContain('1 new stack watched');
    world.workspaces.set('envs/prod/net', ['default', 'green']);
    // Not before some hours are over.
    expect(await list()).toContain('prod-net-blue');
    world.core.now += 7 * 3_600_000;
    expect(await list()).toEqual(['prod-db', 'prod-net', 'prod-net-green']);
    expect(world.said().at(-1)).toContain('has no workspace blue for it any more');
    // Where they can't be listed, those that were known stay.
    world.workspaces.set('envs/prod/net', 'the backend does not answer');
    world.core.now += 7 * 3_600_000;
    await world.start();
    expect(await list()).toEqual(['prod-db', 'prod-net', 'prod-net-green']);
    expect(await say('stacks')).toContain("its workspaces can't be listed: the backend does not answer");
  });

  it('are found with ** where they have a backend, a cloud block or a .m0.yaml', async () => {
    const files = {
      ...FILES,
      'live/a/cloud.tf': 'terraform {\n  cloud {\n    organization = "acme"\n  }\n}\n',
      'live/b/main.tf': '# backend "s3" {}\nlocals { cloud = "x" }\n',
      'live/c/main.tf': 'locals {}\n',
      'live/c/.m0.yaml': '',
      'live/d/.m0.yaml': '',
      'live/e/main.tf.json': '{"terraform":{"backend":{"s3":{"key":"e"}}}}',
    };
    const rules = RULES.replace('"envs/*/*"', '"live/**"')
      .replace('"{1}-{2}"', '"{path}"')
      .replace('"{1}"', 'live');
    await open(files, rules);
    expect(world.names()).toEqual(['live-a', 'live-c', 'live-e']);
    const text = await say('stacks');
    expect(text).toContain('3 stacks watched, 1 root excluded by rule, 3 unwatched');
    expect(text).toContain('envs/prod/net  not watched: no glob of roots matches it');
    expect(text).toContain('live/d  not watched: has a .m0.yaml, but no .tf or .tofu file');
  });
});
