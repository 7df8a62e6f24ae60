/** The directory while m0 runs: it changes when m0 finds stacks, and everybody who reads it gets the newest. */
import type { Directory } from './directory.ts';

/** Called after the directory was replaced. */
export type DirectoryListener = (now: Directory, before: Directory) => void;

export interface LiveDirectory {
  /**
   * Reads the newest directory at each use of a field. Whoever keeps a field (its stacks, its people) keeps an old one,
   * and must `subscribe`.
   */
  readonly directory: Directory;
  /** The newest directory, which does not change any more. */
  current(): Directory;
  /** Replaces the directory, and calls the listeners in the order in which they subscribed. */
  replace(next: Directory): void;
  /** Returns a function that ends the subscription. */
  subscribe(listener: DirectoryListener): () => void;
}

export function createLiveDirectory(first: Directory): LiveDirectory {
  let current = first;
  const listeners = new Set<DirectoryListener>();
  const view = new Proxy({} as Directory, {
    get: (_, key) => Reflect.get(current, key) as unknown,
    has: (_, key) => Reflect.has(current, key),
    ownKeys: () => Reflect.ownKeys(current),
    getOwnPropertyDescriptor: (_, key) => {
      const found = Reflect.getOwnPropertyDescriptor(current, key);
      // The target of the proxy has no fields, so each must be reported as one that can go.
      return found === undefined ? undefined : { ...found, configurable: true };
    },
    set: () => false,
    deleteProperty: () => false,
  });
  return {
    directory: view,
    current: () => current,
    replace(next) {
      const before = current;
      current = next;
      for (const listener of listeners) listener(next, before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
