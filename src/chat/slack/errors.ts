/** Slack's errors as m0's ChatError, with advice. */
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { errorTextWithCause } from '../../base/error-text.ts';
import { ChatError } from '../../ports/chat.ts';

/**
 * Advice for the refusals that a repeated call cannot solve, by Slack's error code.
 * https://docs.slack.dev/reference/methods/chat.postMessage, chat.update, conversations.open
 */
const ADVICE: Readonly<Record<string, string>> = {
  channel_not_found:
    'the channel does not exist, or is private and m0 is not in it: check "channels" in m0.yaml, or /invite @m0 there',
  is_archived: 'the channel is archived: unarchive it, or name another under "channels" in m0.yaml',
  is_inactive: 'the channel is archived, so its messages stay as they are',
  not_in_channel: 'm0 is not in the channel: /invite @m0 there',
  message_not_found: 'the message was deleted',
  thread_not_found: 'the thread was deleted',
  cant_update_message: 'the message is not one of this app',
  edit_window_closed: 'the workspace does not let old messages be edited',
  user_not_found: 'there is no such user',
  users_not_found: 'there is no such user',
  user_disabled: 'the user is deactivated',
  cannot_dm_bot: 'the user is a bot',
  no_such_subteam: 'there is no such user group',
  cannot_reply_to_message: 'Slack lets nobody reply to that message',
  restricted_action:
    'a setting of the workspace or the channel does not let m0 post there: an admin can change who may post',
  restricted_action_read_only_channel: 'the channel is read-only: name another under "channels" in m0.yaml',
  restricted_action_thread_only_channel:
    'the channel takes only replies: name another under "channels" in m0.yaml',
  restricted_action_non_threadable_channel: 'the channel takes no replies',
  restricted_action_thread_locked: 'the thread is locked',
  messages_tab_disabled:
    'the app has no Messages tab, so it can write to nobody: switch it on under App Home',
  team_access_not_granted:
    'the app is not approved for that workspace: an admin of the organisation must add it',
  invalid_blocks: 'Slack refuses the blocks of the message',
  msg_blocks_too_long: 'Slack finds the message too long',
  msg_too_long: 'Slack finds the message too long',
  missing_scope: 'the app lacks a scope: compare it with manifests/slack.yaml and install it again',
  invalid_auth: 'Slack refuses the token: check SLACK_BOT_TOKEN and SLACK_APP_TOKEN',
  not_authed: 'Slack misses the token: check SLACK_BOT_TOKEN and SLACK_APP_TOKEN',
  token_revoked: 'the token was revoked: install the app again and set SLACK_BOT_TOKEN',
  token_expired: 'the token has expired: set a new SLACK_BOT_TOKEN',
  account_inactive: 'the app was removed from the workspace, or its account is off',
  not_allowed_token_type: 'the token is of the wrong kind: SLACK_BOT_TOKEN is xoxb-…, SLACK_APP_TOKEN xapp-…',
};

/** Refusals that concern the whole app, not one channel. */
const APP_LEVEL: ReadonlySet<string> = new Set([
  'missing_scope',
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'not_allowed_token_type',
]);

/** Refusals that mean that the message, or the root of the thread, no longer exists. */
const DELETED: ReadonlySet<string> = new Set(['message_not_found', 'thread_not_found']);
/** Refusals that are over once somebody has invited m0. */
const SOLVED_BY_INVITING: ReadonlySet<string> = new Set(['not_in_channel', 'channel_not_found']);

/** True if it may help to invite m0 into the channel. */
export function isSolvedByInviting(error: unknown): boolean {
  const code = slackCode(error instanceof ChatError ? error.cause : error);
  return code !== null && SOLVED_BY_INVITING.has(code);
}

/** Slack's error code (`is_archived` …), or null where the error is none of Slack's. */
export function slackCode(error: unknown): string | null {
  return error instanceof WebAPIPlatformError ? error.data.error : null;
}

/** True where the call may have worked although it failed: there was no answer, or not one of the Web API. */
export function isUncertain(error: unknown): boolean {
  return error instanceof WebAPIRequestError || error instanceof WebAPIHTTPError;
}

/** True where no call works until somebody repairs the app or its token. */
export function concernsApp(error: unknown): boolean {
  const code = slackCode(error);
  return code !== null && APP_LEVEL.has(code);
}

/** True where the message is gone: that says nothing about its channel. */
export function concernsMessage(error: unknown): boolean {
  const code = slackCode(error);
  return code !== null && DELETED.has(code);
}

/** The scope that the call needed, or null where it was refused for another reason. */
export function missingScope(error: unknown): string | null {
  if (!(error instanceof WebAPIPlatformError) || error.data.error !== 'missing_scope') return null;
  return 'needed' in error.data && typeof error.data.needed === 'string' ? error.data.needed : null;
}

/** True where Slack refuses a message because of a file in it: the file is unknown, or not taken in yet. */
export function refusesFile(error: unknown): boolean {
  if (slackCode(error) !== 'invalid_blocks' || !(error instanceof WebAPIPlatformError)) return false;
  return (error.data.response_metadata?.messages ?? []).some((message) => message.includes('slack_file'));
}

/** The token's scopes, which Slack lists in each answer. Empty where the answer lists none. */
export function scopesOf(answer: unknown): readonly string[] {
  if (typeof answer !== 'object' || answer === null || !('response_metadata' in answer)) return [];
  const { scopes } = answer.response_metadata as { readonly scopes?: readonly string[] };
  return scopes ?? [];
}

/**
 * Turns any error into a ChatError. `doing` says what was attempted, e.g. `posting to C0OPS`. The text never
 * holds a token.
 */
export function toChatError(doing: string, error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  if (error instanceof WebAPIRateLimitedError) {
    return new ChatError(`${doing}: Slack asks to wait ${error.retryAfter} s`, {
      retryAfterMs: error.retryAfter * 1000,
      cause: error,
    });
  }
  if (error instanceof WebAPIPlatformError) {
    const code = error.data.error;
    if (code === 'ratelimited' || code === 'rate_limited') {
      const seconds = error.data.response_metadata?.retryAfter ?? 1;
      return new ChatError(`${doing}: Slack asks to wait ${seconds} s`, {
        retryAfterMs: seconds * 1000,
        cause: error,
      });
    }
    const text = ADVICE[code];
    const needed = 'needed' in error.data && typeof error.data.needed === 'string' ? [error.data.needed] : [];
    const details = [...needed, ...(error.data.response_metadata?.messages ?? [])];
    const detail = details.length > 0 ? `${code}: ${details.join('; ')}` : code;
    return new ChatError(
      text === undefined ? `${doing}: Slack says ${detail}` : `${doing}: ${text} (${detail})`,
      {
        // A problem of the app is solved in the app's settings; waiting messages are delivered afterwards.
        permanent: text !== undefined && !APP_LEVEL.has(code),
        deleted: DELETED.has(code),
        cause: error,
      },
    );
  }
  if (error instanceof WebAPIHTTPError) {
    return new ChatError(`${doing}: Slack answered with HTTP ${error.statusCode}`, { cause: error });
  }
  const reason = error instanceof WebAPIRequestError ? error.original : error;
  return new ChatError(`${doing}: ${errorTextWithCause(reason)}`, { cause: error });
}
