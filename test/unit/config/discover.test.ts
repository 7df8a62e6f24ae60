import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { Variables } from '../../../src/config/environment.ts';
import { type Config, loadConfig } from '../../../src/config/load.ts';
import { type BuiltStack, rootOf } from '../../../src/discovery/rule.ts';
import type { Stack } from '../../../src/model/directory.ts';
import { isValidCron } from '../../../src/schedule/cron.ts';

const BASE = `chat: { slack: {} }
people: { dana: { slack: U0DANA }, kim: { slack: U0KIM } }
groups: { sre: [dana, kim], dev: [kim] }
policies: { approvals: { git: ./p }, freeze: { git: ./p, path: f }, extra: { git: ./p, path: e } }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'm0-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string, env: Variables = {}): Promise<Config> {
  const path = join(folder, 'm0.yaml');
  writeFileSync(path, `${BASE}${text}`);
  return loadConfig(path, env, isValidCron);
}

async function problems(text: string, env: Variables = {}): Promise<string> {
  const error: unknown = await load(text, env).catch((e: unknown) => e);
  if (!(error instanceof ConfigError)) throw new Error(`no ConfigError: ${String(error)}`);
  return error.problems.map((p) => p.replace(`${folder}/`, '')).join('\n');
}

const firstStack = async (text: string, env: Variables = {}): Promise<Stack> => {
  const [stack] = (await load(text, env)).directory.stacks;
  if (stack === undefined) throw new Error('there is no stack');
  return stack;
};

/** What the first rule makes of a root. */
async function found(
  text: string,
  path: string,
  parts: readonly string[],
  ownFile: string | null = null,
  workspace = 'default',
): Promise<BuiltStack> {
  const [rule] = (await load(text, { TOKEN: 's3cret' })).discover;
  if (rule === undefined) throw new Error('there is no rule');
  const root = rootOf(rule, path, parts, workspace);
  return rule.stackOf(root, root.templateName, ownFile);
}

const STACK = `stacks: [{ name: net, environment: prod, source: { git: ./infra }`;

describe('defaults and environments', () => {
  it('are merged: defaults, then the environment, then the stack', async () => {
    const stack = await firstStack(
      `defaults:
  channels: [slack:C0OPS]
  policies: [approvals]
  env: { REGION: eu, TOKEN: "\${env:TOKEN}", STAGE: none }
  limits: { plan: 5m, apply: 10m }
  ignore: [{ match: a.b, reason: one }]
environments:
  prod:
    channels: [slack:C0PROD]
    policies: [freeze, approvals]
    schedule: "0 * * * *"
    approvers: { from: [sre], need: 2 }
    env: { STAGE: prod, AWS_PROFILE: prod }
    limits: { apply: 30m }
    quietHours: { from: "22:00", to: "6:00" }
    timezone: Asia/Kolkata
    healLimit: 3
  dev: { schedule: [] }
${STACK}, policies: [extra], env: { REGION: us }, ignore: [{ match: c.d, reason: two }] }]`,
      { TOKEN: 's3cret' },
    );
    expect(stack).toMatchObject({
      channels: [{ platform: 'slack', channel: 'C0PROD' }],
      schedule: ['0 * * * *'],
      approvers: { from: ['sre'], need: 2, notTheAuthor: false },
      env: { REGION: 'us', TOKEN: 's3cret', STAGE: 'prod', AWS_PROFILE: 'prod' },
      secrets: ['s3cret'],
      limits: { planMs: 5 * 60_000, applyMs: 30 * 60_000 },
      quietHours: { from: 22 * 60, to: 6 * 60, weekends: false, timezone: 'Asia/Kolkata' },
      timezone: 'Asia/Kolkata',
      healLimit: 3,
    });
    expect(stack.policies.map((p) => p.name)).toEqual(['approvals', 'freeze', 'extra']);
    expect(stack.ignore.map((i) => i.reason)).toEqual(['one', 'two']);
  });

  it('let the stack set approvers and a schedule of its own', async () => {
    const stack = await firstStack(`defaults: { channels: [slack:C0OPS], push: off }
environments: { prod: { approvers: { from: [sre] }, schedule: "1 * * * *", push: { poll: 1m } } }
${STACK}, approvers: { from: [dev] }, schedule: [] }]`);
    expect(stack).toMatchObject({ approvers: { from: ['dev'] }, schedule: [], pollMs: 60_000 });
  });

  it('report problems at their own place, once for all stacks', async () => {
    expect(
      await problems(`defaults: { channels: [slack:C0OPS], env: { A: "\${env:GONE}" } }
environments:
  prod: { approvers: { from: [sree] }, policies: [aprovals], chanels: [], schedule: often }
${STACK} }]`),
    ).toBe(
      [
        "m0.yaml:5:48 defaults.env.A: variable GONE is not set: set it for m0's process",
        'm0.yaml:7:11 environments.prod.approvers.need: needs 1 people, but at most 0 can approve: name more or need less',
        'm0.yaml:7:31 environments.prod.approvers.from[0]: there is no group, person or rota "sree", did you mean "sre"?',
        'm0.yaml:7:51 environments.prod.policies[0]: there is no policy "aprovals", did you mean "approvals"?',
        'm0.yaml:7:62 environments.prod.chanels: unknown key, did you mean "channels"?',
        'm0.yaml:7:85 environments.prod.schedule: "often" is not a cron: write minute hour day month weekday, as in "0 */2 * * *"',
      ].join('\n'),
    );
  });
});

describe('merge keys', () => {
  const HOLDER = `x-common: &common
  channels: [slack:C0OPS]
  schedule: "0 3 * * *"
  env: { TOKEN: "\${env:TOKEN}" }
`;

  it('work, with what the stack itself says counting more', async () => {
    const stack = await firstStack(`${HOLDER}${STACK}, <<: *common, schedule: [] }]`, { TOKEN: 't0ken' });
    expect(stack).toMatchObject({
      channels: [{ platform: 'slack', channel: 'C0OPS' }],
      schedule: [],
      env: { TOKEN: 't0ken' },
    });
  });

  it('serve hundreds of stacks, and a file that would grow without end is refused', async () => {
    const one = (i: number): string =>
      `  - { name: net-${i}, environment: prod, source: { git: ./infra }, <<: *common }\n`;
    const many = Array.from({ length: 400 }, (_, i) => one(i)).join('');
    const { directory } = await load(`${HOLDER}stacks:\n${many}`, { TOKEN: 't0ken' });
    expect(directory.stacks.filter(({ env }) => env.TOKEN === 't0ken')).toHaveLength(400);

    const ten = (name: string): string => `[${Array(10).fill(`*${name}`).join(', ')}]`;
    const names = [...'abcdef'];
    const bomb = names.map((name, i) => `x-${name}: &${name} ${i === 0 ? '[1]' : ten(names[i - 1] ?? '')}\n`);
    expect(await problems(`${bomb.join('')}stacks: ${ten('f')}\n`)).toContain('Excessive alias count');
  });

  it('name the line of what they bring', async () => {
    expect(await problems(`${HOLDER}  aproverz: 1\n${STACK}, <<: *common }]`, { TOKEN: 'x' })).toContain(
      'm0.yaml:9:3 stacks[0].aproverz: unknown key, did you mean "approvers"?',
    );
  });

  it('bring a reference nowhere it may not be', async () => {
    expect(await problems(`x-a: &a { name: "\${env:TOKEN}" }\nstacks: [{ <<: *a }]`)).toContain(
      'stacks[0].name: ${env:…} and ${file:…} are for the env of a stack',
    );
  });
});

const DISCOVER = `defaults: { channels: [slack:C0OPS], policies: [approvals], schedule: "0 2 * * *" }
environments: { prod: { approvers: { from: [sre] }, env: { STAGE: prod }, schedule: "0 1 * * *" } }
mayOverride: [schedule, channels, ignore]
discover:
  - source: { git: ./infra }
    roots: ["envs/*/*"]
    name: "{1}-{2}"
    environment: "{1}"
    varFiles: ["../../vars/{1}.tfvars"]
    tool: tofu
    env: { TOKEN: "\${env:TOKEN}" }
    overrides:
      - { match: "prod-*", approvers: { from: [sre], need: 2 }, realign: ask, policies: [freeze] }
      - { match: "prod-db", varFiles: ["db.tfvars"], schedule: [] }
`;

describe('discover', () => {
  it('makes a stack of a root: defaults, environment, entry, overrides that match', async () => {
    const { stack, problems: bad, refused } = await found(DISCOVER, 'envs/prod/net', ['prod', 'net']);
    expect({ bad, refused }).toEqual({ bad: [], refused: [] });
    expect(stack).toMatchObject({
      name: 'prod-net',
      environment: 'prod',
      source: { git: join(folder, 'infra'), ref: 'main', path: 'envs/prod/net' },
      workspace: 'default',
      varFiles: ['../../vars/prod.tfvars'],
      tool: 'tofu',
      approvers: { from: ['sre'], need: 2 },
      realign: 'ask',
      schedule: ['0 1 * * *'],
      env: { STAGE: 'prod', TOKEN: 's3cret' },
      secrets: ['s3cret'],
    });
    expect(stack.policies.map((p) => p.name)).toEqual(['approvals', 'freeze']);
    const dev = await found(DISCOVER, 'envs/dev/net', ['dev', 'net']);
    expect(dev.stack).toMatchObject({ name: 'dev-net', realign: 'policy', approvers: { from: [] } });
    const db = await found(DISCOVER, 'envs/prod/db', ['prod', 'db']);
    expect(db.stack).toMatchObject({ varFiles: ['db.tfvars'], schedule: [], realign: 'ask' });
  });

  it('names the workspace where the template does not', async () => {
    const parts = ['prod', 'net'];
    expect((await found(DISCOVER, 'envs/prod/net', parts, null, 'blue')).stack).toMatchObject({
      name: 'prod-net-blue',
      workspace: 'blue',
    });
    const named = DISCOVER.replace('"{1}-{2}"', '"{2}-{workspace}"');
    expect((await found(named, 'envs/prod/net', parts, null, 'blue')).stack.name).toBe('net-blue');
  });

  it('lets .m0.yaml set what mayOverride names, and nothing else', async () => {
    const own = `schedule: "5 * * * *"
ignore: [{ match: a.b, reason: ours }]
approvers: { from: [dev] }
polices: []
env: { A: b }
channels: nowhere
`;
    const { stack, refused } = await found(DISCOVER, 'envs/prod/net', ['prod', 'net'], own);
    expect(stack).toMatchObject({
      schedule: ['5 * * * *'],
      ignore: [{ match: 'a.b', reason: 'ours' }],
      approvers: { from: ['sre'], need: 2 },
      env: { STAGE: 'prod', TOKEN: 's3cret' },
      channels: [{ platform: 'slack', channel: 'C0OPS' }],
    });
    expect(refused).toEqual([
      '.m0.yaml:3 approvers: may not be set here: mayOverride in m0.yaml allows schedule, channels, ignore',
      '.m0.yaml:4 polices: unknown key, did you mean "policies"?',
      '.m0.yaml:5 env: may not be set here: mayOverride in m0.yaml allows schedule, channels, ignore',
      expect.stringContaining('.m0.yaml:6 channels'),
    ]);
  });

  it.each([
    ['a cron that is none', 'schedule: often', '.m0.yaml:1 schedule: "often" is not a cron'],
    ['a chat that is not set up', 'channels: [teams:x]', '.m0.yaml:1 channels[0]: teams is not set up'],
    ['text that is no YAML', 'a: [', '.m0.yaml:1:'],
    ['a list', '- a', '.m0.yaml:1 must be a block of keys and values'],
  ])('watches a root with m0.yaml’s settings where .m0.yaml has %s', async (_, own, problem) => {
    const { stack, refused, problems: bad } = await found(DISCOVER, 'envs/prod/net', ['prod', 'net'], own);
    expect(refused[0]).toContain(problem);
    expect(bad).toEqual([]);
    expect(stack.schedule).toEqual(['0 1 * * *']);
  });

  it('lets an entry allow more, but a repository never reads m0’s secrets', async () => {
    const may = `${DISCOVER}    mayOverride: [env, approvers]\n`;
    const own = `env: { A: "\${env:TOKEN}" }\napprovers: { from: [dev] }\nschedule: []\n`;
    const { stack, refused } = await found(may, 'envs/prod/net', ['prod', 'net'], own);
    expect(stack.approvers.from).toEqual(['dev']);
    expect(stack.env).toEqual({ STAGE: 'prod', TOKEN: 's3cret' });
    expect(refused).toEqual([
      '.m0.yaml:1 env.A: may not refer to variables and files of m0',
      '.m0.yaml:3 schedule: may not be set here: mayOverride in m0.yaml allows env, approvers',
    ]);
  });

  it.each([
    ['a name that can’t be one', 'envs/prod/-', ['pr od', '-'], 'name "pr od" must be letters'],
    ['var files outside', 'net', ['net', 'x'], 'var file ../../vars/net.tfvars must be a path'],
  ])('tells %s', async (_, path, parts, problem) => {
    const { problems: bad } = await found(DISCOVER, path, parts);
    expect(bad.join('\n')).toContain(problem);
  });

  const PLAN = 'arn:aws:iam::123456789012:role/plan';
  const APPLY = 'arn:aws:iam::123456789012:role/apply';
  const ROLES = `defaults: { channels: [slack:C0OPS], after: [network], aws: { duration: 2h } }
environments: { prod: { after: [dns, prod-net], aws: { planRole: "${PLAN}" } } }
discover:
  - source: { git: ./infra }
    roots: ["envs/*/*"]
    name: "{1}-{2}"
    environment: "{1}"
    after: [vault]
    aws: { applyRole: "${APPLY}", externalId: x }
    overrides: [ { match: "*-net", after: [own], aws: { externalId: net } } ]
`;

  it('gives a root its clouds key by key and all that it follows, but not itself', async () => {
    const { stack, problems: bad } = await found(ROLES, 'envs/prod/net', ['prod', 'net']);
    expect(bad).toEqual([]);
    expect(stack.aws).toEqual({
      ...{ planRole: PLAN, applyRole: APPLY, externalId: 'net' },
      ...{ durationMs: 7_200_000, webIdentityTokenFile: null },
    });
    expect(stack.after).toEqual(['network', 'dns', 'vault', 'own']);
  });

  it('does not watch a root that lacks a part of its identity', async () => {
    const { problems: bad } = await found(ROLES, 'envs/dev/db', ['dev', 'db']);
    expect(bad).toEqual(['aws: needs planRole as well']);
  });

  it.each([
    ['aws', `{ planRole: "${APPLY}", externalId: mine }`],
    ['azure', '{ subscriptionId: 00000000-0000-0000-0000-000000000000 }'],
    ['google', '{ planServiceAccount: a@b.c }'],
    ['after', '[elsewhere]'],
  ])('lets .m0.yaml set %s only where mayOverride names it', async (key, value) => {
    const own = `${key}: ${value}\n`;
    const root = ['envs/prod/net', ['prod', 'net']] as const;
    const { stack: usual } = await found(ROLES, ...root);
    const { stack, refused } = await found(ROLES, ...root, own);
    expect(refused).toEqual([
      `.m0.yaml:1 ${key}: may not be set here: mayOverride in m0.yaml allows nothing`,
    ]);
    expect(stack).toEqual(usual);
    const allowed = await found(`${ROLES}    mayOverride: [${key}]\n`, ...root, own);
    expect(allowed.refused).toEqual([]);
    expect([allowed.stack, allowed.problems]).not.toEqual([usual, []]);
  });

  it('never takes a file of m0’s machine from .m0.yaml', async () => {
    const may = `${ROLES}    mayOverride: [aws, azure, google]\n`;
    const own = `aws: { externalId: mine, webIdentityTokenFile: secret }
azure: { planTokenFile: secret, applyTokenFile: secret }
google: { planCredentials: secret, applyCredentials: secret }
`;
    const { stack, refused } = await found(may, 'envs/prod/net', ['prod', 'net'], own);
    expect(refused).toEqual([
      '.m0.yaml:1 aws.webIdentityTokenFile: may not name files of m0',
      '.m0.yaml:2 azure.planTokenFile: may not name files of m0',
      '.m0.yaml:2 azure.applyTokenFile: may not name files of m0',
      '.m0.yaml:3 google.planCredentials: may not name files of m0',
      '.m0.yaml:3 google.applyCredentials: may not name files of m0',
    ]);
    expect(stack.aws?.externalId).toBe('net');
  });

  it('leaves names in after to be checked once all stacks are found', async () => {
    const stacks = 'stacks: [{ name: a, environment: e, source: { git: ./i }, after: [b] }]\n';
    expect(await problems(`defaults: { channels: [slack:C0OPS] }\n${stacks}`)).toContain(
      'stacks[0].after[0]: there is no stack "b"',
    );
    const { directory } = await load(`${ROLES}${stacks}`);
    expect(directory.stacks[0]?.after).toContain('b');
  });

  it('needs no stacks besides, and refuses what can’t be right', async () => {
    const { directory, discover } = await load(DISCOVER, { TOKEN: 'x' });
    expect([directory.stacks.length, discover.length]).toEqual([0, 1]);
    const bad = `defaults: { channels: [slack:C0OPS] }
mayOverride: [scedule]
discover:
  - source: { git: ./infra }
    roots: ["envs/[ab]/*", "/x", "a/../b", "a**"]
    name: "{3}"
    environment: "{env}"
    workspace: auto
    workspaces: all
`;
    const text = await problems(bad);
    for (const part of [
      'discover[0].roots[0]: must be a path with * and **',
      'discover[0].roots[1]: must be a path from the top',
      'discover[0].roots[2]: must be a path from the top',
      'discover[0].roots[3]: must have ** between slashes',
      'discover[0].workspace: unknown key, did you mean "workspaces"?',
      'discover[0].workspaces: must be none, auto or a list of workspaces',
    ]) {
      expect(text).toContain(part);
    }
    const templates = `defaults: { channels: [slack:C0OPS] }
mayOverride: [scedule]
discover: [{ source: { git: ./i }, roots: ["*/b"], name: "{2}", environment: "{env}" }]
`;
    expect(await problems(templates)).toBe(
      [
        'm0.yaml:6:15 mayOverride[0]: "scedule" can\'t be set by .m0.yaml, did you mean "schedule"?',
        'm0.yaml:7:58 discover[0].name: has {2}, but a glob of roots has only 1 wildcard',
        'm0.yaml:7:78 discover[0].environment: has {env}, which names nothing: there is {1} to {9}, {path}, {folder} and {workspace}',
      ].join('\n'),
    );
    expect(await problems('defaults: {}\n')).toContain(
      'stacks: must name at least one stack, or let discover find them',
    );
  });
});
