import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { expect, test } from 'vitest';
import {
  concernsApp,
  isSolvedByInviting,
  isUncertain,
  toChatError,
} from '../../../../src/chat/slack/errors.ts';

const refused = (error: string) => new WebAPIPlatformError({ ok: false, error });

test.each(['channel_not_found', 'is_archived', 'not_in_channel', 'message_not_found'])(
  '%s is permanent and says what is wrong',
  (code) => {
    const error = toChatError('posting to C0OPS', refused(code));
    expect(error.permanent).toBe(true);
    expect(error.message).toMatch(/^posting to C0OPS: .{10,}/);
    expect(error.message).toContain(code);
    expect(isUncertain(error.cause)).toBe(false);
  },
);

test.each([
  ['message_not_found', true],
  ['thread_not_found', true],
  ['channel_not_found', false],
  ['cant_update_message', false],
  ['internal_error', false],
])('%s says of a message that it was deleted: %s', (code, deleted) => {
  expect(toChatError('updating a message in C0OPS', refused(code)).deleted).toBe(deleted);
});

test.each(['token_revoked', 'invalid_auth', 'missing_scope'])(
  '%s is mended in the app’s settings, so what was to be said is kept for then',
  (code) => {
    const error = toChatError('posting to C0OPS', refused(code));
    expect(error).toMatchObject({ permanent: false, message: expect.stringContaining(code) });
  },
);

test('a refusal m0 does not know is worth another try', () => {
  expect(toChatError('posting', refused('internal_error'))).toMatchObject({
    permanent: false,
    message: 'posting: Slack says internal_error',
  });
});

test('a rate limit says when to come back', () => {
  expect(toChatError('posting', new WebAPIRateLimitedError(7))).toMatchObject({
    permanent: false,
    retryAfterMs: 7_000,
  });
});

test('no answer, or none of Slack’s own, leaves the outcome uncertain', () => {
  const lost = new WebAPIRequestError(new Error('socket hang up'));
  const broken = new WebAPIHTTPError(502, 'Bad Gateway', {});
  expect(isUncertain(lost)).toBe(true);
  expect(isUncertain(broken)).toBe(true);
  expect(toChatError('posting', lost)).toMatchObject({
    permanent: false,
    message: 'posting: socket hang up',
  });
  expect(toChatError('posting', broken)).toMatchObject({ permanent: false });
});

test('a refused token concerns the whole app, an archived channel does not', () => {
  expect(concernsApp(refused('token_revoked'))).toBe(true);
  expect(concernsApp(refused('is_archived'))).toBe(false);
});

test('only where an invitation helps does the advice ask for one', () => {
  for (const code of ['not_in_channel', 'channel_not_found']) {
    expect(toChatError('posting', refused(code)).message).toContain('/invite @m0');
    expect(isSolvedByInviting(toChatError('posting', refused(code)))).toBe(true);
  }
  for (const code of [
    'is_archived',
    'restricted_action',
    'restricted_action_read_only_channel',
    'msg_too_long',
  ]) {
    expect(toChatError('posting', refused(code)).message).not.toContain('invite');
    expect(isSolvedByInviting(toChatError('posting', refused(code)))).toBe(false);
  }
});
