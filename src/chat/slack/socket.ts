/** Keeps the Socket Mode connection to Slack open. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '../../base/log.ts';
import { toChatError } from './errors.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** A connection that ends sooner than this counts as failed, so that m0 does not reconnect too often. */
const STEADY_MS = 10_000;

/**
 * Keeps Socket Mode connected until stopped. Bolt's own reconnecting is off: it waits five seconds when Slack
 * asks to reconnect, and where the URL cannot be fetched its rejection is unhandled, which ends the process.
 */
export class SocketConnection {
  readonly #receiver: SocketModeReceiver;
  readonly #prepare: () => Promise<unknown>;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  #problem: string | null = 'not connected yet';
  #loop: Promise<void> | null = null;

  /** `prepare` must succeed before each connection, so that nothing arrives before m0 knows its own ids. */
  constructor(receiver: SocketModeReceiver, prepare: () => Promise<unknown>, log: Logger) {
    this.#receiver = receiver;
    this.#prepare = prepare;
    this.#log = log;
  }

  /** Why there is no connection now, or null. */
  problem(): string | null {
    return this.#problem;
  }

  /** Resolves after the first attempt, whether it worked or not; it keeps trying either way. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#loop = this.#keepConnected(resolve);
    });
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#receiver.client.disconnect();
    await this.#loop;
    this.#problem = 'stopped';
  }

  async #keepConnected(attempted: () => void): Promise<void> {
    const { client } = this.#receiver;
    const { signal } = this.#ending;
    let failures = 0;
    while (!signal.aborted) {
      const { promise: gone, resolve: onGone } = Promise.withResolvers<void>();
      client.once('disconnected', onGone);
      try {
        await this.#prepare();
        await client.start();
        this.#problem = null;
        const since = performance.now();
        this.#log.info('connected to Slack');
        attempted();
        await gone;
        failures = performance.now() - since < STEADY_MS ? failures + 1 : 0;
        this.#problem = 'connecting to Slack again';
      } catch (error) {
        client.off('disconnected', onGone);
        failures += 1;
        this.#problem =
          error === undefined
            ? 'connecting to Slack: the connection was closed before Slack said hello'
            : toChatError('connecting to Slack', error).message;
        if (!signal.aborted) this.#log.warn({ problem: this.#problem, failures }, 'no connection to Slack');
        attempted();
      }
      if (failures === 0) continue;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
    // stop() may have been called while a connection was being opened.
    await client.disconnect();
  }
}
