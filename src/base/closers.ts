/** Closes the parts of a process in the reverse order of their start. */
import type { Logger } from './log.ts';

export interface Closers {
  push(close: () => Promise<void>): void;
  /** Closes all parts, the newest first. Never rejects: an error of one part is logged, and the others are closed. */
  closeAll(): Promise<void>;
}

export function createClosers(log: Logger): Closers {
  const closers: (() => Promise<void>)[] = [];
  return {
    push: (close) => void closers.push(close),
    async closeAll() {
      for (const close of closers.reverse()) {
        await close().catch((error: unknown) => log.error({ err: error }, 'closing a part failed'));
      }
    },
  };
}
