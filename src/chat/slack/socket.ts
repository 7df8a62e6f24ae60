import { setTimeout as sleep } from 'node:timers/promises';
import type { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '../../base/log.ts';
import { toChatError } from './errors.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** A connection that ends sooner than this counts as a failed one, so that m0 does not hammer Slack. */
const STEADY_MS = 10_000;

/**
 * Keeps Socket Mode connected until stopped. Bolt's own way of reconnecting is off: it waits five seconds
 * when Slack merely asks to reconnect, and where the address can't be fetched its promise is caught by
 * nobody, which ends the process.
 */
export class SocketKeeper {
  readonly #receiver: SocketModeReceiver;
  readonly #prepare: () => Promise<unknown>;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  #problem: string | null = 'not connected yet';
  #loop: Promise<void> | null = null;

  /** `prepare` must succeed before each connection, so that nothing arrives that m0 could not place. */
  constructor(receiver: SocketModeReceiver, prepare: () => Promise<unknown>, log: Logger) {
    this.#receiver = receiver;
    this.#prepare = prepare;
    this.#log = log;
  }

  /** What keeps it from being connected now, or null. */
  problem(): string | null {
    return this.#problem;
  }

  /** Resolves after the first attempt, connected or not; it goes on trying either way. */
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
    // A connection that was being opened while stop() asked for the end.
    await client.disconnect();
  }
}
