import { createHmac } from 'node:crypto';

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

/** What became of a payload that was sent to the app. */
export type Ack =
  | { readonly ok: true; readonly payload: unknown }
  /** `operation_timeout`: not acknowledged within 3 s. `dispatch_failed`: the app can't be reached. */
  | { readonly ok: false; readonly error: 'operation_timeout' | 'dispatch_failed' };

/** Carries payloads to the app; resolves with its acknowledgement, never rejects. */
export interface Delivery {
  deliver(type: EnvelopeType, payload: Record<string, unknown>, retry: number): Promise<Ack>;
}

export const ACK_TIMEOUT_MS = 3000;

/** Delivers by signed HTTP requests, as Slack does to an app that is not in Socket Mode. */
export function httpDelivery(eventsUrl: string, signingSecret: string, now: () => number): Delivery {
  return {
    async deliver(type, payload, retry) {
      const [contentType, body] = encode(type, payload);
      const timestamp = String(Math.floor(now() / 1000));
      const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
      const headers: Record<string, string> = {
        'content-type': contentType,
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${digest}`,
      };
      if (retry > 0) {
        headers['x-slack-retry-num'] = String(retry);
        headers['x-slack-retry-reason'] = 'http_timeout';
      }
      try {
        const signal = AbortSignal.timeout(ACK_TIMEOUT_MS);
        const response = await fetch(eventsUrl, { method: 'POST', headers, body, signal });
        const text = await response.text();
        if (!response.ok) return { ok: false, error: 'dispatch_failed' };
        return { ok: true, payload: parse(text) };
      } catch (error) {
        const timedOut = error instanceof Error && error.name === 'TimeoutError';
        return { ok: false, error: timedOut ? 'operation_timeout' : 'dispatch_failed' };
      }
    },
  };
}

function encode(type: EnvelopeType, payload: Record<string, unknown>): [contentType: string, body: string] {
  const form = 'application/x-www-form-urlencoded';
  if (type === 'events_api') return ['application/json', JSON.stringify(payload)];
  if (type === 'interactive')
    return [form, new URLSearchParams({ payload: JSON.stringify(payload) }).toString()];
  const fields = Object.entries(payload).map(([key, value]): [string, string] => [key, String(value)]);
  return [form, new URLSearchParams(fields).toString()];
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
