/**
 * The schema of m0.yaml as it is written. It is strict everywhere, because an unknown key is a mistake that m0
 * should report. The descriptions appear in the JSON Schema, and so in editors.
 */
import { z } from 'zod';
import { globProblem } from '../discovery/path-glob.ts';
import { FORGE_KINDS } from '../model/links/forge.ts';
import { credential } from './credential-keys.ts';
import { git, name, place, ref, schedule, subPath, text } from './formats.ts';
import { group, person, rota } from './people-keys.ts';
import { defaults, type RawSettings, SETTING_NAMES, settings, settingsObject } from './setting-keys.ts';

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
export type RawDiscover = RawConfig['discover'][number];

/** The JSON Schema of m0.yaml, for editors. */
export function configSchema(): object {
  const schema = z.toJSONSchema(rawConfigSchema, { io: 'input' });
  // Blocks that only hold anchors for merge keys: `x-common: &common`.
  return { ...schema, patternProperties: { '^x-': {} } };
}
