/** The keys of m0.yaml for people: who they are, their groups, and who is on call. */
import { z } from 'zod';
import { duration, text } from './formats.ts';

export const person = z
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
export const rota = z
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

export const group = z
  .union([z.array(text), z.strictObject({ slackUsergroup: usergroup.describe('Slack user group, S…') })], {
    error: 'must be a list of people, or { slackUsergroup: S0SRE }',
  })
  .describe('People by name, or all people under `people` who are in a Slack user group');
