import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Store } from '../../ports/store.ts';

/** Where small values outlive a restart. */
export type Memory = Pick<Store, 'value' | 'setValue'>;

const BUCKETS = 64;
/** Entries a bucket keeps, newest first: over all of them some 4,000. */
const ENTRIES = 64;

const bucket = z.array(z.tuple([z.string(), z.string()]));

/**
 * The newest few thousand of something, by key, across restarts. The store has no history that could be pruned by
 * age, so the oldest entries make room for new ones.
 */
export class Recent {
  readonly #memory: Memory;
  readonly #name: string;
  readonly #alone = createKeyedLock();

  constructor(memory: Memory, name: string) {
    this.#memory = memory;
    this.#name = name;
  }

  async get(key: string): Promise<string | null> {
    const { name, id } = this.#place(key);
    return (await this.#read(name)).find(([k]) => k === id)?.[1] ?? null;
  }

  async set(key: string, value: string): Promise<void> {
    const { name, id } = this.#place(key);
    await this.#alone(name, async () => {
      const others = (await this.#read(name)).filter(([k]) => k !== id);
      await this.#memory.setValue(name, JSON.stringify([[id, value], ...others].slice(0, ENTRIES)));
    });
  }

  /** True for the first who comes with this key. */
  async claim(key: string): Promise<boolean> {
    const { name, id } = this.#place(key);
    return this.#alone(name, async () => {
      const known = await this.#read(name);
      if (known.some(([k]) => k === id)) return false;
      await this.#memory.setValue(name, JSON.stringify([[id, ''], ...known].slice(0, ENTRIES)));
      return true;
    });
  }

  #place(key: string): { readonly name: string; readonly id: string } {
    const hash = createHash('sha256').update(key).digest();
    return { name: `${this.#name}:${(hash[0] ?? 0) % BUCKETS}`, id: hash.toString('base64url').slice(0, 22) };
  }

  async #read(name: string): Promise<z.infer<typeof bucket>> {
    const value = await this.#memory.value(name);
    return value === undefined ? [] : bucket.parse(JSON.parse(value));
  }
}
