/** Client for the part of PagerDuty's REST API that returns who is on call. */
import { z } from 'zod';
import { errorTextWithCause } from '../../base/error-text.ts';
import type { Clock } from '../../model/directory.ts';
import type { OnDuty } from '../../model/rota.ts';
import { clip } from '../../text/words.ts';

/**
 * PagerDuty could not be asked, or refused the request. The message says what was being done; it never contains the
 * key.
 */
export class PagerDutyError extends Error {
  override readonly name = 'PagerDutyError';
  /** True if PagerDuty itself refused. Its earlier answers are then no longer used. */
  readonly refused: boolean;
  /** How long PagerDuty asked to wait, in ms; null if it did not say. */
  readonly retryAfterMs: number | null;
  constructor(message: string, options: { refused?: boolean; retryAfterMs?: number | null } = {}) {
    super(message);
    this.refused = options.refused ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

export interface PagerDutyApi {
  /** Who is on call on the schedule at `at` (ms since epoch), each person once. Rejects with a PagerDutyError. */
  onCallAt(schedule: string, at: number): Promise<readonly OnDuty[]>;
}

const LIMITS = { callMs: 5_000, questionMs: 12_000, bodyBytes: 2 * 1024 * 1024 };
/** PAGE is PagerDuty's largest page size. After PAGES pages the answer can't be a real list of people on call. */
const PAGE = 100;
const PAGES = 10;
const NAME = 60;
const WORDS = 120;

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** The fields that m0 reads of the answer to `GET /oncalls`. `end` null: the user is always on call. */
const answerSchema = z.object({
  oncalls: z.array(
    z.object({
      user: z.object({
        id: z.string().min(1),
        name: z.string().nullish(),
        summary: z.string().nullish(),
        email: z.string().nullish(),
      }),
      schedule: z.object({ id: z.string() }),
      start: time.nullable(),
      end: time.nullable(),
    }),
  ),
  more: z.boolean(),
  limit: z.int().min(1).max(PAGE),
});
type OnCalls = z.infer<typeof answerSchema>;
const errorSchema = z.object({ error: z.object({ message: z.string() }) });

/** Creates a client that only reads, and caches nothing. */
export function createPagerDutyApi(options: {
  readonly token: string;
  /** https://api.pagerduty.com, or the URL of another region. */
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly limits?: Partial<typeof LIMITS>;
}): PagerDutyApi {
  const { token, clock } = options;
  const base = new URL(options.apiUrl.replace(/\/*$/, '/'));
  const { callMs, questionMs, bodyBytes } = { ...LIMITS, ...options.limits };

  /** Text of a server on one short line, without the key, which some servers echo. */
  function quoted(text: string, max = WORDS): string {
    return clip(text.replaceAll(token, '[redacted]').replace(/\s+/g, ' ').trim(), max);
  }

  function unreachable(error: unknown, signal: AbortSignal): PagerDutyError {
    if (signal.aborted) return new PagerDutyError(`${base.host} does not answer in time`);
    // fetch throws "fetch failed", and the reason is in `cause`.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code ?? quoted(errorTextWithCause(error));
    return new PagerDutyError(`${base.host} can't be reached (${why})`);
  }

  async function bodyOf(response: Response): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > bodyBytes)
        throw new PagerDutyError(`${base.host} answers with more than ${bodyBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  function refusal(response: Response, body: string): PagerDutyError {
    const { status } = response;
    const errorMessage = errorSchema.safeParse(jsonOf(body)).data?.error.message;
    const words = errorMessage === undefined ? '' : `: ${quoted(errorMessage)}`;
    switch (status) {
      case 401:
        return new PagerDutyError(
          `it refuses the key (401): set PAGERDUTY_TOKEN to a REST API key, and PAGERDUTY_API_URL for an EU account`,
          { refused: true },
        );
      case 403:
        return new PagerDutyError(`the key may not read it (403${words}): use one that may read all`, {
          refused: true,
        });
      case 404:
        return new PagerDutyError('it knows no such schedule (404): correct its id in m0.yaml', {
          refused: true,
        });
      case 429:
        return new PagerDutyError('its rate limit is reached (429)', {
          retryAfterMs: waitOf(response.headers, clock()),
        });
      default:
        // A redirect would send the key to another host, so none is followed.
        if (status === 0 || (status >= 300 && status < 400))
          return new PagerDutyError(
            `${base.host} redirects elsewhere (${status}), and the key is not sent there: correct PAGERDUTY_API_URL`,
          );
        return new PagerDutyError(`${base.host} answers ${status}${words}`, {
          refused: status >= 400 && status < 500 && status !== 408,
          retryAfterMs: waitOf(response.headers, clock()),
        });
    }
  }

  /** Fetches one page. A server error or a broken connection is retried once at once; a timeout is not. */
  async function page(url: URL, whole: AbortSignal, again = true): Promise<OnCalls> {
    const signal = AbortSignal.any([whole, AbortSignal.timeout(callMs)]);
    let response: Response;
    let body: string;
    try {
      response = await fetch(url, {
        headers: {
          authorization: `Token token=${token}`,
          accept: 'application/vnd.pagerduty+json;version=2',
          'content-type': 'application/json',
        },
        redirect: 'manual',
        signal,
      });
      body = await bodyOf(response);
    } catch (error) {
      if (error instanceof PagerDutyError) throw error;
      if (again && !signal.aborted) return page(url, whole, false);
      throw unreachable(error, signal);
    }
    if (response.status >= 500 && again) return page(url, whole, false);
    if (response.status !== 200) throw refusal(response, body);
    const answer = answerSchema.safeParse(jsonOf(body));
    if (answer.success) return answer.data;
    const where = answer.error.issues[0]?.path.join('.') ?? '';
    throw new PagerDutyError(
      `${base.host} does not answer like PagerDuty${where === '' ? '' : ` (${where})`}`,
    );
  }

  async function entriesAt(schedule: string, at: number): Promise<OnCalls['oncalls']> {
    const whole = AbortSignal.timeout(questionMs);
    const entries: OnCalls['oncalls'][number][] = [];
    let offset = 0;
    for (let n = 0; n < PAGES; n += 1) {
      const url = new URL('oncalls', base);
      const moment = new Date(at).toISOString();
      for (const [name, value] of [
        ...[['schedule_ids[]', schedule] as const, ['include[]', 'users'] as const],
        ...[['since', moment] as const, ['until', moment] as const],
        ...[['limit', String(PAGE)] as const, ['offset', String(offset)] as const],
      ]) {
        url.searchParams.append(name, value);
      }
      const answer = await page(url, whole);
      entries.push(...answer.oncalls);
      if (!answer.more) return entries;
      offset += answer.limit;
    }
    throw new PagerDutyError(`${base.host} names more than ${PAGES * PAGE} on call`);
  }

  return {
    async onCallAt(schedule, at) {
      try {
        const entries = await entriesAt(schedule, at);
        const stray = entries.find((e) => e.schedule.id !== schedule);
        // An answer for another schedule would let the wrong people approve.
        if (stray) throw new PagerDutyError(`${base.host} answers for another schedule`);
        const byUser = new Map<string, OnDuty>();
        for (const { user, start, end } of entries) {
          // PagerDuty also returns shifts that end or begin exactly at this time.
          if ((start !== null && start > at) || (end !== null && end <= at)) continue;
          // PagerDuty lists a shift once per escalation policy of the schedule.
          const before = byUser.get(user.id);
          const until =
            before === undefined
              ? end
              : end === null || before.until === null
                ? null
                : Math.max(end, before.until);
          const name = quoted(user.name ?? user.summary ?? '', NAME) || user.id;
          byUser.set(user.id, { id: user.id, name, email: user.email ?? null, until });
        }
        return [...byUser.values()];
      } catch (error) {
        if (!(error instanceof PagerDutyError)) throw error;
        const { refused, retryAfterMs } = error;
        const message = `asking PagerDuty who is on call for ${schedule}: ${error.message}`;
        throw new PagerDutyError(message, { refused, retryAfterMs });
      }
    },
  };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // The caller reports a body that is not JSON as an unexpected answer.
    return undefined;
  }
}

/** How many ms to wait before the next request: `Retry-After`, else PagerDuty's `ratelimit-reset` in seconds. */
function waitOf(headers: Headers, now: number): number | null {
  for (const value of [headers.get('retry-after'), headers.get('ratelimit-reset')]) {
    if (value === null) continue;
    if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1_000;
    const at = Date.parse(value);
    if (!Number.isNaN(at)) return Math.max(0, at - now);
  }
  return null;
}
