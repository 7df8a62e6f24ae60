import { z } from 'zod';
import { globProblem } from '../discovery/path-glob.ts';
import { isIgnoreMatch } from '../drift/ignore.ts';
import { DEFAULT_HEAL_LIMIT } from '../model/brake.ts';
import { FORGE_KINDS } from '../model/links/forge.ts';
import { sharedStackKeys, text } from './shared-keys.ts';

/**
 * The schema of m0.yaml as it is written. It is strict everywhere, because an unknown key is a mistake that m0
 * should report. The descriptions appear in the JSON Schema, and so in editors.
 */

export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
export const NAME_RULE =
  'must be letters, digits, ".", "_" and "-", at most 100, starting with a letter or digit';
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const name = text.regex(NAME, NAME_RULE);
const duration = text.regex(/^[1-9]\d{0,5}[mhdw]$/, 'must be a number with m, h, d or w, as in 12h or 1w');
const place = text
  .regex(/^(slack|teams):\S+$/, 'must be slack:CHANNEL or teams:CONVERSATION, as in slack:C0OPS')
  .describe('Where to post: slack:C0OPS or "teams:19:…"');
const version = text.regex(
  /^\d+(\.\d+){0,2}$/,
  'must be a version or the start of one, as in 1.11 or 1.11.4, in quotes',
);
const ref = text
  .regex(/^(?!-)[^\s~^:?*[\\]+$/, 'must be the name of a branch, a tag or a commit')
  .describe('Branch, tag or commit');
const git = text
  .regex(/^(?!-)(?!.*::)\S+$/, 'must be a Git address: https://…, ssh://…, git@host:path or a path')
  .describe('Git address: a URL, git@host:path, or a path. A relative path starts at the folder of m0.yaml');
const subPath = z
  .string({ error: 'must be text: put it in quotes' })
  .regex(/^(?![/\\-])(?!(.*[/\\])?\.\.([/\\]|$)).*$/, 'must be a path inside the repository')
  .describe('Folder in the repository. Left out: its top');

const oneOrMore = 'must be a cron, as in "0 */2 * * *", or a list of them';
const schedule = z
  .union([z.string(), z.array(text)], { error: oneOrMore })
  .describe(
    'One cron or a list: minute, hour, day, month, weekday, or @hourly, @daily. If both day and weekday are given, both must match. []: only by command and push',
  );

const push = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        poll: text
          .regex(
            /^([5-9]|[1-9]\d{1,4})s$|^[1-9]\d{0,3}[mh]$/,
            'must be 5s or more, with s, m or h, as in 30s',
          )
          .describe('How often m0 looks for pushes, 5s or more: 30s, 5m, 24h'),
      }),
    ],
    { error: 'must be off or { poll: 30s }: 5s or more, with s, m or h' },
  )
  .describe('Check the stack when its code was pushed. off: only by schedule and command');

const realign = z
  .enum(['policy', 'ask', 'never'], { error: 'must be policy, ask or never' })
  .describe(
    'policy: apply by itself where the policies allow it. ask: always ask a person. never: only report',
  );
const tool = z
  .enum(['terraform', 'tofu', 'terragrunt'], { error: 'must be terraform, tofu or terragrunt' })
  .describe('terragrunt: the folder is a unit of Terragrunt, and `runs` says what it runs');
const runs = z
  .enum(['terraform', 'tofu'], { error: 'must be terraform or tofu' })
  .describe('What Terragrunt runs. Left out: terraform');

const approvers = z
  .strictObject({
    from: z.array(text).describe('Groups, people, or oncall:NAME'),
    need: z
      .int('must be a whole number')
      .min(1, 'must be 1 or more')
      .default(1)
      .describe('How many people must approve'),
    notTheAuthor: z
      .boolean('must be true or false')
      .default(false)
      .describe(
        'Authors, committers and co-authors of the code may not approve what it changes, and a person who changed the cloud by hand may not approve that drift. If such a person is not under `people`, or not known yet, one more approval is needed',
      ),
  })
  .describe('Who may approve. Left out: nobody can');

const person = z
  .strictObject({
    name: text.optional().describe('How cards name the person. Left out: the key with a capital'),
    slack: text.optional().describe('Slack member id, U…'),
    teams: text.optional().describe('Microsoft Entra object id'),
    email: text
      .optional()
      .describe('As in the commits of the person, which notTheAuthor compares, and at PagerDuty'),
    gitEmails: z
      .array(text)
      .optional()
      .describe('Further addresses in the commits of the person, as in 123+dana@users.noreply.github.com'),
    aws: z
      .array(text)
      .optional()
      .describe(
        'What AWS calls the person besides the e-mail: IAM user names, session names, user ids of IAM Identity Center',
      ),
    github: text
      .optional()
      .describe('Login at GitHub, for reviews of pull requests by m0. GitHub finds nobody by e-mail'),
    gitlab: text
      .optional()
      .describe(
        'User name at GitLab, for reviews of merge requests by m0. Left out: GitLab looks the e-mail up',
      ),
    pagerduty: text
      .regex(/^[A-Z0-9]+$/, 'must be the id of a user, as in PUSER1: the end of their address in PagerDuty')
      .optional()
      .describe('PagerDuty user id, P…, if the e-mail there is another one'),
  })
  .describe('One person, on every platform');

const rotation = z.strictObject({
  people: z
    .array(text)
    .min(1, 'must name at least one person')
    .describe('People in the order of their shifts'),
  every: duration.describe(
    'Length of a shift: 12h, 1d, 1w. A day is always 24 hours, also when clocks change',
  ),
  from: z.iso
    .datetime({ offset: true, error: 'must be a time with its zone, as in 2026-01-05T09:00:00Z' })
    .describe('Start of the first shift, with its time zone. Before that nobody is on call'),
});

const usergroup = text.regex(/^S[A-Z0-9]+$/, 'must be the id of a user group, as in S0SRE');

const rota = z
  .strictObject({
    rotation: rotation.optional().describe('People who take turns'),
    slackUsergroup: usergroup.optional().describe('Slack user group, S…: its members are on call'),
    pagerduty: z
      .strictObject({
        schedule: text
          .regex(
            /^[A-Z0-9]+$/,
            'must be the id of a schedule, as in PABC123: the end of its address in PagerDuty',
          )
          .describe('PagerDuty schedule id, P…, from the end of its address'),
      })
      .optional()
      .describe('A schedule of PagerDuty, with its overrides'),
  })
  .refine((value) => Object.values(value).filter((v) => v !== undefined).length === 1, {
    error: 'must have one of rotation, slackUsergroup or pagerduty',
  })
  .describe('Who is on call: one of the three');

const group = z
  .union([z.array(text), z.strictObject({ slackUsergroup: usergroup.describe('Slack user group, S…') })], {
    error: 'must be a list of people, or { slackUsergroup: S0SRE }',
  })
  .describe('People by name, or all people under `people` who are in a Slack user group');

const policy = z.strictObject({
  git,
  ref: ref.default('main'),
  path: subPath.default(''),
  mode: z
    .enum(['decide', 'guardrail'], { error: 'must be decide or guardrail' })
    .default('decide')
    .describe(
      'decide: where no rule of the policy fires, a person decides. guardrail: the policy only objects; silence is no objection',
    ),
  data: z
    .record(z.string(), z.json())
    .default({})
    .describe('What the policy reads as input.policyData, and as input.policyConfiguration'),
});

const ignore = z.array(
  z.strictObject({
    match: text
      .refine(isIgnoreMatch, {
        error: 'must be ADDRESS or ADDRESS.ATTRIBUTE, as in aws_autoscaling_group.*.desired_capacity',
      })
      .describe(
        'ADDRESS (the whole resource) or ADDRESS.ATTRIBUTE, as cards write them. * matches any text without a dot',
      ),
    reason: text.describe('Cards show it next to the count'),
  }),
);

const severity = z
  .array(
    z.strictObject({
      match: text
        .refine(isIgnoreMatch, {
          error: 'must be ADDRESS or ADDRESS.ATTRIBUTE, as in aws_security_group.*.ingress',
        })
        .describe('ADDRESS or ADDRESS.ATTRIBUTE, as for ignore. An attribute includes everything inside it'),
      severity: z
        .enum(['low', 'normal', 'urgent'], { error: 'must be low, normal or urgent' })
        .describe('Whether and when people get direct messages'),
    }),
  )
  .describe(
    'low: only cards and digests. normal: direct messages, but not in quiet hours. urgent: at any hour. The highest that matches counts; without a match it is normal',
  );

/** A longer limit would rather be a mistake in the unit, and a hanging tool keeps the stack from being checked. */
const LONGEST_LIMIT_MS = 24 * 3_600_000;
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const limit = duration.refine(
  (value) => Number(value.slice(0, -1)) * (UNIT_MS[value.slice(-1)] ?? 0) <= LONGEST_LIMIT_MS,
  { error: 'must be 1m to 24h, as in 15m or 2h' },
);
const limits = z
  .strictObject({
    plan: limit.optional().describe('For one plan, 1m to 24h. Left out everywhere: 15m'),
    apply: limit.optional().describe('For one apply, 1m to 24h. Left out everywhere: 60m'),
  })
  .describe('How long the tool may work before m0 stops it');

const clockTime = text.regex(
  /^([01]?\d|2[0-3]):[0-5]\d$/,
  'must be a time of the day in quotes, as in "22:00"',
);
const quietHours = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        from: clockTime.describe('Time of the day, in quotes'),
        to: clockTime.describe('Time of the day, in quotes; before `from` it is on the next day'),
        weekends: z
          .boolean('must be true or false')
          .default(false)
          .describe('true: also all day on Saturday and Sunday'),
        timezone: text.optional().describe('IANA time zone. Left out: that of the stack'),
      }),
    ],
    { error: 'must be off or { from: "22:00", to: "07:00" }' },
  )
  .describe(
    'When people get direct messages only about urgent drift. They get the others when the quiet hours end',
  );

const escalation = z
  .array(
    z.strictObject({
      after: duration.describe('m0 takes the step if nobody has decided after this time: 30m, 72h'),
      to: text.describe('asked (those who were asked before), channel, oncall:NAME, a group or a person'),
      every: text
        .regex(/^([1-9]\d{0,3}[hdw])$/, 'must be 1h or more, as in 4h or 1d')
        .optional()
        .describe('m0 repeats the step after this time. Left out: one time only'),
    }),
  )
  .describe('Who to notify when nobody decides');

const healLimit = z
  .int('must be a whole number')
  .min(0, 'must be 0 or more')
  .describe(
    'How many runs policies may apply within an hour in the environment of the stack, before a person is asked. 0: none',
  );

const env = z
  .record(z.string().regex(ENV_NAME, 'is no name of a variable'), z.string('must be text: put it in quotes'))
  .describe('Environment variables of the tool. Secrets as ${env:NAME} or ${file:PATH}');

const defaults = z
  .strictObject({
    timezone: text.default('UTC').describe('IANA time zone, as in Europe/Berlin'),
    schedule: schedule.default('0 */2 * * *'),
    push: push.default({ poll: '30s' }),
    realign: realign.default('policy'),
    tool: tool.default('terraform'),
    runs: runs.optional(),
    channels: z.array(place).default([]).describe('Where stacks without channels of their own post'),
    policies: z.array(text).default([]).describe('Added to the policies of each stack'),
    approvers: approvers.optional(),
    healLimit: healLimit.default(DEFAULT_HEAL_LIMIT),
    ignore: ignore.default([]).describe('Added to the ignore rules of each stack'),
    severity: severity.default([]).describe('Added to the severity rules of each stack'),
    quietHours: quietHours.default('off'),
    escalation: escalation.default([]),
    limits: limits.default({}),
    env: env.default({}),
    ...sharedStackKeys,
  })
  .describe('For stacks that do not set it themselves');

const days = text.regex(/^[1-9]\d{0,4}[dw]$/, 'must be a number of days or weeks, as in 90d or 8w');

const retention = z
  .strictObject({
    runs: days
      .default('400d')
      .describe('How long ended runs are kept, with the plans, cards and exemptions that belong to them'),
    checks: days
      .default('7d')
      .describe('After that, checks that found nothing new are kept as one row for a stack and a day'),
  })
  .describe('When m0 deletes what. It never deletes the audit record, or anything that is open');

/**
 * The keys that a stack, an environment, an entry of `discover` and its overrides share. A further key of a stack is
 * added here and in settings.ts, which says how it is merged.
 */
const settings = {
  tool: tool.optional(),
  runs: runs.optional(),
  version: version
    .optional()
    .describe(
      'Version of Terraform or OpenTofu, or the start of one, in quotes: the newest on the machine that fits',
    ),
  env: env.optional(),
  schedule: schedule.optional(),
  push: push.optional(),
  timezone: text.optional().describe('IANA time zone of the crons'),
  realign: realign.optional(),
  policies: z.array(text).optional().describe('Added to those of defaults and of the environment'),
  channels: z
    .array(place)
    .optional()
    .describe('Where cards are posted. A stack needs at least one, here, in its environment or in defaults'),
  approvers: approvers.optional(),
  healLimit: healLimit.optional(),
  ignore: ignore
    .optional()
    .describe(
      'Drift that is counted, not reported and not applied. Added to the rules of defaults and of the environment',
    ),
  severity: severity.optional().describe('Added to the rules of defaults and of the environment'),
  quietHours: quietHours.optional(),
  escalation: escalation.optional(),
  limits: limits
    .optional()
    .describe(
      'How long the tool may work before m0 stops it. Left out: the limit of the environment, else of defaults',
    ),
  ...sharedStackKeys,
};
const settingsObject = z.strictObject(settings);

/** The names of the keys that a stack shares with environments and with `discover`. */
export const SETTING_NAMES = Object.keys(settings) as readonly (keyof RawSettings)[];

const stack = z.strictObject({
  name: name.describe('The name that people type. Unique in the file'),
  environment: name.describe('As in prod. A command can name it to mean all of its stacks'),
  source: z
    .strictObject({ git, ref: ref.default('main'), path: subPath.default('') })
    .describe('Where the code of the root module is'),
  workspace: name.default('default').describe('Workspace of Terraform or OpenTofu'),
  varFiles: z.array(text).default([]).describe("Paths from the stack's folder, inside the repository"),
  ...settings,
});

const pathGlob = text
  .refine((value) => globProblem(value) === null, {
    error: (issue) => globProblem(String(issue.input)) ?? 'must be a glob',
  })
  .describe('Folders in the repository: * is one part of a path, ** is any number of folders');
const template = text.describe(
  '{1}, {2}, … are what the wildcards of the glob match; {path}, {folder}, {workspace}',
);
const mayOverride = z
  .array(z.enum(SETTING_NAMES as [keyof RawSettings, ...(keyof RawSettings)[]]).or(text))
  .describe('What a file .m0.yaml in a root may set');

const discover = z
  .strictObject({
    source: z.strictObject({ git, ref: ref.default('main') }).describe('The repository that m0 reads'),
    roots: z
      .array(pathGlob)
      .min(1, 'must have at least one glob')
      .describe('Globs over folders. With ** only folders with a backend or cloud block, or a .m0.yaml'),
    exclude: z
      .array(pathGlob)
      .default([])
      .describe('Globs of folders that are not taken: a/** is a and all below it'),
    name: template
      .default('{path}')
      .describe(
        'Template of stack names: {1} to {9} are what the wildcards of the glob matched; {path}, {folder}, {workspace}',
      ),
    environment: template.describe('A template as for `name`, or just a name'),
    workspaces: z
      .union([z.enum(['none', 'auto']), z.array(name).min(1, 'must name at least one workspace')], {
        error: 'must be none, auto or a list of workspaces',
      })
      .default('none')
      .describe('none: the default one; auto: those that exist; or a list'),
    varFiles: z
      .array(template)
      .default([])
      .describe('Templates of paths from the folder of the root, inside the repository'),
    overrides: z
      .array(
        z.strictObject({
          match: text.describe('Glob over stack names: * is any text, ? is one character'),
          varFiles: z.array(template).optional().describe('In place of the varFiles of the entry'),
          ...settings,
        }),
      )
      .default([])
      .describe(
        'Settings for some of the stacks. If several match, the later ones replace keys of the earlier ones',
      ),
    mayOverride: mayOverride.optional().describe('In place of the one at the top of the file'),
    ...settings,
  })
  .describe('Stacks that m0 finds in a repository by itself');

/** Only a reference, because everybody who can read m0.yaml would read a secret in it. */
const secret = text
  .regex(
    /^\$\{(env|file):[^}]+\}$/,
    'must be ${env:NAME} or ${file:PATH} and nothing else: do not write a secret into this file',
  )
  .describe('${env:NAME} or ${file:PATH}');

const credential = z
  .strictObject({
    for: text.describe(
      'Prefix of the addresses of repositories: https://HOST/…, ssh://HOST/… or USER@HOST:…. The longest that matches counts',
    ),
    token: secret.optional().describe('Access token for https, as ${env:NAME} or ${file:PATH}'),
    username: text
      .regex(/^[^\0-\x1f\x7f]+$/, 'must be one line')
      .optional()
      .describe(
        'User name for the token. Left out: the user in the address of the repository, else what GitHub, GitLab, Bitbucket and Azure DevOps take with access tokens',
      ),
    sshKey: text
      .optional()
      .describe('File of a private key for ssh, without a passphrase. Relative to m0.yaml'),
    knownHosts: text
      .optional()
      .describe('File of host keys, the only ones that are trusted. Left out: those of the user of m0'),
    modules: z
      .boolean('must be true or false')
      .default(false)
      .describe('true: also for Git modules and submodules that the code of stacks names'),
    write: z
      .boolean('must be true or false')
      .default(false)
      .describe('true: for branches and pull requests of m0, and never for reading'),
    githubApp: z
      .strictObject({
        id: z
          .union([z.number().int().positive(), text], 'must be the id of the app')
          .describe('App id, or client id'),
        privateKey: secret.describe('The key of the app (PEM), as ${env:NAME} or ${file:PATH}'),
      })
      .optional()
      .describe(
        'A GitHub App that is installed on the repositories, in place of a token. Only with write: true',
      ),
  })
  .refine(
    ({ token, sshKey, githubApp }) =>
      [token, sshKey, githubApp].filter((one) => one !== undefined).length === 1,
    {
      error: 'must have one of token, sshKey or githubApp',
    },
  )
  .refine(({ write, githubApp }) => githubApp === undefined || write, {
    error: 'needs write: true, because the app is for pull requests only',
    path: ['githubApp'],
  })
  .refine(({ write, modules }) => !(write && modules), {
    error: 'can’t be together with write: true: what may write is never used for reading',
    path: ['modules'],
  })
  .refine((value) => value.username === undefined || value.token !== undefined, {
    error: 'goes with a token; with an sshKey the user is in the address',
    path: ['username'],
  })
  .refine((value) => value.knownHosts === undefined || value.sshKey !== undefined, {
    error: 'goes with an sshKey',
    path: ['knownHosts'],
  })
  .describe('Access to private repositories, of policies and of stacks alike');

const digest = z.strictObject({
  schedule: schedule.describe('One cron or a list, as for stacks'),
  timezone: text.optional().describe('IANA time zone of the crons. Left out: that of defaults'),
  channels: z.array(place).min(1, 'must name at least one channel').describe('Where the digest is posted'),
  targets: z
    .array(text)
    .default([])
    .describe('Stacks, environments, or globs over stack names. Left out: all'),
});

export const rawConfigSchema = z
  .strictObject({
    chat: z
      .strictObject({
        slack: z
          .strictObject({
            mode: z
              .enum(['socket', 'http'], { error: 'must be socket or http' })
              .default('socket')
              .describe(
                'socket: m0 connects to Slack and needs no public address. http: Slack calls POST /slack/events over https',
              ),
            matchByEmail: z
              .boolean('must be true or false')
              .default(false)
              .describe(
                'true: people without a `slack` id are recognised by the confirmed e-mail of their Slack account',
              ),
          })
          .optional()
          .describe('Slack'),
        teams: z.strictObject({}).optional().describe('Microsoft Teams: {} switches it on'),
      })
      .describe('Where people work: Slack, Teams or both'),
    people: z.record(name, person).default({}).describe('Who is who on each platform'),
    groups: z.record(name, group).default({}).describe('Groups of people, for the rules of this file'),
    oncall: z.record(name, rota).default({}).describe('On-call rotations'),
    policies: z.record(name, policy).default({}).describe('Approval policies (Rego) in Git'),
    credentials: z.array(credential).default([]).describe('Access to private repositories'),
    forges: z
      .record(
        z
          .string()
          .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be the name of a host in lower case, without a port'),
        z
          .enum(FORGE_KINDS, { error: `must be one of ${FORGE_KINDS.join(', ')}` })
          .describe('bitbucket is Bitbucket Cloud, bitbucket-server its Data Center; gitea is also Forgejo'),
      )
      .default({})
      .describe(
        'The kind of a Git host whose name does not tell it, for links on cards and for pull requests. HOST is in lower case, without a port',
      ),
    defaults: defaults.prefault({}),
    environments: z
      .record(name, settingsObject)
      .default({})
      .describe(
        'Settings for all stacks of an environment. They count more than defaults, and less than those of a stack',
      ),
    stacks: z
      .array(stack)
      .default([])
      .describe('Stacks, each with its root module. At least one, here or by discover'),
    discover: z.array(discover).default([]).describe('Repositories in which m0 finds stacks by itself'),
    mayOverride: mayOverride.default([]).describe('What a file .m0.yaml in a discovered root may set'),
    digests: z.array(digest).default([]).describe('Scheduled summaries'),
    retention: retention.prefault({}),
    may: z
      .strictObject({
        snooze: z.array(text).optional().describe('Who may snooze'),
        accept: z.array(text).optional().describe('Who may accept drift, and accept that a state is empty'),
        codify: z.array(text).optional().describe('Who may put drift into the code'),
        pause: z.array(text).optional().describe('Who may pause and resume'),
      })
      .default({})
      .describe('Groups, people or oncall:NAME that may do more, besides the approvers'),
  })
  .meta({ title: 'm0.yaml', description: 'Configuration of m0, the drift bot for Terraform and OpenTofu' });

/** m0.yaml as it is written, with the defaults of single keys filled in. */
export type RawConfig = z.infer<typeof rawConfigSchema>;
export type RawStack = RawConfig['stacks'][number];
export type RawSettings = z.infer<typeof settingsObject>;
export type RawDiscover = RawConfig['discover'][number];

/** The keys of a file `.m0.yaml`, each with the check of its value. */
export const ownFileShape: Readonly<Record<string, z.ZodType>> = settings;

/** The JSON Schema of m0.yaml, for editors. */
export function configSchema(): object {
  const schema = z.toJSONSchema(rawConfigSchema, { io: 'input' });
  // Blocks that only hold anchors for merge keys: `x-common: &common`.
  return { ...schema, patternProperties: { '^x-': {} } };
}
