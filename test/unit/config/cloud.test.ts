import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Stack } from '../../../src/model/directory.ts';
import { isValidCron } from '../../../src/schedule/cron.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-cloud-keys-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function load(stack: string, defaults = '', environments = ''): Promise<Stack | readonly string[]> {
  const path = join(dir, 'm0.yaml');
  writeFileSync(
    path,
    `chat: { slack: {} }
defaults: { channels: [slack:C0OPS]${defaults === '' ? '' : `, ${defaults}`} }
environments: { ${environments} }
stacks:
  - { name: prod, environment: prod, source: { git: ./infra }, ${stack} }
`,
  );
  try {
    const [only] = (await loadConfig(path, {}, isValidCron)).directory.stacks;
    if (only === undefined) throw new Error('no stack');
    return only;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.replace(/^.*?m0\.yaml/, ''));
  }
}

const PLAN = 'arn:aws:iam::123456789012:role/m0-plan';
const APPLY = 'arn:aws:iam::123456789012:role/m0-apply';

describe('aws', () => {
  it('has one role for plans and another for applies, with what the defaults say', async () => {
    const stack = await load(
      `aws: { planRole: "${PLAN}", duration: 2h }`,
      `aws: { applyRole: "${APPLY}", externalId: x }`,
    );
    expect(stack).toMatchObject({
      aws: {
        ...{ planRole: PLAN, applyRole: APPLY, externalId: 'x' },
        ...{ durationMs: 7_200_000, webIdentityTokenFile: null },
      },
    });
  });

  it('takes the keys of its environment over those of the defaults, one by one', async () => {
    const stack = await load(
      'aws: { externalId: own }',
      `aws: { planRole: "${APPLY}", duration: 2h, externalId: x }`,
      `prod: { aws: { planRole: "${PLAN}", applyRole: "${APPLY}" } }, dev: { aws: { externalId: dev } }`,
    );
    expect(stack).toMatchObject({
      aws: { planRole: PLAN, applyRole: APPLY, externalId: 'own', durationMs: 7_200_000 },
    });
  });

  it('is nothing where only the defaults say how long a session lasts', async () => {
    expect(await load('push: off', 'aws: { duration: 2h }')).not.toHaveProperty('aws');
  });

  it('may do without the role for applies only where nothing is applied', async () => {
    expect(await load(`aws: { planRole: "${PLAN}" }`)).toEqual([
      ':5:64 stacks[0].aws: needs applyRole as well, or set realign: never',
    ]);
    expect(await load(`aws: { planRole: "${PLAN}" }, realign: never`)).toMatchObject({
      aws: { applyRole: null },
    });
    expect(await load('aws: { externalId: x }, realign: never')).toEqual([
      ':5:64 stacks[0].aws: needs planRole as well',
    ]);
  });

  it('refuses one role for both, which would let a plan change the cloud', async () => {
    expect(await load(`aws: { planRole: "${PLAN}", applyRole: "${PLAN}" }`)).toEqual([
      expect.stringContaining(
        'stacks[0].aws.applyRole: is also planRole: a plan could then change the cloud',
      ),
    ]);
  });

  it('refuses sessions that end before the tool may', async () => {
    const roles = `planRole: "${PLAN}", applyRole: "${APPLY}"`;
    expect(await load(`aws: { ${roles} }, limits: { apply: 2h }`)).toEqual([
      expect.stringContaining('its sessions end before limits do'),
    ]);
    expect(await load(`aws: { ${roles}, duration: 125m }, limits: { apply: 2h }`)).toHaveProperty('aws');
    expect(await load(`aws: { ${roles}, duration: 13h }`)).toEqual([
      expect.stringContaining('must be 15m to 12h'),
    ]);
    expect(await load('aws: { planRole: m0-plan }')).toEqual([
      expect.stringContaining('must be the ARN of a role'),
    ]);
  });
});

describe('azure and google', () => {
  const [one, two, three] = ['1', '2', '3'].map((n) => `00000000-0000-0000-0000-00000000000${n}`);
  it('want a token and credentials of their own for plans and for applies', async () => {
    const ids = `tenantId: ${one}, planClientId: ${two}, applyClientId: ${three}`;
    expect(await load(`azure: { ${ids}, planTokenFile: p, applyTokenFile: a }`)).toMatchObject({
      azure: { planTokenFile: join(dir, 'p'), applyTokenFile: join(dir, 'a'), subscriptionId: null },
    });
    expect(await load(`azure: { ${ids}, planTokenFile: p, applyTokenFile: p }`)).toEqual([
      expect.stringContaining('azure.applyTokenFile: is also planTokenFile'),
    ]);
    expect(await load(`azure: { planClientId: ${two}, planTokenFile: p }`)).toEqual([
      expect.stringContaining('azure: needs tenantId and applyClientId and applyTokenFile as well'),
    ]);
    const accounts = 'planServiceAccount: p@acme.dev, applyServiceAccount: a@acme.dev';
    expect(await load(`google: { ${accounts}, planCredentials: p, applyCredentials: a }`)).toMatchObject({
      google: { planCredentials: join(dir, 'p'), applyCredentials: join(dir, 'a') },
    });
    expect(await load(`google: { ${accounts}, planCredentials: p, applyCredentials: p }`)).toEqual([
      expect.stringContaining('google.applyCredentials: is also planCredentials'),
    ]);
  });
});

describe('after', () => {
  async function order(stacks: readonly string[], defaults = ''): Promise<readonly unknown[]> {
    const path = join(dir, 'order.yaml');
    writeFileSync(
      path,
      `chat: { slack: {} }\ndefaults: { channels: [slack:C0OPS]${defaults} }\nstacks:\n${stacks
        .map((stack) => `  - { environment: prod, source: { git: ./infra }, ${stack} }\n`)
        .join('')}`,
    );
    try {
      return (await loadConfig(path, {}, isValidCron)).directory.stacks.map(({ after }) => after ?? []);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map((problem) => problem.replace(/^.*?order\.yaml/, ''));
    }
  }

  it('names stacks, in a stack or for all', async () => {
    expect(
      await order(['name: app, after: [dns]', 'name: dns', 'name: network'], ', after: [network]'),
    ).toEqual([['network', 'dns'], ['network'], []]);
  });

  it('refuses what is no stack, the stack itself, and a ring, which it names', async () => {
    expect(await order(['name: app, after: [netwrk]', 'name: network'])).toEqual([
      expect.stringContaining('there is no stack "netwrk", did you mean "network"'),
    ]);
    expect(await order(['name: app, after: [app]'])).toEqual([
      expect.stringContaining('is the stack itself'),
    ]);
    expect(await order(['name: a, after: [b]', 'name: b, after: [c]', 'name: c, after: [a]'])).toEqual([
      expect.stringContaining('makes a ring: a → b → c → a; take one of them out'),
    ]);
  });
});

describe('causes', () => {
  const ROLE = 'arn:aws:iam::123456789012:role/m0-causes';

  it('are merged key by key, and the region is that of the stack where none is named', async () => {
    const stack = await load(
      'env: { AWS_REGION: eu-west-1 }, causes: { ask: true }',
      `causes: { cloudtrail: { externalId: x } }`,
      `prod: { causes: { cloudtrail: { role: "${ROLE}" } } }`,
    );
    expect(stack).toMatchObject({
      causes: {
        cloudtrail: { role: ROLE, regions: ['eu-west-1'], externalId: 'x', webIdentityTokenFile: null },
        athena: null,
        ask: true,
      },
    });
  });

  it('may be asked of a table of Athena in place of CloudTrail', async () => {
    const stack = await load(
      'env: { AWS_REGION: eu-west-1 }',
      `causes: { athena: { database: audit, table: cloudtrail_logs_pp, output: "s3://acme-athena/m0/" } }`,
      `prod: { causes: { athena: { role: "${ROLE}", workgroup: m0 } } }`,
    );
    expect(stack).toMatchObject({
      causes: {
        cloudtrail: null,
        athena: {
          ...{ role: ROLE, regions: ['eu-west-1'], externalId: null, webIdentityTokenFile: null },
          ...{ region: 'eu-west-1', database: 'audit', table: 'cloudtrail_logs_pp', workgroup: 'm0' },
          output: 's3://acme-athena/m0/',
        },
      },
    });
  });

  it.each([
    ['causes: { cloudtrail: { regions: [eu-west-1] } }', 'needs role as well'],
    ['causes: { cloudtrail: { role: "m0" } }', 'must be the ARN of a role'],
    [`causes: { cloudtrail: { role: "${ROLE}", regions: [] } }`, 'must name at least one region'],
    [`causes: { cloudtrail: { role: "${ROLE}", regions: [Frankfurt] } }`, 'must be the name of a region'],
    [
      `aws: { planRole: "${PLAN}", applyRole: "${APPLY}" }, causes: { cloudtrail: { role: "${APPLY}" } }`,
      'is also aws.applyRole',
    ],
    [`causes: { athena: { role: "${ROLE}", table: t } }`, 'needs database as well'],
    [`causes: { athena: { role: "${ROLE}", database: d } }`, 'needs table as well'],
    [`causes: { athena: { database: d, table: t } }`, 'needs role as well'],
    [
      `causes: { athena: { role: "${ROLE}", database: d, table: "t; DROP TABLE t" } }`,
      'may have only letters, digits and _',
    ],
    [
      `causes: { athena: { role: "${ROLE}", database: d, table: t, output: "https://x" } }`,
      'must be a place in a bucket',
    ],
    [
      `causes: { cloudtrail: { role: "${ROLE}" }, athena: { role: "${ROLE}", database: d, table: t } }`,
      'has the same events as cloudtrail: set one of them',
    ],
  ])('%s', async (stack, problem) => {
    expect(String(await load(stack))).toContain(problem);
  });

  it('are not asked for where nothing is written', async () => {
    expect(await load('realign: ask')).not.toHaveProperty('causes');
  });
});
