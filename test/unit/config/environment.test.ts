import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { readEnvironment, type Variables } from '../../../src/config/environment.ts';

function problems(env: Variables): readonly string[] {
  try {
    readEnvironment(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readEnvironment', () => {
  it('has a default for everything', () => {
    const { variables, concurrency, ...rest } = readEnvironment({});
    expect(variables).toEqual({});
    expect(concurrency).toBeGreaterThan(0);
    expect(rest).toEqual({
      artifactKeys: [],
      configPath: './m0.yaml',
      configGit: { username: null, token: null, tokenFile: null, sshKey: null, knownHosts: null },
      databaseUrl: 'file:.m0/m0.db',
      dataDir: '.m0',
      artifacts: 'file:',
      s3Endpoint: null,
      terraform: null,
      tofu: null,
      terragrunt: null,
      opa: null,
      pluginMirror: null,
      keepPlans: false,
      waitForOwner: false,
      stackUser: null,
      logLevel: 'info',
      host: '127.0.0.1',
      port: 3978,
      gitWebhookSecret: null,
      slack: { botToken: null, appToken: null, signingSecret: null, apiUrl: null },
      pagerduty: { token: null, apiUrl: 'https://api.pagerduty.com' },
      teams: { appId: null, appPassword: null, tenantId: null, insecureLoopback: false },
    });
  });

  it('reads the variables that are set, and treats an empty one as not set', () => {
    const environment = readEnvironment({
      ...{ M0_CONFIG: '/etc/m0.yaml', M0_DATABASE_URL: 'postgres://u:p@h/db', M0_ARTIFACTS: 's3://bucket/x' },
      ...{ M0_CONCURRENCY: '8', PORT: '0', HOST: '', M0_LOG_LEVEL: 'debug', SLACK_BOT_TOKEN: 'xoxb-1' },
      ...{ SLACK_APP_TOKEN: 'xapp-1', MICROSOFT_APP_ID: 'id', M0_TEAMS_INSECURE_LOOPBACK: '1' },
      ...{ M0_KEEP_PLANS: '1', M0_WAIT_FOR_OWNER: '1' },
    });
    expect(environment).toMatchObject({
      ...{ configPath: '/etc/m0.yaml', databaseUrl: 'postgres://u:p@h/db', artifacts: 's3://bucket/x' },
      ...{ concurrency: 8, port: 0, host: '127.0.0.1', logLevel: 'debug', keepPlans: true },
      waitForOwner: true,
      slack: { botToken: 'xoxb-1', appToken: 'xapp-1' },
      teams: { appId: 'id', insecureLoopback: true },
    });
  });

  it.each([
    ['M0_KEEP_PLANS', 'yes', 'M0_KEEP_PLANS: "yes" is neither 1 nor 0'],
    ['M0_WAIT_FOR_OWNER', 'true', 'M0_WAIT_FOR_OWNER: "true" is neither 1 nor 0'],
    ['PORT', '70000', 'PORT: "70000" is not a whole number from 0 to 65535'],
    ['M0_CONCURRENCY', '0', 'M0_CONCURRENCY: "0" is not a whole number from 1 to 256'],
    ['M0_CONCURRENCY', '1e2', 'M0_CONCURRENCY: "1e2" is not'],
    ['M0_DATABASE_URL', 'mysql://root:hunter2@h', 'M0_DATABASE_URL: is no database: set it to file:PATH'],
    [
      'M0_ARTIFACTS',
      'gs://x',
      'M0_ARTIFACTS: "gs://x" is no place: set it to file:PATH or s3://bucket/prefix',
    ],
    ['M0_LOG_LEVEL', 'loud', 'M0_LOG_LEVEL: "loud" is no level: set it to one of trace'],
    ['M0_GIT_WEBHOOK_SECRET', 'hunter2', 'M0_GIT_WEBHOOK_SECRET: is shorter than 16 characters'],
    ['PAGERDUTY_TOKEN', 'hunter2\nhunter2', 'PAGERDUTY_TOKEN: has characters that no key has'],
    ['PAGERDUTY_API_URL', 'http://api.eu.pagerduty.com', 'PAGERDUTY_API_URL: sends the key unencrypted'],
    ['PAGERDUTY_API_URL', 'https://me:hunter2@h', 'PAGERDUTY_API_URL: holds a user or a password'],
    ['PAGERDUTY_API_URL', 'api.eu.pagerduty.com', 'PAGERDUTY_API_URL: is not an address'],
    ['SLACK_API_URL', 'slack.test', 'SLACK_API_URL: is not an address'],
    ['SLACK_BOT_TOKEN', 'xapp-hunter2', 'SLACK_BOT_TOKEN: is not a token that starts with xoxb-'],
    ['M0_TEAMS_INSECURE_LOOPBACK', 'yes', 'M0_TEAMS_INSECURE_LOOPBACK: "yes" is neither 1 nor 0'],
  ])('refuses %s=%s', (name, value, text) => {
    const [problem, ...more] = problems({ [name]: value });
    expect(problem).toContain(text);
    expect(problem).not.toContain('hunter2');
    expect(more).toEqual([]);
  });

  it('accepts PagerDuty of another region, or on this machine', () => {
    const eu = { PAGERDUTY_TOKEN: ' u+key ', PAGERDUTY_API_URL: 'https://api.eu.pagerduty.com' };
    expect(readEnvironment(eu).pagerduty).toEqual({
      token: 'u+key',
      apiUrl: 'https://api.eu.pagerduty.com',
    });
    expect(problems({ PAGERDUTY_API_URL: 'http://127.0.0.1:9' })).toEqual([]);
    expect(problems({ PAGERDUTY_API_URL: 'http://[::1]:9' })).toEqual([]);
  });

  it('accepts any token for another Slack server', () => {
    expect(problems({ SLACK_BOT_TOKEN: 'local', SLACK_API_URL: 'http://127.0.0.1:9/api/' })).toEqual([]);
  });

  it('never allows unchecked Teams requests on an open port', () => {
    expect(problems({ M0_TEAMS_INSECURE_LOOPBACK: '1', HOST: '0.0.0.0' })[0]).toContain(
      'HOST must be 127.0.0.1',
    );
    expect(problems({ M0_TEAMS_INSECURE_LOOPBACK: '1', HOST: '127.0.0.1.evil.test' })).toHaveLength(1);
    expect(problems({ M0_TEAMS_INSECURE_LOOPBACK: '1', HOST: '::1' })).toEqual([]);
  });

  it('reports all problems together', () => {
    expect(problems({ PORT: 'x', M0_LOG_LEVEL: 'x', M0_ARTIFACTS: 'x' })).toHaveLength(3);
  });
});
