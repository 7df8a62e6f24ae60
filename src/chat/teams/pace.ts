import type { Clock } from '../../model/directory.ts';
import { RATES } from './limits.ts';

const LONGEST_MS = Math.max(...RATES.map((r) => r.ms));
/** Conversations remembered at a time. */
const CONVERSATIONS = 2_000;

/** Keeps m0 under the rates at which Teams takes a bot's messages in one conversation. */
export class Pace {
  readonly #clock: Clock;
  readonly #sent = new Map<string, number[]>();
  /** From when until when Teams asked to be left alone there. */
  readonly #held = new Map<string, { readonly from: number; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Teams asked for nothing more to the conversation for so long. */
  hold(conversation: string, ms: number): void {
    const from = this.#clock();
    this.#held.set(conversation, { from, until: from + ms });
    const [oldest] = this.#held.keys();
    if (this.#held.size > CONVERSATIONS && oldest !== undefined) this.#held.delete(oldest);
  }

  /** Counts a message to the conversation, or answers in how many ms there is room for it. */
  take(conversation: string): number {
    const now = this.#clock();
    // A clock that is set back holds up nothing.
    const sent = (this.#sent.get(conversation) ?? []).filter((at) => at <= now && now - at < LONGEST_MS);
    const held = this.#held.get(conversation);
    const left = held === undefined || now < held.from ? 0 : held.until - now;
    if (left <= 0) this.#held.delete(conversation);
    const waits = RATES.map(({ messages, ms }) => {
      const oldest = sent.at(-messages);
      return oldest === undefined ? 0 : Math.max(0, oldest + ms - now);
    });
    const wait = Math.max(left, 0, ...waits);
    if (wait === 0) sent.push(now);
    this.#sent.delete(conversation);
    this.#sent.set(conversation, sent);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > CONVERSATIONS && oldest !== undefined) this.#sent.delete(oldest);
    return wait;
  }
}
