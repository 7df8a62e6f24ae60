import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { Variables } from '../../../src/config/environment.ts';
import { type Config, loadConfig } from '../../../src/config/load.ts';
import { notesOn } from '../../../src/config/notes.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { isValidCron } from '../../../src/schedule/cron.ts';

const MINIMAL = `chat: { slack: {} }
people:
  dana: { slack: U0DANA }
  kim: { slack: U0KIM }
groups: { sre: [dana, kim] }
oncall:
  primary: { rotation: { people: [dana, kim], every: 12h, from: 2026-01-05T09:00:00+01:00 } }
policies:
  approvals: { git: ./policies }
defaults: { channels: [slack:C0OPS] }
stacks:
  - name: prod
    environment: prod
    source: { git: ./infra }
`;

describe('loadConfig', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'm0-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function load(text: string, env: Variables = {}): Promise<Config> {
    const path = join(folder, 'm0.yaml');
    writeFileSync(path, text);
    return loadConfig(path, env, isValidCron);
  }
  /** The problems, without the folder's path. */
  async function problems(text: string, env: Variables = {}): Promise<readonly string[]> {
    const error: unknown = await load(text, env).catch((e: unknown) => e);
    if (!(error instanceof ConfigError)) throw new Error(`no ConfigError: ${String(error)}`);
    expect(error.message).toBe(error.problems.join('\n'));
    return error.problems.map((p) => p.replace(`${folder}/`, ''));
  }
  const withStack = (lines: string): string => `${MINIMAL}${lines.replace(/^/gm, '    ')}\n`;

  it('reads the file that the documentation shows', async () => {
    const documentation = readFileSync(new URL('../../../docs/how-to/configure.md', import.meta.url), 'utf8');
    const example = /```yaml\n(chat:[\s\S]*?)```/.exec(documentation)?.[1] ?? '';
    const config = await load(example, { GIT_TOKEN: 'x' });
    expect(config.chat).toEqual({ slack: { mode: 'socket', matchByEmail: false }, teams: {} });
    const approvals = {
      data: {},
      git: 'https://git.acme.dev/policies.git',
      ref: 'main',
      path: 'approvals',
      mode: 'decide',
    };
    const freeze = {
      data: {},
      git: 'https://git.acme.dev/policies.git',
      ref: 'main',
      path: 'freeze',
      mode: 'guardrail',
    };
    expect(config.directory).toEqual({
      stacks: [
        {
          name: 'prod-network',
          environment: 'prod',
          source: { git: 'https://git.acme.dev/infra.git', ref: 'main', path: 'envs/prod/network' },
          tool: 'terraform',
          toolVersion: '1.11',
          workspace: 'default',
          varFiles: ['prod.tfvars'],
          env: { AWS_PROFILE: 'prod' },
          secrets: [],
          schedule: ['0 */2 * * *'],
          pollMs: 30_000,
          timezone: 'Europe/Berlin',
          realign: 'policy',
          policies: [
            { name: 'freeze', ...freeze },
            { name: 'approvals', ...approvals },
          ],
          channels: [
            { platform: 'slack', channel: 'C0OPS' },
            { platform: 'teams', channel: '19:abc@thread.tacv2' },
          ],
          approvers: { from: ['sre', 'oncall:primary'], need: 1, notTheAuthor: true },
          healLimit: 20,
          ignore: [{ match: 'aws_autoscaling_group.*.desired_capacity', reason: 'autoscaler' }],
          ...{ severity: [], quietHours: null, escalation: [] },
          limits: { planMs: 20 * 60_000, applyMs: 2 * 3_600_000 },
        },
      ],
      people: [
        { key: 'dana', name: 'Dana', slack: 'U0DANA', teams: '0000-aad-id', email: 'dana@acme.dev' },
        { key: 'kim', name: 'Kim Lee', slack: 'U0KIM', teams: null, email: 'kim@acme.dev' },
      ],
      groups: { sre: ['dana', 'kim'], dev: ['kim'] },
      oncall: {
        primary: {
          ...{ kind: 'rotation', people: ['dana', 'kim'], everyMs: 7 * 86_400_000 },
          from: Date.parse('2026-01-05T09:00:00Z'),
        },
        secondary: { kind: 'slackUsergroup', id: 'S0SRE' },
      },
      may: { snooze: ['dev'], accept: ['sre'], codify: ['dev'], pause: ['dev'] },
      timezone: 'Europe/Berlin',
      forges: {},
    });
    expect(config.digests).toEqual([
      {
        ...{ schedule: ['0 9 * * 1-5'], timezone: 'Europe/Berlin', targets: ['prod'] },
        channels: [{ platform: 'slack', channel: 'C0OPS' }],
      },
    ]);
  });

  it('applies defaults, and without named approvers nobody can approve', async () => {
    const { directory, digests, path } = await load(MINIMAL);
    expect(path).toBe(join(folder, 'm0.yaml'));
    expect(directory.stacks[0]).toEqual({
      name: 'prod',
      environment: 'prod',
      source: { git: join(folder, 'infra'), ref: 'main', path: '' },
      tool: 'terraform',
      toolVersion: null,
      workspace: 'default',
      varFiles: [],
      env: {},
      secrets: [],
      schedule: ['0 */2 * * *'],
      pollMs: 30_000,
      healLimit: 20,
      timezone: 'UTC',
      realign: 'policy',
      policies: [],
      channels: [{ platform: 'slack', channel: 'C0OPS' }],
      approvers: { from: [], need: 1, notTheAuthor: false },
      ignore: [],
      ...{ severity: [], quietHours: null, escalation: [] },
      limits: { planMs: 15 * 60_000, applyMs: 60 * 60_000 },
    });
    expect(directory.may).toEqual({ snooze: null, accept: null, codify: null, pause: null });
    expect(directory.timezone).toBe('UTC');
    expect(digests).toEqual([]);
  });

  it('reads what Terragrunt runs, and refuses that for another tool', async () => {
    const toolOf = async (text: string) => {
      const stack = (await load(withStack(text))).directory.stacks[0];
      return [stack?.terragrunt ?? false, stack?.tool];
    };
    expect(await toolOf('tool: terragrunt')).toEqual([true, 'terraform']);
    expect(await toolOf('tool: terragrunt\nruns: tofu')).toEqual([true, 'tofu']);
    expect(await toolOf('tool: tofu')).toEqual([false, 'tofu']);
    const [problem, ...more] = await problems(withStack('tool: tofu\nruns: tofu'));
    expect(problem).toContain('runs: says what Terragrunt runs, and the tool of this stack is tofu');
    expect(more).toEqual([]);
  });

  it('lets a stack override the defaults, and combines policies and ignore rules', async () => {
    const text = withStack(
      'schedule: []\npush: { poll: 5m }\nrealign: never\ntool: tofu\ntimezone: Asia/Kolkata\npolicies: [other, approvals]\nignore: [{ match: aws_b.c, reason: y }]',
    )
      .replace(
        'channels: [slack:C0OPS] }',
        'channels: [slack:C0OPS], policies: [approvals], ignore: [{ match: aws_a.*.size, reason: x }], approvers: { from: [dana] } }',
      )
      .replace('policies:\n', 'policies:\n  other: { git: git@host:policies.git }\n');
    const stack = (await load(text)).directory.stacks[0];
    expect(stack).toMatchObject({
      schedule: [],
      pollMs: 300_000,
      realign: 'never',
      tool: 'tofu',
      timezone: 'Asia/Kolkata',
    });
    expect(stack?.policies.map((p) => [p.name, p.git])).toEqual([
      ['approvals', join(folder, 'policies')],
      ['other', 'git@host:policies.git'],
    ]);
    expect(stack?.approvers).toEqual({ from: ['dana'], need: 1, notTheAuthor: false });
    expect(stack?.ignore).toEqual([
      { match: 'aws_a.*.size', reason: 'x' },
      { match: 'aws_b.c', reason: 'y' },
    ]);
  });

  it('reads the time limits of a stack, each from the stack or else from the defaults', async () => {
    const both = withStack('limits: { plan: 2h }').replace(
      'channels: [slack:C0OPS] }',
      'channels: [slack:C0OPS], limits: { plan: 20m, apply: 1d } }',
    );
    expect((await load(both)).directory.stacks[0]?.limits).toEqual({
      planMs: 2 * 3_600_000,
      applyMs: 24 * 3_600_000,
    });
    for (const limits of [
      '{ plan: 30s }',
      '{ plan: 0m }',
      '{ apply: 25h }',
      '{ apply: 2d }',
      '{ plan: 15 }',
    ]) {
      expect(await problems(withStack(`limits: ${limits}`))).toHaveLength(1);
    }
    expect(await problems(withStack('limits: { aply: 2h }'))).toEqual([
      'm0.yaml:15:15 stacks[0].limits.aply: unknown key, did you mean "apply"?',
    ]);
  });

  it('reports an unknown key, its position and a suggestion', async () => {
    expect(await problems(withStack('aprovers: { from: [sre] }'))).toEqual([
      'm0.yaml:15:5 stacks[0].aprovers: unknown key, did you mean "approvers"?',
    ]);
    expect(await problems(`${MINIMAL}digest: []\n`)).toEqual([
      'm0.yaml:15:1 digest: unknown key, did you mean "digests"?',
    ]);
    expect(await problems(MINIMAL.replace('every: 12h', 'evry: 1h, every: 12h'))).toEqual([
      'm0.yaml:7:47 oncall.primary.rotation.evry: unknown key, did you mean "every"?',
    ]);
    expect(await problems(MINIMAL.replace('chat: { slack: {} }', 'chat: { slack: {}, irc: {} }'))).toEqual([
      'm0.yaml:1:20 chat.irc: unknown key, there is slack, teams',
    ]);
  });

  it('reports all problems together, in the order of the file', async () => {
    const text = withStack(
      'aprovers: {}\npolicies: [aprovals]\nchannels: [irc:x]\nrealign: sometimes',
    ).replace('sre: [dana, kim]', 'sre: [dana, kimm]');
    expect(await problems(text)).toEqual([
      'm0.yaml:15:5 stacks[0].aprovers: unknown key, did you mean "approvers"?',
      'm0.yaml:17:16 stacks[0].channels[0]: must be slack:CHANNEL or teams:CONVERSATION, as in slack:C0OPS',
      'm0.yaml:18:14 stacks[0].realign: must be policy, ask or never',
    ]);
    expect(await problems(text.replace('irc:x', 'slack:x').replace('sometimes', 'ask'))).toEqual([
      'm0.yaml:5:23 groups.sre[1]: there is no person "kimm", did you mean "kim"?',
      'm0.yaml:15:5 stacks[0].aprovers: unknown key, did you mean "approvers"?',
      'm0.yaml:16:16 stacks[0].policies[0]: there is no policy "aprovals", did you mean "approvals"?',
    ]);
  });

  it.each([
    ['approvers: { from: [ops] }', 'approvers.from[0]: there is no group, person or rota "ops"'],
    ['approvers: { from: [oncall:primry] }', 'did you mean "oncall:primary"?'],
    ['approvers: { from: [sre], need: 3 }', 'approvers.need: needs 3 people, but at most 2 can approve'],
    ['approvers: { from: [sre], need: 0 }', 'approvers.need: must be 1 or more'],
    ['approvers: { from: sre }', 'approvers.from: must be a list'],
    ['approvers: sre', 'approvers: must be a block of keys and values'],
    ['schedule: "0 25 * * *"', 'schedule: "0 25 * * *" is not a cron'],
    ['schedule: ["@daily", "now"]', 'schedule[1]: "now" is not a cron'],
    ['schedule: 5', 'schedule: must be a cron'],
    ['push: on', 'push: must be off or { poll: 30s }'],
    ['push: { poll: 4s }', 'push.poll: must be 5s or more'],
    ['push: { pol: 30s }', 'push: must be off or { poll: 30s }'],
    ['timezone: Mars/Olympus', 'timezone: there is no time zone "Mars/Olympus"'],
    ['channels: []', 'has no channel, so nobody would see its drift'],
    ['channels: ["teams:19:x"]', 'channels[0]: teams is not set up: add teams under chat'],
    ['version: 1.11', 'version: must be text: put it in quotes'],
    ['version: "~> 1.11"', 'version: must be a version or the start of one'],
    ['varFiles: [../../x.tfvars]', 'varFiles[0]: must be a path'],
    ['env: { AWS_PORT: 8080 }', 'env.AWS_PORT: must be text: put it in quotes'],
    ['env: { "A B": x }', 'this name is no name of a variable'],
    ['workspace: ${env:X}', 'workspace: '],
    ['ignore: [{ match: "x.*" }]', 'ignore[0].reason: is missing'],
    ['ignore: [{ match: "*", reason: x }]', 'ignore[0].match: must be ADDRESS or ADDRESS.ATTRIBUTE'],
  ])('refuses a stack with %s', async (lines, text) => {
    const found = await problems(withStack(lines));
    expect(found.join('\n')).toContain(text);
    expect(found[0]).toMatch(/^m0\.yaml:15:\d+ stacks\[0\]/);
  });

  it.each([
    ['name: prod', 'name: prod team', 'stacks[0].name: must be letters'],
    ['git: ./infra', 'git: "ext::sh -c x"', 'stacks[0].source.git: must be a Git address'],
    ['git: ./infra', 'git: -u', 'stacks[0].source.git: must be a Git address'],
    ['git: ./infra', 'git: "https://u:hunter2@h/x"', 'stacks[0].source.git: holds a password'],
    ['git: ./infra', 'git: ./infra, path: ../x', 'stacks[0].source.path: must be a path inside'],
    ['git: ./infra', 'git: ./infra, ref: --upload-pack=x', 'stacks[0].source.ref: must be the name'],
    ['git: ./infra', 'path: x', 'stacks[0].source.git: is missing'],
    [
      'people: [dana, kim], every',
      'people: [dana, kin], every',
      'people[1]: there is no person "kin", did you mean "kim"?',
    ],
    ['every: 12h', 'every: 12', 'oncall.primary.rotation.every: must be'],
    ['every: 12h', 'every: 0h', 'must be a number with m, h, d or w'],
    ['2026-01-05T09:00:00+01:00', '2026-01-05', 'rotation.from: must be a time with its zone'],
    ['rotation: {', 'slackUsergroup: S0X, rotation: {', 'oncall.primary: must have one of'],
    ['U0KIM', 'U0DANA', 'people.kim.slack: is also that of dana: one person, one entry'],
    ['sre:', 'dana:', 'people.dana: is also a group'],
    [
      'git: ./policies',
      'git: ./policies, mode: strict',
      'policies.approvals.mode: must be decide or guardrail',
    ],
    ['chat: { slack: {} }', 'chat: {}', 'chat: has no platform'],
    ['chat: { slack: {} }', 'digests: []', 'm0.yaml:1:1 chat: is missing'],
    [
      '[slack:C0OPS]',
      '[slack:C0OPS], policies: [aprovals]',
      'defaults.policies[0]: there is no policy "aprovals"',
    ],
  ])('refuses %s as %s', async (from, to, text) => {
    expect(MINIMAL).toContain(from);
    const found = (await problems(MINIMAL.replace(from, to))).join('\n');
    expect(found).toContain(text);
    expect(found).not.toContain('hunter2');
  });

  it('a group may have a member who is not under people, with a note; that member does not count as an approver', async () => {
    const text = withStack('approvers: { from: [sre], need: 2 }');
    expect(notesOn(await load(text))).toEqual([]);
    const absent = text.replace('sre: [dana, kim]', 'sre: [dana, roberta]');
    expect((await problems(absent))[0]).toContain('needs 2 people, but at most 1 can approve');
    expect(
      notesOn(await load(absent.replace('need: 2', 'need: 1').replace('{ slack: U0KIM }', '{}'))),
    ).toEqual([
      'named but not under people, so they can neither be asked nor act: roberta',
      'without an id on any platform, so they can neither be asked nor act: kim',
    ]);
    expect(notesOn(await load(MINIMAL))).toEqual(['nobody can approve, as no approvers are named: prod']);
  });

  it('refuses two stacks with the same name, and says where the first is', async () => {
    const text = `${MINIMAL}  - { name: prod, environment: dev, source: { git: ./x } }\n`;
    expect(await problems(text)).toEqual([
      'm0.yaml:15:13 stacks[1].name: "prod" is also the name of stacks[0]: names must differ',
    ]);
  });

  it('fills a group from a Slack user group, of which any number may approve', async () => {
    const text = withStack('approvers: { from: [sre], need: 3 }').replace(
      'sre: [dana, kim]',
      'sre: { slackUsergroup: S0SRE }',
    );
    const { directory } = await load(text);
    expect([directory.groups, directory.usergroups]).toEqual([{}, { sre: 'S0SRE' }]);
    const [wrong] = await problems(text.replace('S0SRE', 'sre'));
    expect(wrong).toContain('groups.sre');
    const noSlack = text.replace('slack: {}', 'teams: {}').replace('slack:C0OPS', '"teams:19:x"');
    expect((await problems(noSlack)).join()).toContain('groups.sre.slackUsergroup: slack is not set up');
  });

  it('takes the kinds of Git hosts, and refuses what is no host or no kind', async () => {
    const forges = (text: string): string => `${MINIMAL}forges: { ${text} }\n`;
    expect((await load(forges('git.acme.dev: gitlab'))).directory.forges).toEqual({
      'git.acme.dev': 'gitlab',
    });
    expect((await load(MINIMAL)).directory.forges).toEqual({});
    expect(await problems(forges('git.acme.dev: svn'))).toEqual([
      expect.stringContaining('must be one of github, gitlab, bitbucket, bitbucket-server, azure, gitea'),
    ]);
    for (const host of [
      '"https://git.acme.dev"',
      'git.acme.dev/x',
      'GIT.acme.dev',
      '"git.acme.dev:8443"',
      'git',
    ]) {
      expect(await problems(forges(`${host}: gitlab`))).toHaveLength(1);
    }
  });

  it('matches people by their e-mail only if that is enabled', async () => {
    const text = MINIMAL.replace('{ slack: U0KIM }', '{ email: kim@acme.dev }');
    expect((await load(text)).chat.slack).toEqual({ mode: 'socket', matchByEmail: false });
    expect(notesOn(await load(text)).join()).toContain('can neither be asked nor act: kim');
    const told = text.replace('slack: {}', 'slack: { matchByEmail: true }');
    expect((await load(told)).chat.slack).toEqual({ mode: 'socket', matchByEmail: true });
    expect(notesOn(await load(told)).join()).toContain('can act, but can’t be asked by direct message: kim');
  });

  describe('PagerDuty', () => {
    const BY_PAGERDUTY = MINIMAL.replace(/rotation: \{.*\}/, 'pagerduty: { schedule: PABC123 } }');

    it('fills a rota, and identifies people by id or e-mail address', async () => {
      const text = BY_PAGERDUTY.replace('{ slack: U0DANA }', '{ slack: U0DANA, pagerduty: PUSER1 }');
      const { directory } = await load(text);
      expect(directory.oncall).toEqual({ primary: { kind: 'pagerduty', schedule: 'PABC123' } });
      expect(directory.people.map((p) => p.pagerduty)).toEqual(['PUSER1', undefined]);
      expect(notesOn(await load(text))[0]).toBe(
        'without a pagerduty id or an e-mail, so PagerDuty can put nobody on call as them: kim',
      );
    });

    it('may put as many people on call as are needed', async () => {
      const approvers = '    approvers: { from: [oncall:primary], need: 3 }\n';
      expect((await load(`${BY_PAGERDUTY}${approvers}`)).directory.stacks[0]?.approvers.need).toBe(3);
    });

    it.each([
      ['PABC123', '"primary rota"', 'oncall.primary.pagerduty.schedule: must be the id of a schedule'],
      ['{ schedule: PABC123 }', '{}', 'oncall.primary.pagerduty.schedule: is missing'],
      [
        '{ slack: U0DANA }',
        '{ pagerduty: dana@acme.dev }',
        'people.dana.pagerduty: must be the id of a user',
      ],
    ])('refuses %s as %s', async (from, to, text) => {
      expect(BY_PAGERDUTY).toContain(from);
      expect((await problems(BY_PAGERDUTY.replace(from, to))).join()).toContain(text);
    });

    it('refuses the same id for two people', async () => {
      const text = BY_PAGERDUTY.replace('{ slack: U0DANA }', '{ pagerduty: P1 }').replace(
        '{ slack: U0KIM }',
        '{ pagerduty: P1 }',
      );
      expect((await problems(text)).join()).toContain('people.kim.pagerduty: is also that of dana');
    });
  });

  describe('secrets', () => {
    it('resolves references in the env of a stack', async () => {
      writeFileSync(join(folder, 'key'), 's3cret\nsecond\n');
      const text = withStack(
        'env:\n  TOKEN: ${env:MY_TOKEN}\n  URL: http://u:${env:MY_TOKEN}@h\n  KEY: ${file:key}\n  EMPTY: ${env:NONE}',
      );
      const { directory } = await load(text, { MY_TOKEN: 'a$&b', NONE: '' });
      expect(directory.stacks[0]?.env).toEqual({
        ...{ TOKEN: 'a$&b', URL: 'http://u:a$&b@h', KEY: 's3cret\nsecond', EMPTY: '' },
      });
      expect(directory.stacks[0]?.secrets).toEqual(['a$&b', 'a$&b', 's3cret\nsecond', '']);
    });

    it("reports missing ones, and never passes on m0's own secrets", async () => {
      const text = withStack(
        'env:\n  A: ${env:MY_TOKEN}\n  B: ${file:nope}\n  C: ${vault:x}\n  D: ${env:SLACK_BOT_TOKEN}',
      );
      expect(await problems(text, { SLACK_BOT_TOKEN: 'xoxb-hunter2' })).toEqual([
        "m0.yaml:16:10 stacks[0].env.A: variable MY_TOKEN is not set: set it for m0's process",
        'm0.yaml:17:10 stacks[0].env.B: file nope cannot be read (ENOENT): make it, readable to m0',
        'm0.yaml:18:10 stacks[0].env.C: a ${…} that is neither ${env:NAME} nor ${file:PATH}',
        "m0.yaml:19:10 stacks[0].env.D: SLACK_BOT_TOKEN is m0's own secret and not for anything else: use another variable",
      ]);
    });

    it('are allowed nowhere else', async () => {
      const text = MINIMAL.replace('git: ./infra', 'git: ./infra, path: "${env:TOKEN}"');
      expect(await problems(text, { TOKEN: 'hunter2' })).toEqual([
        expect.stringContaining(
          'stacks[0].source.path: ${env:…} and ${file:…} are for the env of a stack and the token of credentials only',
        ),
      ]);
    });
  });

  it.each([
    ['a: [1', /^m0\.yaml:1:\d+ .*correct the YAML$/],
    ['chat: {}\nchat: {}\n', /^m0\.yaml:2:1 .*unique/],
    ['', /^m0\.yaml:1:1 is empty$/],
    ['- 1', /^m0\.yaml:1:1 must be a block of keys and values$/],
  ])('refuses %j', async (text, problem) => {
    expect((await problems(text))[0]).toMatch(problem);
  });

  it('reports that the file does not exist', async () => {
    await expect(loadConfig(join(folder, 'no.yaml'), {}, isValidCron)).rejects.toThrow(
      'no.yaml: there is no such file',
    );
  });
});

describe('configSchema', () => {
  it('has every key, and allows no others', () => {
    const schema = configSchema() as {
      properties: object;
      required: string[];
      additionalProperties: boolean;
    };
    expect(Object.keys(schema.properties)).toEqual([
      ...[
        'chat',
        'people',
        'groups',
        'oncall',
        'policies',
        'credentials',
        'forges',
        'defaults',
        'environments',
        'stacks',
        'discover',
        'mayOverride',
        'digests',
        'retention',
        'may',
      ],
    ]);
    expect(schema.required).toEqual(['chat']);
    expect(schema.additionalProperties).toBe(false);
  });
});
