/** Checks Slack's request signatures. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Slack's own limit: a request that was signed longer ago, or further in the future, is refused. */
export const WINDOW_S = 300;

/** The result of the check: the valid signature, or why it is not valid. */
export type SignatureCheck =
  | { readonly ok: true; readonly signature: string }
  | { readonly ok: false; readonly why: string };

/** True where the headers needed for the check are present. Without them the body need not be read. */
export function isSigned(headers: Headers): boolean {
  return headers.has('x-slack-signature') && headers.has('x-slack-request-timestamp');
}

/**
 * Checks Slack's signature: HMAC-SHA-256 over `v0:TIMESTAMP:BODY`, with a timestamp at most five minutes from
 * `nowMs` in either direction. `why` is for the log; it never holds the expected signature.
 */
export function checkSignature(
  headers: Headers,
  body: Buffer,
  secret: string,
  nowMs: number,
): SignatureCheck {
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
