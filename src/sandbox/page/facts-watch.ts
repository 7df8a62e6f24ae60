/** Keeps the console's facts about the cloud up to date. */
import type { CloudConsole, CloudFact } from '../console.ts';

const EVERY_MS = 3000;

/** Reads the cloud's state repeatedly while at least one page is open. */
export class FactsWatch {
  readonly #console: CloudConsole;
  readonly #onChange: () => void;
  #facts: readonly CloudFact[] | null = null;
  #watchers = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(console: CloudConsole, onChange: () => void) {
    this.#console = console;
    this.#onChange = onChange;
  }

  /** The state that was read last; null before the first. */
  get facts(): readonly CloudFact[] | null {
    return this.#facts;
  }

  /** Adds a watcher until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) void this.read();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#watchers -= 1;
      if (this.#watchers === 0 && this.#timer) clearTimeout(this.#timer);
    };
  }

  /** Reads now. If the cloud cannot be read, the last state stays. Never rejects. */
  async read(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    const read = await this.#console.facts().catch(() => null);
    if (read && JSON.stringify(read) !== JSON.stringify(this.#facts)) {
      this.#facts = read;
      this.#onChange();
    }
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#watchers > 0) this.#timer = setTimeout(() => void this.read(), EVERY_MS);
  }
}
