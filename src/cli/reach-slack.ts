/** Whether Slack lets m0 do what it needs, and whether m0 is in the channels of m0.yaml. Asks only; posts nothing. */
import { errorText } from '../base/error-text.ts';
import type { Environment } from '../config/environment.ts';
import type { Row } from '../setup/inspect.ts';

/** The scopes of manifests/slack.yaml, each with what does not work without it. */
export const SLACK_SCOPES: Readonly<Record<string, string>> = {
  'chat:write': 'm0 posts nothing',
  commands: '/m0 is not there',
  'app_mentions:read': '@m0 gets no answer',
  'im:history': 'direct messages get no answer',
  'im:write': 'nobody gets direct messages',
  'channels:history': 'a message may be posted twice after a lost answer',
  'groups:history': 'a message may be posted twice in private channels after a lost answer',
  'users:read': 'people who are not in m0.yaml have no names',
  'usergroups:read': 'user groups count as empty',
  'files:write': 'digests go out without their picture, and files do not arrive',
};
const TODO_APP = 'compare the app with manifests/slack.yaml and install it again';
const TIME_LIMIT_MS = 10_000;
/** Slack's answers that mean: m0 is not in the channel, or there is none. */
const NOT_THERE: Readonly<Record<string, string>> = {
  not_in_channel: 'm0 is not in it',
  channel_not_found: 'there is no such channel, or it is private and m0 is not in it',
  is_archived: 'it is archived',
};

interface Answer {
  readonly ok?: boolean;
  readonly error?: string;
}

async function call(
  { slack }: Environment,
  method: string,
  form: Readonly<Record<string, string>> = {},
): Promise<{ readonly answer: Answer; readonly scopes: readonly string[] | null }> {
  const api = `${slack.apiUrl ?? 'https://slack.com/api'}`.replace(/\/*$/, '/');
  const response = await fetch(new URL(method, api), {
    method: 'POST',
    headers: { authorization: `Bearer ${slack.botToken}` },
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  const scopes = response.headers.get('x-oauth-scopes');
  return {
    answer: (await response.json()) as Answer,
    scopes: scopes === null ? null : scopes.split(',').map((scope) => scope.trim()),
  };
}

async function scopesRow(env: Environment): Promise<Row> {
  const what = 'Slack, scopes';
  try {
    const { answer, scopes } = await call(env, 'auth.test');
    if (answer.ok !== true)
      return { what, state: 'missing', found: `Slack says ${answer.error}`, todo: 'check SLACK_BOT_TOKEN' };
    if (scopes === null) return { what, state: 'warning', found: 'Slack does not say which the token has' };
    const lacking = Object.entries(SLACK_SCOPES).filter(([scope]) => !scopes.includes(scope));
    if (lacking.length === 0) return { what, state: 'ok', found: 'all that m0 uses' };
    const found = lacking.map(([scope, means]) => `lacks ${scope}: ${means}`).join('; ');
    const state = lacking.some(([scope]) => scope === 'chat:write') ? 'missing' : 'warning';
    return { what, state, found, todo: TODO_APP };
  } catch (error) {
    return { what, state: 'missing', found: errorText(error), todo: 'check the network' };
  }
}

/** By the history of the channel, because that needs a scope that m0 has anyway; conversations.info needs more. */
async function channelRow(env: Environment, channel: string): Promise<Row> {
  const what = `slack:${channel}`;
  try {
    const { answer } = await call(env, 'conversations.history', { channel, limit: '1' });
    if (answer.ok === true) return { what, state: 'ok', found: 'm0 is in it' };
    const why = NOT_THERE[answer.error ?? ''];
    if (why !== undefined) return { what, state: 'missing', found: why, todo: 'invite it: /invite @m0' };
    return { what, state: 'warning', found: `not known: Slack says ${answer.error}`, todo: TODO_APP };
  } catch (error) {
    return { what, state: 'warning', found: `not known: ${errorText(error)}`, todo: 'check the network' };
  }
}

/** One row about the scopes, and one for each channel, one after the other: Slack limits how often it is asked. */
export async function slackReachRows(env: Environment, channels: readonly string[]): Promise<readonly Row[]> {
  if (env.slack.botToken === null) {
    const found = 'no SLACK_BOT_TOKEN, so nothing can be asked';
    return [{ what: 'Slack', state: 'missing', found, todo: 'set it as for npm start' }];
  }
  const rows = [await scopesRow(env)];
  for (const channel of channels) rows.push(await channelRow(env, channel));
  return rows;
}
