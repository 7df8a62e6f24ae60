import { describe, expect, it } from 'vitest';
import { childEnvironment } from '../../../src/terraform/child-environment.ts';
import {
  mockedDependencies,
  refusedSettings,
  terragruntArgs,
  toolErrors,
} from '../../../src/terraform/terragrunt.ts';
import { addsMocks } from '../../../src/terraform/terragrunt-unit.ts';

const entry = (level: string, msg: string): string =>
  JSON.stringify({ time: '2026-11-28UTC20:12:24Z', level, msg }).replace('","level', '", "level');
const TOOL = 'Error: Invalid function argument\n\n  on bad.tf line 1\n';
const REPEATED = entry('error', 'error occurred:\n\n* Failed to execute "terraform plan"\n  Error: Invalid');

describe('errors', () => {
  it.each([
    ['the tool’s own, without the repetition', `${TOOL}\n${REPEATED}`, TOOL],
    [
      'Terragrunt’s last one, which sums up',
      `${entry('error', 'Error: Unknown variable')}\n${entry('error', '2 errors occurred:\n\n* a.hcl:1: no\n* b')}`,
      'Error: a.hcl:1: no\n* b',
    ],
    ['all there is, without a log', 'killed', 'killed'],
    ['not warnings', entry('warn', 'careful'), ''],
  ])('are %s', (_what, stderr, expected) => {
    expect(toolErrors(stderr)).toBe(expected);
  });
});

describe('mocks in the log', () => {
  const config = (name: string): string =>
    `Config /w/live/${name}/terragrunt.hcl is a dependency of /w/live/app/terragrunt.hcl that has no outputs, but mock outputs provided and returning those in dependency output.`;
  it('are found by dependency, once each', () => {
    const log = [entry('warn', config('vpc')), entry('warn', config('db')), entry('warn', config('vpc'))];
    expect(mockedDependencies(log.join('\n'))).toEqual([
      '/w/live/db/terragrunt.hcl',
      '/w/live/vpc/terragrunt.hcl',
    ]);
  });
  it('are found where outputs could not be read', () => {
    const text =
      'Failed to read outputs from /w/vpc/terragrunt.hcl referenced in x as vpc, fallback to mock outputs. Error: no';
    expect(mockedDependencies(entry('warn', text))).toEqual(['/w/vpc/terragrunt.hcl']);
  });
  it('are not what a provider prints', () => {
    expect(mockedDependencies(config('vpc'))).toEqual([]);
  });
});

describe('merged mocks', () => {
  it.each([
    ['nothing missing', { id: 'm' }, { id: 'real' }, false, false],
    ['a missing output', { id: 'm', zone: 'm' }, { id: 'real' }, false, true],
    ['an empty output, shallow', { id: 'm' }, { id: '' }, false, false],
    ['an empty output, deep', { id: 'm' }, { id: '' }, true, true],
    ['both empty, deep', { ids: [] }, { ids: [] }, true, false],
    ['a missing key inside, shallow', { a: { b: 'm' } }, { a: { c: 1 } }, false, false],
    ['a missing key inside, deep', { a: { b: 'm' } }, { a: { c: 1 } }, true, true],
  ])('%s', (_what, mocks, real, deep, adds) => {
    expect(addsMocks(mocks, real, deep)).toBe(adds);
  });
});

describe('the environment of Terragrunt', () => {
  it.each(['TG_ALL', 'TERRAGRUNT_DOWNLOAD', 'TG_QUEUE_INCLUDE_DIR', 'TG_TF_PATH', 'TERRAGRUNT_AUTO_RETRY'])(
    'may not set %s',
    (name) => expect(refusedSettings([name])).toEqual([name]),
  );
  it.each([
    'TG_IAM_ASSUME_ROLE',
    'TG_FEATURE',
    'TG_BUCKET_PREFIX',
    'MY_TG_ALL',
    'TERRAGRUNT_AUTH_PROVIDER_CMD',
  ])('may set %s', (name) => expect(refusedSettings([name])).toEqual([]));

  const common = {
    ...{ base: { PATH: '/bin', TG_ALL: 'true' }, cliConfig: '/c', dataDir: '/d', homeDir: '/h' },
    ...{ pluginCacheDir: '/p', workspace: 'default' },
  };
  it('has m0’s tool, folders and providers, and nothing of m0’s own', () => {
    const terragrunt = { tool: '/bin/tofu', downloadDir: '/d' };
    const env = childEnvironment({ ...common, stackEnv: { TG_FEATURE: 'a=b' }, terragrunt });
    expect(env).toMatchObject({
      ...{ TG_TF_PATH: '/bin/tofu', TG_DOWNLOAD_DIR: '/d', TG_FEATURE: 'a=b', TF_CLI_CONFIG_FILE: '/c' },
      ...{
        TG_NO_AUTO_RETRY: 'true',
        TG_NON_INTERACTIVE: 'true',
        TG_PARALLELISM: '2',
        TF_PLUGIN_CACHE_DIR: '/p',
      },
    });
    expect(env).not.toHaveProperty('TG_ALL');
    expect(env).not.toHaveProperty('TF_DATA_DIR');
  });
  it('is refused with a setting that would break m0’s promises; without Terragrunt it means nothing', () => {
    const stackEnv = { TG_ALL: 'true' };
    const terragrunt = { tool: '/bin/tofu', downloadDir: '/d' };
    expect(() => childEnvironment({ ...common, stackEnv, terragrunt })).toThrow('may not set TG_ALL');
    expect(childEnvironment({ ...common, stackEnv })).toMatchObject({ TF_DATA_DIR: '/d' });
  });

  it('gets the tool’s arguments after its own', () => {
    expect(terragruntArgs(['plan', '-out=p'])).toEqual(['run', '--', 'plan', '-out=p']);
  });
});
