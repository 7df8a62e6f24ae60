import { z } from 'zod';
import { isIgnoreMatch } from '../drift/ignore.ts';

/**
 * The schema of m0.yaml as it is written. It is strict everywhere, because an unknown key is a mistake that m0
 * should report. The descriptions appear in the JSON Schema, and so in editors.
 */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const text = z
  .string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'must be text: put it in quotes') })
  .min(1, 'must not be empty');
const name = text.regex(
  NAME,
  'must be letters, digits, ".", "_" and "-", at most 100, starting with a letter or digit',
);
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
  .describe('Git address; a relative path is relative to this file');
const subPath = z
  .string({ error: 'must be text: put it in quotes' })
  .regex(/^(?![/\\-])(?!(.*[/\\])?\.\.([/\\]|$)).*$/, 'must be a path inside the repository')
  .describe('Folder in the repository; its root where left out');

const oneOrMore = 'must be a cron, as in "0 */2 * * *", or a list of them';
const schedule = z
  .union([z.string(), z.array(text)], { error: oneOrMore })
  .describe('One cron or several: minute hour day month weekday; [] for none');

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
          .describe('How often to look: 30s, 5m, 24h'),
      }),
    ],
    { error: 'must be off or { poll: 30s }: 5s or more, with s, m or h' },
  )
  .describe('Check the stack when its code was pushed; off: only by schedule and command');

const realign = z
  .enum(['policy', 'ask', 'never'], { error: 'must be policy, ask or never' })
  .describe('policy: apply by itself where the policies say so; ask: always ask a person; never: only tell');
const tool = z.enum(['terraform', 'tofu'], { error: 'must be terraform or tofu' });

const approvers = z
  .strictObject({
    from: z.array(text).describe('Groups, people, or oncall:NAME'),
    need: z.int('must be a whole number').min(1, 'must be 1 or more').default(1).describe('How many people'),
    notTheAuthor: z
      .boolean('must be true or false')
      .default(false)
      .describe("The code's author may not approve"),
  })
  .describe('Who may approve. Left out: nobody can');

const person = z
  .strictObject({
    name: text.optional().describe('How cards name them; the key with a capital where left out'),
    slack: text.optional().describe('Slack member id, U…'),
    teams: text.optional().describe('Microsoft Entra object id'),
    email: text.optional().describe('As in their commits, and at PagerDuty'),
    pagerduty: text
      .regex(/^[A-Z0-9]+$/, 'must be the id of a user, as in PUSER1: the end of their address in PagerDuty')
      .optional()
      .describe('PagerDuty user id, P…; where left out the e-mail tells who they are there'),
  })
  .describe('One person, on every platform');

const rotation = z.strictObject({
  people: z.array(text).min(1, 'must name at least one person').describe('In the order of their turns'),
  every: duration.describe('Length of a turn: 12h, 1d, 1w'),
  from: z.iso
    .datetime({ offset: true, error: 'must be a time with its zone, as in 2026-01-05T09:00:00Z' })
    .describe('When the first turn begins'),
});

const usergroup = text.regex(/^S[A-Z0-9]+$/, 'must be the id of a user group, as in S0SRE');

const rota = z
  .strictObject({
    rotation: rotation.optional(),
    slackUsergroup: usergroup.optional(),
    pagerduty: z
      .strictObject({
        schedule: text
          .regex(
            /^[A-Z0-9]+$/,
            'must be the id of a schedule, as in PABC123: the end of its address in PagerDuty',
          )
          .describe('PagerDuty schedule id, P…'),
      })
      .optional(),
  })
  .refine((value) => Object.values(value).filter((v) => v !== undefined).length === 1, {
    error: 'must have one of rotation, slackUsergroup or pagerduty',
  })
  .describe('Who is on call: one of the three');

const group = z
  .union([z.array(text), z.strictObject({ slackUsergroup: usergroup })], {
    error: 'must be a list of people, or { slackUsergroup: S0SRE }',
  })
  .describe('People by name, or everybody under people who is in a Slack user group');

const policy = z.strictObject({
  git,
  ref: ref.default('main'),
  path: subPath.default(''),
  mode: z
    .enum(['decide', 'guardrail'], { error: 'must be decide or guardrail' })
    .default('decide')
    .describe('decide: where no rule speaks, a person decides; guardrail: can only object'),
  data: z
    .record(z.string(), z.json())
    .default({})
    .describe('What the policy gets as input.policyData, and as input.policyConfiguration'),
});

const ignore = z.array(
  z.strictObject({
    match: text
      .refine(isIgnoreMatch, {
        error: 'must be ADDRESS or ADDRESS.ATTRIBUTE, as in aws_autoscaling_group.*.desired_capacity',
      })
      .describe('ADDRESS (the whole resource) or ADDRESS.ATTRIBUTE; * stands for anything but a dot'),
    reason: text.describe('Cards show it beside the count'),
  }),
);

const severity = z
  .array(
    z.strictObject({
      match: text
        .refine(isIgnoreMatch, {
          error: 'must be ADDRESS or ADDRESS.ATTRIBUTE, as in aws_security_group.*.ingress',
        })
        .describe('ADDRESS or ADDRESS.ATTRIBUTE; * stands for anything but a dot'),
      severity: z.enum(['low', 'normal', 'urgent'], { error: 'must be low, normal or urgent' }),
    }),
  )
  .describe(
    'low: only cards and digests; normal: not in quiet hours; urgent: at any hour. Highest match counts',
  );

const clockTime = text.regex(
  /^([01]?\d|2[0-3]):[0-5]\d$/,
  'must be a time of the day in quotes, as in "22:00"',
);
const quietHours = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        from: clockTime,
        to: clockTime,
        weekends: z.boolean('must be true or false').default(false).describe('Saturday and Sunday all day'),
        timezone: text.optional(),
      }),
    ],
    { error: 'must be off or { from: "22:00", to: "07:00" }' },
  )
  .describe('When only urgent drift is sent to people; the rest is sent afterwards');

const escalation = z
  .array(
    z.strictObject({
      after: duration.describe('How long nobody has decided: 30m, 72h'),
      to: text.describe('asked (the people asked before), channel, oncall:NAME, a group or a person'),
      every: text
        .regex(/^([1-9]\d{0,3}[hdw])$/, 'must be 1h or more, as in 4h or 1d')
        .optional()
        .describe('Again after so long; once where left out'),
    }),
  )
  .describe('Who to notify when nobody decides');

const defaults = z
  .strictObject({
    timezone: text.default('UTC').describe('IANA time zone, as in Europe/Berlin'),
    schedule: schedule.default('0 */2 * * *'),
    push: push.default({ poll: '30s' }),
    realign: realign.default('policy'),
    tool: tool.default('terraform'),
    channels: z.array(place).default([]),
    policies: z.array(text).default([]).describe('Added to the policies of each stack'),
    approvers: approvers.optional(),
    ignore: ignore.default([]).describe('Added to the ignore rules of each stack'),
    severity: severity.default([]),
    quietHours: quietHours.default('off'),
    escalation: escalation.default([]),
  })
  .describe('For stacks that do not set it themselves');

const stack = z.strictObject({
  name: name.describe('As people type it; once in the file'),
  environment: name.describe('As in prod; commands can target it'),
  source: z.strictObject({ git, ref: ref.default('main'), path: subPath.default('') }),
  tool: tool.optional(),
  version: version
    .optional()
    .describe('Version of the tool, or the start of one: the newest on the machine that fits'),
  workspace: name.default('default'),
  varFiles: z.array(text).default([]).describe("Paths from the stack's folder, inside the repository"),
  env: z
    .record(
      z.string().regex(ENV_NAME, 'is no name of a variable'),
      z.string('must be text: put it in quotes'),
    )
    .default({})
    .describe('Environment of the tool; secrets as ${env:NAME} or ${file:PATH}'),
  schedule: schedule.optional(),
  push: push.optional(),
  timezone: text.optional(),
  realign: realign.optional(),
  policies: z.array(text).default([]),
  channels: z.array(place).optional(),
  approvers: approvers.optional(),
  ignore: ignore.default([]).describe('Drift to count but not report'),
  severity: severity.default([]),
  quietHours: quietHours.optional(),
  escalation: escalation.optional(),
});

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
      'Beginning of the addresses of repositories: https://HOST/…, ssh://HOST/… or USER@HOST:…; the longest that fits counts',
    ),
    token: secret.optional().describe('Access token for https, as ${env:NAME} or ${file:PATH}'),
    username: text
      .regex(/^[^\0-\x1f\x7f]+$/, 'must be one line')
      .optional()
      .describe('Goes with the token; what GitHub, GitLab, Bitbucket and Azure DevOps take where left out'),
    sshKey: text.optional().describe('File of a private key for ssh; relative to this file'),
    knownHosts: text
      .optional()
      .describe('File of host keys, the only ones trusted; those of the user m0 runs as where left out'),
  })
  .refine((value) => (value.token === undefined) !== (value.sshKey === undefined), {
    error: 'must have one of token or sshKey',
  })
  .refine((value) => value.username === undefined || value.sshKey === undefined, {
    error: 'goes with a token; with an sshKey the user is in the address',
    path: ['username'],
  })
  .refine((value) => value.knownHosts === undefined || value.token === undefined, {
    error: 'goes with an sshKey',
    path: ['knownHosts'],
  })
  .describe('Access to private repositories, of policies and of stacks alike');

const digest = z.strictObject({
  schedule,
  timezone: text.optional(),
  channels: z.array(place).min(1, 'must name at least one channel'),
  targets: z.array(text).default([]).describe('Stacks, environments or globs; all where left out'),
});

export const rawConfigSchema = z
  .strictObject({
    chat: z.strictObject({
      slack: z
        .strictObject({
          mode: z.enum(['socket', 'http'], { error: 'must be socket or http' }).default('socket'),
          matchByEmail: z
            .boolean('must be true or false')
            .default(false)
            .describe('People without a slack id are known by the confirmed e-mail of their Slack account'),
        })
        .optional(),
      teams: z.strictObject({}).optional(),
    }),
    people: z.record(name, person).default({}),
    groups: z.record(name, group).default({}),
    oncall: z.record(name, rota).default({}),
    policies: z.record(name, policy).default({}),
    credentials: z.array(credential).default([]),
    defaults: defaults.prefault({}),
    stacks: z.array(stack).min(1, 'must name at least one stack'),
    digests: z.array(digest).default([]),
    may: z
      .strictObject({ snooze: z.array(text).optional(), accept: z.array(text).optional() })
      .default({})
      .describe('Who may snooze and accept besides the approvers'),
  })
  .meta({ title: 'm0.yaml', description: 'Configuration of m0, the drift bot for Terraform and OpenTofu' });

/** m0.yaml as it is written, with the defaults of single keys filled in. */
export type RawConfig = z.infer<typeof rawConfigSchema>;
export type RawStack = RawConfig['stacks'][number];

/** The JSON Schema of m0.yaml, for editors. */
export function configSchema(): object {
  return z.toJSONSchema(rawConfigSchema, { io: 'input' });
}
