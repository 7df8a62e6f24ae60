import { setTimeout as sleep } from 'node:timers/promises';
import type { App, Receiver } from '@slack/bolt';
import { isRecord } from '../../base/is-record.ts';
import type { Logger } from '../../base/log.ts';
import { rawBody } from '../../base/raw-body.ts';
import type { Clock } from '../../model/directory.ts';
import { toChatError } from './errors.ts';
import { Replays } from './replays.ts';
import { isSigned, prove, WINDOW_S } from './signature.ts';

/** As much as Bolt's own receivers take: a dialog of 250 kB, all escaped, is well under it. */
const MOST_BYTES = 4 * 1024 * 1024;
/** `ssl_check=1&token=…`, the one thing Slack may send unsigned. */
const MOST_UNSIGNED_BYTES = 1024;
/** Slack waits no longer for an answer. */
const LATE_MS = 3_000;
const LOG_EVERY_MS = 60_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** A copy may be believed from when it was signed, at worst that much ahead of this clock, until it is too old. */
const KEEP_MS = 2 * WINDOW_S * 1_000;

/** What is answered; a Response can be read only once, and a copy of a request gets the same. */
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly json?: boolean;
}

export interface EndpointOptions {
  readonly signingSecret: string;
  /** Asks Slack who m0 is. Nothing is taken in before it succeeded once: m0 could not place it. */
  readonly identify: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Bolt's receiver for HTTP mode, behind `POST /slack/events`: commands, clicks, dialogs and events. What Slack did
 * not sign, or not just now, is refused (401) and never parsed; a request that comes twice has one effect. The
 * answer goes out as soon as a listener acknowledges, whatever it does after that.
 */
export class SlackEndpoint implements Receiver {
  readonly path = '/slack/events';
  readonly #options: EndpointOptions;
  readonly #replays = new Replays<Answer>(KEEP_MS);
  readonly #ending = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  #app: App | null = null;
  #problem: string | null = 'not started yet';
  #loop: Promise<void> | null = null;
  #refused = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  /** For Bolt. */
  init(app: App): void {
    this.#app = app;
  }

  /** What keeps requests from being taken in now, or null. */
  problem(): string | null {
    return this.#problem;
  }

  /** Resolves after Slack was asked once who m0 is; where it could not tell, it is asked again and again. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#loop = this.#becomeKnown(resolve);
    });
  }

  /** Takes nothing in any more and resolves when all that Bolt was given is done. */
  async stop(): Promise<void> {
    this.#ending.abort();
    this.#problem = 'stopped';
    await this.#loop;
    await Promise.all(this.#underWay);
  }

  async handle(request: Request): Promise<Response> {
    const { status, body, json } = await this.#answer(request);
    const headers = new Headers();
    if (body !== '') headers.set('content-type', json ? 'application/json' : 'text/plain');
    // A body that was not read to its end must not be taken for the next request.
    if (status >= 400) headers.set('connection', 'close');
    // Most acknowledgements say nothing: without a body they are sent at once, with one in turns of their own.
    return new Response(body === '' ? null : body, { status, headers });
  }

  async #answer(request: Request): Promise<Answer> {
    const { headers } = request;
    if (!isSigned(headers)) return this.#unsigned(request);
    const body = await rawBody(request, MOST_BYTES);
    if (body === null) return plain(413, `at most ${MOST_BYTES} bytes are taken here`);
    const now = this.#options.clock();
    const proof = prove(headers, body, this.#options.signingSecret, now);
    if (!proof.ok) return this.#refuse(proof.why);
    const read = parse(headers.get('content-type') ?? '', body.toString('utf8'));
    if ('status' in read) return read;
    const { payload } = read;
    if (payload.ssl_check !== undefined) return plain(200, '');
    if (payload.type === 'url_verification') return challenged(payload.challenge);
    // A copy that comes while m0 can't take it in may be taken in later: only what was handled is remembered.
    if (this.#problem !== null) return plain(503, `Slack requests are not taken now: ${this.#problem}`);
    if (payload.type === 'app_rate_limited') {
      this.#options.log.warn('Slack holds back events: there are more than it sends to one app');
      return plain(200, '');
    }
    return this.#replays.once(proof.signature, now, () => this.#process(payload, headers));
  }

  async #unsigned(request: Request): Promise<Answer> {
    const body = await rawBody(request, MOST_UNSIGNED_BYTES);
    const isCheck = body !== null && new URLSearchParams(body.toString('utf8')).get('ssl_check') === '1';
    return isCheck ? plain(200, '') : this.#refuse('it is not signed');
  }

  /** One line a minute: whoever finds the address must not be able to fill the log. */
  #refuse(why: string): Answer {
    this.#refused += 1;
    const now = this.#options.clock();
    if (now - this.#toldAt >= LOG_EVERY_MS || now < this.#toldAt) {
      this.#options.log.warn(
        { refused: this.#refused, why },
        'Slack requests were refused; why the last was',
      );
      this.#toldAt = now;
      this.#refused = 0;
    }
    return plain(401, 'refused');
  }

  /** Hands the payload to Bolt. Resolves once it is acknowledged, or it is clear that nobody does. */
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
    this.#underWay.add(processed);
    void processed.then(() => this.#underWay.delete(processed));
    const timer = new AbortController();
    const late = sleep(LATE_MS, null, { signal: timer.signal, ref: false }).then(
      () => {
        log.error('a Slack request was not acknowledged in time');
        return plain(503, 'too late');
      },
      // Answered in time.
      () => plain(503, ''),
    );
    const answer = await Promise.race([acknowledged, processed, late]);
    timer.abort();
    return answer;
  }

  async #becomeKnown(attempted: () => void): Promise<void> {
    const { identify, log } = this.#options;
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await identify();
        if (signal.aborted) return;
        this.#problem = null;
        log.info('Slack knows m0; its requests are taken in');
        return;
      } catch (error) {
        failures += 1;
        const { message } = toChatError('asking Slack who m0 is', error);
        if (!signal.aborted) this.#problem = message;
        log.warn({ problem: message, failures }, 'Slack could not be asked who m0 is');
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

function challenged(challenge: unknown): Answer {
  if (typeof challenge !== 'string') return plain(400, 'url_verification without a challenge');
  return { status: 200, body: JSON.stringify({ challenge }), json: true };
}

/** What a listener acknowledges with, as Slack wants it: text, an object, or nothing at all. */
function answerOf(response: unknown): Answer {
  if (response === undefined || response === null) return { status: 200, body: '' };
  if (typeof response === 'string') return { status: 200, body: response };
  return { status: 200, body: JSON.stringify(response), json: true };
}

/** The payload: JSON for events, `payload=JSON` of a form for interactions, the form itself for commands. */
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
    // Told below, as anything else that is no object.
  }
  return plain(400, 'the body is not a payload of Slack’s');
}
