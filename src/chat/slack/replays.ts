/**
 * What was answered to which signed request, for as long as a copy of it would be believed. A signature is over the
 * body, which Slack never sends twice in one second (events, triggers and response URLs have their own ids): the
 * same one again is a copy, by a proxy that tries again or by somebody who listened, and gets the same answer.
 */
export class Replays<T> {
  readonly #keepMs: number;
  readonly #seen = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();

  /** `keepMs`: how long a copy could still be believed. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** The answer to the first request with this signature; only that one is handled. */
  once(signature: string, nowMs: number, handle: () => Promise<T>): Promise<T> {
    this.#forget(nowMs);
    const known = this.#seen.get(signature);
    if (known !== undefined) return known.answer;
    const answer = handle();
    this.#seen.set(signature, { at: nowMs, answer });
    // What broke was not handled: the next one is the first.
    answer.catch(() => this.#seen.delete(signature));
    return answer;
  }

  #forget(nowMs: number): void {
    for (const [signature, { at }] of this.#seen) {
      if (nowMs - at < this.#keepMs) return;
      this.#seen.delete(signature);
    }
  }
}
