/** Slack's HTTP mode: the endpoint that Slack calls. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { App, Receiver } from '@slack/bolt';
import { isRecord } from '../../base/is-record.ts';
import type { Logger } from '../../base/log.ts';
import { rawBody } from '../../base/raw-body.ts';
import type { Clock } from '../../model/directory.ts';
import { toChatError } from './errors.ts';
import { Replays } from './replays.ts';
import { checkSignature, isSigned, WINDOW_S } from './signature.ts';

/** The limit of Bolt's own receivers. A 250 kB dialog with every character escaped is well below it. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Slack sends only `ssl_check=1&token=…` without a signature. */
const MAX_UNSIGNED_BYTES = 1024;
/** Slack waits this long for an answer. */
const ACK_DEADLINE_MS = 3_000;
const LOG_EVERY_MS = 60_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/**
 * How long a copied request could pass the timestamp check: it may be signed up to one window in the future.
 */
const REPLAY_WINDOW_MS = 2 * WINDOW_S * 1_000;

/**
 * The answer as plain values. A Response can be read only once, and a repeated request gets the same answer.
 */
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly json?: boolean;
}

export interface EndpointOptions {
  readonly signingSecret: string;
  /**
   * Asks Slack for m0's ids. Requests are refused until this succeeds once, because m0 could not tell who
   * they are for.
   */
  readonly identify: () => Promise<unknown>;
  /** True for the first request with this key, also over a restart. */
  readonly isNewEvent: (key: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Bolt's receiver for HTTP mode, at `POST /slack/events`: commands, clicks, dialogs and events. A request
 * without a valid, recent signature is refused (401) and never parsed. A request that comes twice has one
 * effect. The answer goes out as soon as a listener acknowledges.
 */
export class SlackEndpoint implements Receiver {
  readonly path = '/slack/events';
  readonly #options: EndpointOptions;
  readonly #replays = new Replays<Answer>(REPLAY_WINDOW_MS);
  readonly #ending = new AbortController();
  readonly #inFlight = new Set<Promise<unknown>>();
  #app: App | null = null;
  #problem: string | null = 'not started yet';
  #loop: Promise<void> | null = null;
  #refused = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  /** Called by Bolt. */
  init(app: App): void {
    this.#app = app;
  }

  /** Why requests are not taken in now, or null. */
  problem(): string | null {
    return this.#problem;
  }

  /**
   * Resolves after the first attempt to ask Slack for m0's ids. On failure it keeps trying in the background.
   */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#loop = this.#identifyWithRetries(resolve);
    });
  }

  /** Takes in nothing more. Resolves when Bolt has finished all requests. */
  async stop(): Promise<void> {
    this.#ending.abort();
    this.#problem = 'stopped';
    await this.#loop;
    // A request whose key is being stored still goes to Bolt.
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
  }

  async handle(request: Request): Promise<Response> {
    const { status, body, json } = await this.#answer(request);
    const headers = new Headers();
    if (body !== '') headers.set('content-type', json ? 'application/json' : 'text/plain');
    // The rest of a body that was not read must not be read as the next request.
    if (status >= 400) headers.set('connection', 'close');
    // Most acknowledgements have no body; those are sent at once, in the same turn of the event loop.
    return new Response(body === '' ? null : body, { status, headers });
  }

  async #answer(request: Request): Promise<Answer> {
    const { headers } = request;
    if (!isSigned(headers)) return this.#unsigned(request);
    const body = await rawBody(request, MAX_BYTES);
    if (body === null) return plain(413, `at most ${MAX_BYTES} bytes are taken here`);
    const now = this.#options.clock();
    const check = checkSignature(headers, body, this.#options.signingSecret, now);
    if (!check.ok) return this.#refuse(check.why);
    const read = parse(headers.get('content-type') ?? '', body.toString('utf8'));
    if ('status' in read) return read;
    const { payload } = read;
    if (payload.ssl_check !== undefined) return plain(200, '');
    if (payload.type === 'url_verification') return challengeAnswer(payload.challenge);
    // A request that is refused now may be accepted when Slack repeats it, so only handled requests are
    // remembered.
    if (this.#problem !== null) return plain(503, `Slack requests are not taken now: ${this.#problem}`);
    if (payload.type === 'app_rate_limited') {
      this.#options.log.warn('Slack limits events: there are more than it sends to one app');
      return plain(200, '');
    }
    return this.#replays.once(check.signature, now, () =>
      this.#tracked(this.#first(check.signature, payload, headers)),
    );
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#inFlight.delete(tracked));
    this.#inFlight.add(tracked);
    return tracked;
  }

  /** Processes the payload, unless an earlier process took it in. What that one answered is not known. */
  async #first(signature: string, payload: Record<string, unknown>, headers: Headers): Promise<Answer> {
    if (!(await this.#options.isNewEvent(`signature:${signature}`))) return plain(200, '');
    return this.#process(payload, headers);
  }

  async #unsigned(request: Request): Promise<Answer> {
    const body = await rawBody(request, MAX_UNSIGNED_BYTES);
    const isCheck = body !== null && new URLSearchParams(body.toString('utf8')).get('ssl_check') === '1';
    return isCheck ? plain(200, '') : this.#refuse('it is not signed');
  }

  /** Logs at most once a minute: a stranger who calls this address must not fill the log. */
  #refuse(why: string): Answer {
    this.#refused += 1;
    const now = this.#options.clock();
    if (now - this.#loggedAt >= LOG_EVERY_MS || now < this.#loggedAt) {
      this.#options.log.warn(
        { refused: this.#refused, why },
        'Slack requests were refused; the reason of the last one is given',
      );
      this.#loggedAt = now;
      this.#refused = 0;
    }
    return plain(401, 'refused');
  }

  /**
   * Hands the payload to Bolt. Resolves when a listener acknowledges, when Bolt ends without that, or when
   * Slack's time is over.
   */
  async #process(payload: Record<string, unknown>, headers: Headers): Promise<Answer> {
    const { log } = this.#options;
    const app = this.#app;
    if (app === null) throw new Error('handling a Slack request: Bolt has not been given the receiver');
    const { promise: acknowledged, resolve: acknowledge } = Promise.withResolvers<Answer>();
    const retry = Number(headers.get('x-slack-retry-num') ?? Number.NaN);
    const reason = headers.get('x-slack-retry-reason');
    const processed = app
      .processEvent({
        body: payload,
        ...(Number.isInteger(retry) ? { retryNum: retry } : {}),
        ...(reason === null ? {} : { retryReason: reason }),
        ack: async (response?: unknown) => acknowledge(answerOf(response)),
      })
      .then(
        () => plain(404, 'nothing here takes that'),
        (error: unknown) => {
          log.error({ err: error }, 'a Slack request was not handled');
          return plain(500, 'internal error');
        },
      );
    this.#inFlight.add(processed);
    void processed.then(() => this.#inFlight.delete(processed));
    const timer = new AbortController();
    const deadline = sleep(ACK_DEADLINE_MS, null, { signal: timer.signal, ref: false }).then(
      () => {
        log.error('a Slack request was not acknowledged in time');
        return plain(503, 'too late');
      },
      // The timer was stopped: the request was acknowledged in time.
      () => plain(503, ''),
    );
    const answer = await Promise.race([acknowledged, processed, deadline]);
    timer.abort();
    return answer;
  }

  async #identifyWithRetries(attempted: () => void): Promise<void> {
    const { identify, log } = this.#options;
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await identify();
        if (signal.aborted) return;
        this.#problem = null;
        log.info('Slack confirmed m0’s ids; its requests are accepted now');
        return;
      } catch (error) {
        failures += 1;
        const { message } = toChatError('asking Slack who m0 is', error);
        if (!signal.aborted) this.#problem = message;
        log.warn({ problem: message, failures }, 'asking Slack for m0’s ids failed');
      } finally {
        attempted();
      }
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }
}

function plain(status: number, text: string): Answer {
  return { status, body: text === '' ? '' : `${text}\n` };
}

function challengeAnswer(challenge: unknown): Answer {
  if (typeof challenge !== 'string') return plain(400, 'url_verification without a challenge');
  return { status: 200, body: JSON.stringify({ challenge }), json: true };
}

/** A listener's acknowledgement as Slack expects it: text, an object, or an empty body. */
function answerOf(response: unknown): Answer {
  if (response === undefined || response === null) return { status: 200, body: '' };
  if (typeof response === 'string') return { status: 200, body: response };
  return { status: 200, body: JSON.stringify(response), json: true };
}

/**
 * The payload. Events are JSON, interactions are a form with `payload=JSON`, commands are the form itself.
 */
function parse(contentType: string, text: string): { readonly payload: Record<string, unknown> } | Answer {
  const type = contentType.replace(/;.*$/s, '').trim().toLowerCase();
  const isForm = type === 'application/x-www-form-urlencoded';
  if (!isForm && type !== 'application/json') {
    return plain(415, 'only application/json and application/x-www-form-urlencoded are taken here');
  }
  const form = isForm ? new URLSearchParams(text) : null;
  const json = form === null ? text : form.get('payload');
  if (form !== null && json === null) return { payload: Object.fromEntries(form) };
  try {
    const payload: unknown = JSON.parse(json ?? '');
    if (isRecord(payload)) return { payload };
  } catch {
    // The answer below covers this, like any other body that is not an object.
  }
  return plain(400, 'the body is not a payload of Slack’s');
}
