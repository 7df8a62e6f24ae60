/** The formats of texts in m0.yaml that several keys share: names, durations, places, Git addresses, crons. */
import { z } from 'zod';

/** A text that is not empty. */
export const text = z
  .string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'must be text: put it in quotes') })
  .min(1, 'must not be empty');

export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
export const NAME_RULE =
  'must be letters, digits, ".", "_" and "-", at most 100, starting with a letter or digit';
export const name = text.regex(NAME, NAME_RULE);
export const duration = text.regex(
  /^[1-9]\d{0,5}[mhdw]$/,
  'must be a number with m, h, d or w, as in 12h or 1w',
);
export const place = text
  .regex(/^(slack|teams):\S+$/, 'must be slack:CHANNEL or teams:CONVERSATION, as in slack:C0OPS')
  .describe('Where to post: slack:C0OPS or "teams:19:…"');
export const ref = text
  .regex(/^(?!-)[^\s~^:?*[\\]+$/, 'must be the name of a branch, a tag or a commit')
  .describe('Branch, tag or commit');
export const git = text
  .regex(/^(?!-)(?!.*::)\S+$/, 'must be a Git address: https://…, ssh://…, git@host:path or a path')
  .describe('Git address: a URL, git@host:path, or a path. A relative path starts at the folder of m0.yaml');
export const subPath = z
  .string({ error: 'must be text: put it in quotes' })
  .regex(/^(?![/\\-])(?!(.*[/\\])?\.\.([/\\]|$)).*$/, 'must be a path inside the repository')
  .describe('Folder in the repository. Left out: its top');
const oneOrMore = 'must be a cron, as in "0 */2 * * *", or a list of them';
export const schedule = z
  .union([z.string(), z.array(text)], { error: oneOrMore })
  .describe(
    'One cron or a list: minute, hour, day, month, weekday, or @hourly, @daily. If both day and weekday are given, both must match. []: only by command and push',
  );

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** The length of a duration, as in 12h, in ms. */
export function milliseconds(duration: string): number {
  return Number(duration.slice(0, -1)) * UNITS[duration.slice(-1) as keyof typeof UNITS];
}
