import { createHmac, timingSafeEqual } from 'node:crypto';

/** Slack's own bound: what is older, or as much newer, is not to be believed. */
export const WINDOW_S = 300;

/** What a request's signature proves: that Slack signed it, what is wrong with it, or when it was signed. */
export type Proof =
  | { readonly ok: true; readonly signature: string }
  | { readonly ok: false; readonly why: string };

/** Whether the headers hold what a signature is checked with; without them no body is worth reading. */
export function isSigned(headers: Headers): boolean {
  return headers.has('x-slack-signature') && headers.has('x-slack-request-timestamp');
}

/**
 * Checks Slack's signature: HMAC-SHA-256 over `v0:TIMESTAMP:BODY`, signed at most five minutes before `nowMs`, or
 * after it where this machine's clock is behind. `why` is for the log; it never holds what was expected.
 */
export function prove(headers: Headers, body: Buffer, secret: string, nowMs: number): Proof {
  const timestamp = headers.get('x-slack-request-timestamp') ?? '';
  const signature = headers.get('x-slack-signature') ?? '';
  if (!/^\d{1,12}$/.test(timestamp)) return { ok: false, why: 'its timestamp is no number of seconds' };
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
  const given = /^v0=([0-9a-f]{64})$/.exec(signature)?.[1];
  if (given === undefined || !timingSafeEqual(Buffer.from(given, 'hex'), expected)) {
    return { ok: false, why: 'its signature is wrong: compare SLACK_SIGNING_SECRET with the app’s settings' };
  }
  const off = Math.round(nowMs / 1000) - Number(timestamp);
  if (Math.abs(off) > WINDOW_S) {
    const side = off > 0 ? 'ago' : 'from now';
    return { ok: false, why: `it was signed ${Math.abs(off)} s ${side}: is this machine’s clock right?` };
  }
  return { ok: true, signature };
}
