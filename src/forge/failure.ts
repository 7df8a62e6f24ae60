/** Turns refusals of a host into ForgeErrors. */
import { errorText } from '../base/error-text.ts';
import { scrubSecrets } from '../git/address.ts';
import { PushError } from '../git/push.ts';
import { ForgeError } from '../ports/forge.ts';

const MAX_CHARS = 600;
/** How long to wait where a host limits requests and does not say how long. */
const LIMITED_MS = 60_000;

/** A host's answer that is no success. Header names in lower case. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly text: string;
}

/** In ms; null where the host says nothing about when to ask again. */
function retryAfterOf({ status, headers, text }: Refusal, now: number): number | null {
  const after = headers['retry-after'];
  const seconds = Number(after);
  if (after !== undefined && Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(String(after));
  if (after !== undefined && Number.isFinite(date)) return Math.max(0, date - now);
  const remaining = headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining'];
  const reset = Number(headers['x-ratelimit-reset'] ?? headers['ratelimit-reset']);
  if (String(remaining) === '0' && reset > 0) return Math.max(1_000, reset * 1000 - now);
  return status === 429 || (status === 403 && /rate limit/i.test(text)) ? LIMITED_MS : null;
}

/** `doing`: what m0 asked for, as the beginning of a sentence. */
export function refusedBy(
  doing: string,
  refusal: Refusal,
  now: number,
  secrets: readonly string[],
): ForgeError {
  const retryAfterMs = retryAfterOf(refusal, now);
  const { status } = refusal;
  // 408 and 409 with a retry: the host was too slow, or is still at work on the same.
  const temporary = retryAfterMs !== null || status >= 500 || status === 408;
  const limited = retryAfterMs !== null && (status === 403 || status === 429);
  const why = limited ? `the host limits requests (${status})` : `the host answers ${status}`;
  const text = scrubSecrets(refusal.text, secrets).replace(/\s+/g, ' ').trim().slice(0, MAX_CHARS);
  return new ForgeError(`${doing}: ${why}${text === '' ? '' : `: ${text}`}`, {
    permanent: !temporary,
    retryAfterMs,
  });
}

/** Any other error as a ForgeError: of git, or of the network. */
export function failedWith(doing: string, error: unknown, secrets: readonly string[]): ForgeError {
  if (error instanceof ForgeError) return error;
  const text = scrubSecrets(errorText(error), secrets).slice(0, MAX_CHARS);
  if (error instanceof PushError) return new ForgeError(text, { permanent: error.permanent });
  // The causes are left out: an SDK's hold the request with its token.
  return new ForgeError(`${doing}: ${text}`);
}
