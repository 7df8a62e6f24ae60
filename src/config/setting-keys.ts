/** The keys of m0.yaml that say how a stack is checked and realigned, and `defaults`, which holds them for all stacks. */
import { z } from 'zod';
import { isIgnoreMatch } from '../drift/ignore.ts';
import { DEFAULT_HEAL_LIMIT } from '../model/brake.ts';
import { duration, place, schedule, text } from './formats.ts';
import { sharedStackKeys } from './shared-keys.ts';

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const version = text.regex(
  /^\d+(\.\d+){0,2}$/,
  'must be a version or the start of one, as in 1.11 or 1.11.4, in quotes',
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

export const defaults = z
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

/**
 * The keys that a stack, an environment, an entry of `discover` and its overrides share. A further key of a stack is
 * added here and in settings.ts, which says how it is merged.
 */
export const settings = {
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

export const settingsObject = z.strictObject(settings);

/** The names of the keys that a stack shares with environments and with `discover`. */
export const SETTING_NAMES = Object.keys(settings) as readonly (keyof RawSettings)[];

export type RawSettings = z.infer<typeof settingsObject>;

/** The keys of a file `.m0.yaml`, each with the check of its value. */
export const ownFileShape: Readonly<Record<string, z.ZodType>> = settings;
