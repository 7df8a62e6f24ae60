import type { Clock } from '../../runs/ports.ts';
import { RATES } from './limits.ts';

const LONGEST_MS = Math.max(...RATES.map((r) => r.ms));
/** Conversations remembered at a time. */
const CONVERSATIONS = 2_000;

/** Keeps m0 under the rates at which Teams takes a bot's messages in one conversation. */
export class Pace {
  readonly #clock: Clock;
  readonly #sent = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a message to the conversation, or answers in how many ms there is room for it. */
  take(conversation: string): number {
    const now = this.#clock();
    const sent = (this.#sent.get(conversation) ?? []).filter((at) => now - at < LONGEST_MS);
    const waits = RATES.map(({ messages, ms }) => {
      const oldest = sent.at(-messages);
      return oldest === undefined ? 0 : Math.max(0, oldest + ms - now);
    });
    const wait = Math.max(...waits);
    if (wait === 0) sent.push(now);
    this.#sent.delete(conversation);
    this.#sent.set(conversation, sent);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > CONVERSATIONS && oldest !== undefined) this.#sent.delete(oldest);
    return wait;
  }
}
