/** Delivers payloads to the app, as Slack does. */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../base/error-text.ts';
import { isRecord } from '../../base/is-record.ts';
import { type AppAnswer, postToApp } from './app-client.ts';

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

/** The number and reason of a repeated delivery: an event that was not acknowledged is sent again. */
export interface Retry {
  readonly num: number;
  readonly reason: string;
}

/** The result of sending a payload to the app. */
export type Ack =
  | { readonly ok: true; readonly payload: unknown }
  /**
   * `operation_timeout`: not acknowledged within 3 s. `dispatch_failed`: the app cannot be reached, or
   * refuses.
   */
  | {
      readonly ok: false;
      readonly error: 'operation_timeout' | 'dispatch_failed';
      /**
       * Why an event is sent again; null where it is not: no app is connected, or the app asks for no retry.
       */
      readonly retryReason: string | null;
    };

/** Sends payloads to the app. `deliver` resolves with the acknowledgement and never rejects. */
export interface Delivery {
  deliver(type: EnvelopeType, payload: Record<string, unknown>, retry: Retry | null): Promise<Ack>;
  /** Waits before each further attempt to deliver an event, in ms. */
  readonly retryWaits: readonly number[];
}

export const ACK_TIMEOUT_MS = 3000;
/** Immediately, after one minute and after five. */
const RETRY_WAITS_MS = [0, 60_000, 300_000];

/** The app's request URL. */
export interface RequestUrl {
  readonly eventsUrl: string;
  /** Waits before an event is sent again, in ms; Slack's own by default. */
  readonly retryWaits?: readonly number[];
}

/** Delivers by signed HTTP requests, as Slack does for an app that is not in Socket Mode. */
export function httpDelivery(to: RequestUrl, signingSecret: string, now: () => number): Delivery {
  return {
    retryWaits: to.retryWaits ?? RETRY_WAITS_MS,
    async deliver(type, payload, retry) {
      const [contentType, body] = encode(type, payload);
      const headers: Record<string, string> = {
        ...signedHeaders(body, signingSecret, now()),
        'content-type': contentType,
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      };
      if (retry !== null) {
        headers['x-slack-retry-num'] = String(retry.num);
        headers['x-slack-retry-reason'] = retry.reason;
      }
      const signal = AbortSignal.timeout(ACK_TIMEOUT_MS);
      try {
        const response = await postToApp(to.eventsUrl, headers, body, signal);
        if (!isFine(response)) {
          const retryReason = response.headers['x-slack-no-retry'] === '1' ? null : 'http_error';
          return { ok: false, error: 'dispatch_failed', retryReason };
        }
        const answer = parse(response.text);
        // A dialog's answer is an object or empty. Slack shows "We had some trouble connecting" for anything
        // else.
        if (payload.type === 'view_submission' && answer !== undefined && !isRecord(answer))
          return { ok: false, error: 'dispatch_failed', retryReason: 'http_error' };
        return { ok: true, payload: typeof answer === 'string' ? { text: answer } : answer };
      } catch {
        return signal.aborted
          ? { ok: false, error: 'operation_timeout', retryReason: 'http_timeout' }
          : { ok: false, error: 'dispatch_failed', retryReason: 'connection_failed' };
      }
    },
  };
}

/** The two headers with which Slack signs a request. */
export function signedHeaders(body: string, signingSecret: string, nowMs: number): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `v0=${digest}` };
}

/** Delivers an event until it is acknowledged or Slack gives up. Its event_id stays the same. */
export async function deliverEvent(delivery: Delivery, payload: Record<string, unknown>): Promise<void> {
  let ack = await delivery.deliver('events_api', payload, null);
  for (const [index, wait] of delivery.retryWaits.entries()) {
    if (ack.ok || ack.retryReason === null) return;
    await sleep(wait, undefined, { ref: false });
    ack = await delivery.deliver('events_api', payload, { num: index + 1, reason: ack.retryReason });
  }
}

/**
 * Does what Slack does when somebody enters a request URL in the app's settings: sends a challenge that must
 * be returned. Resolves with the problem, or null where the URL is accepted.
 */
export async function verifyRequestUrl(
  { eventsUrl }: RequestUrl,
  signingSecret: string,
  nowMs: number,
): Promise<string | null> {
  const challenge = crypto.randomUUID();
  const body = JSON.stringify({ token: 'local', challenge, type: 'url_verification' });
  const headers = { ...signedHeaders(body, signingSecret, nowMs), 'content-type': 'application/json' };
  try {
    const signal = AbortSignal.timeout(ACK_TIMEOUT_MS);
    const response = await postToApp(eventsUrl, headers, body, signal);
    const answer = parse(response.text);
    if (!isFine(response)) return `the URL answers with HTTP ${response.status}`;
    const given = isRecord(answer) ? answer.challenge : answer;
    return given === challenge ? null : 'the URL does not answer with the challenge';
  } catch (error) {
    return `the URL can not be reached: ${errorText(error)}`;
  }
}

function encode(type: EnvelopeType, payload: Record<string, unknown>): [contentType: string, body: string] {
  const form = 'application/x-www-form-urlencoded';
  if (type === 'events_api') return ['application/json', JSON.stringify(payload)];
  if (type === 'interactive')
    return [form, new URLSearchParams({ payload: JSON.stringify(payload) }).toString()];
  const fields = Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]);
  return [form, new URLSearchParams(fields).toString()];
}

function isFine({ status }: AppAnswer): boolean {
  return status >= 200 && status < 300;
}

/** JSON, or else the text; undefined where it is empty. */
function parse(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
