import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../base/log.ts';
import { toChatError } from './errors.ts';

const EVERY_MS = 60_000;

/**
 * Checks Slack's token once a minute. Without it, a revoked token would show only when something is posted.
 */
export class TokenWatch {
  readonly #check: () => Promise<unknown>;
  readonly #log: Logger;
  readonly #everyMs: number;
  readonly #ending = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(check: () => Promise<unknown>, log: Logger, everyMs = EVERY_MS) {
    this.#check = check;
    this.#log = log;
    this.#everyMs = everyMs;
  }

  start(): void {
    this.#loop = this.#watch();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(this.#everyMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.#check().catch((error: unknown) => {
        const { message } = toChatError('asking Slack whether the token holds', error);
        this.#log.warn({ problem: message }, 'Slack did not confirm the token');
      });
    }
  }
}
