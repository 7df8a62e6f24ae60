import { describe, expect, it } from 'vitest';
import { childEnvironment, secretValues } from '../../../src/terraform/child-environment.ts';

const given = {
  ...{ cliConfig: '/etc/m0.tfrc', dataDir: '/data/tf', homeDir: '/data/home', pluginCacheDir: null },
  ...{ workspace: 'default', stackEnv: {} },
};

describe('childEnvironment', () => {
  it('is built from nothing: paths, proxies, certificates, the stack, and what m0 insists on', () => {
    const base = {
      PATH: '/bin',
      HOME: '/home/m0',
      https_proxy: 'http://proxy:3128',
      SSL_CERT_FILE: '/etc/ca.pem',
      SSH_AUTH_SOCK: '/run/agent',
      TMPDIR: '/home/m0/tmp',
      GOOGLE_APPLICATION_CREDENTIALS: '/home/m0/key.json',
      SLACK_BOT_TOKEN: 'xoxb-1',
      AWS_SECRET_ACCESS_KEY: "m0's own",
      M0_DATABASE_URL: 'postgres://u:p@h/db',
      TF_LOG: 'TRACE',
    };
    expect(
      childEnvironment({ ...given, base, stackEnv: { AWS_REGION: 'eu-west-1', TF_INPUT: '1' } }),
    ).toEqual({
      PATH: '/bin',
      HOME: '/data/home',
      https_proxy: 'http://proxy:3128',
      SSL_CERT_FILE: '/etc/ca.pem',
      GOGC: '500',
      AWS_REGION: 'eu-west-1',
      TF_IN_AUTOMATION: '1',
      TF_INPUT: '0',
      CHECKPOINT_DISABLE: '1',
      GIT_TERMINAL_PROMPT: '0',
      TF_DATA_DIR: '/data/tf',
      TF_CLI_CONFIG_FILE: '/etc/m0.tfrc',
    });
  });

  it('passes tokens of registries on, and knows them as secrets', () => {
    const env = { TF_TOKEN_app_terraform_io: 'tok' };
    expect(childEnvironment({ ...given, base: {}, stackEnv: env })).toMatchObject(env);
    expect(secretValues({ env })).toContain('tok');
  });

  it("leads to the AWS files of m0's user only where the stack names a profile, and to no others it names", () => {
    const base = { HOME: '/home/m0', AWS_CONFIG_FILE: '/etc/aws/config' };
    const of = (stackEnv: Record<string, string>) => {
      const { HOME, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = childEnvironment({
        ...given,
        base,
        stackEnv,
      });
      return [HOME, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE];
    };
    expect(of({})).toEqual(['/data/home', undefined, undefined]);
    expect(of({ AWS_PROFILE: 'prod' })).toEqual([
      '/data/home',
      '/etc/aws/config',
      '/home/m0/.aws/credentials',
    ]);
    expect(of({ AWS_PROFILE: 'prod', AWS_CONFIG_FILE: '/its/own' })).toEqual([
      '/data/home',
      '/its/own',
      '/home/m0/.aws/credentials',
    ]);
    expect(of({ AWS_PROFILE: 'prod', HOME: '/home/prod' })).toEqual(['/home/prod', undefined, undefined]);
  });

  it('lets the stack tune the collector', () => {
    expect(childEnvironment({ ...given, base: {}, stackEnv: { GOGC: '100' } })).toMatchObject({
      GOGC: '100',
    });
  });

  it('names the workspace where it is not the default one', () => {
    expect(childEnvironment({ ...given, base: {}, workspace: 'blue' })).toMatchObject({
      TF_WORKSPACE: 'blue',
    });
  });

  it.each([
    'SLACK_BOT_TOKEN',
    'M0_DATABASE_URL',
    'TF_CLI_ARGS',
    'TF_CLI_ARGS_plan',
    'TF_REATTACH_PROVIDERS',
    'PAGERDUTY_TOKEN',
  ])('refuses a stack that sets %s', (name) => {
    expect(() => childEnvironment({ ...given, base: {}, stackEnv: { [name]: 'x' } })).toThrow(name);
  });
});

describe('secretValues', () => {
  it('goes by the name, and by the look of the value', () => {
    const secret = {
      AWS_SECRET_ACCESS_KEY: 'short-one',
      TF_VAR_db_password: 'pw',
      API_KEY: 'k',
      GITHUB_TOKEN: 't',
      SOMETHING: 'wJalrXUtnFEMIK7MDENGbPxRfiCY',
    };
    const plain = { AWS_PROFILE: 'prod', AWS_REGION: 'eu-central-1', TF_VAR_name: 'monkey-business' };
    expect(secretValues({ env: { ...secret, ...plain } }).sort()).toEqual(Object.values(secret).sort());
    expect(secretValues({ env: { DATABASE: 'postgres://app:pa55@db/x' } })).toEqual(['pa55']);
  });

  it('takes what m0.yaml gives by reference, whatever it looks like, and its lines', () => {
    const secrets = ['plain word', 'first line of a key\nsecond line of a key'];
    expect(secretValues({ env: { NAME: 'plain word' }, secrets })).toEqual([
      ...secrets,
      ...['first line of a key', 'second line of a key'],
    ]);
  });
});
