import type { CloudConsole, CloudFact } from '../console.ts';

const EVERY_MS = 3000;

/** Reads the cloud's facts again and again while anybody looks. */
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

  /** What was read last, null before the cloud could be read. */
  get facts(): readonly CloudFact[] | null {
    return this.#facts;
  }

  /** Counts somebody in until the returned function is called. */
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

  /** Reads now. A cloud that can't be read leaves what was known; never rejects. */
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
