import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../base/log.ts';
import { toChatError } from './errors.ts';

const EVERY_MS = 60_000;

/** Asks Slack once a minute whether the token still holds: where nothing is posted, nothing else would tell. */
export class TokenWatch {
  readonly #look: () => Promise<unknown>;
  readonly #log: Logger;
  readonly #everyMs: number;
  readonly #ending = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(look: () => Promise<unknown>, log: Logger, everyMs = EVERY_MS) {
    this.#look = look;
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
      await this.#look().catch((error: unknown) => {
        const { message } = toChatError('asking Slack whether the token holds', error);
        this.#log.warn({ problem: message }, 'Slack does not confirm the token');
      });
    }
  }
}
