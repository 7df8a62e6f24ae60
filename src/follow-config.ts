/** Watches m0.yaml, and takes it into use when it changes. */
import type { ConfigText } from './config/config-source.ts';
import type { Variables } from './config/environment.ts';
import { type Config, parseConfig } from './config/load.ts';
import { type ConfigWatch, type ConfigWatchOptions, watchConfig } from './config/watch-config.ts';
import { createReload, type Reload, type ReloadParts } from './reload.ts';
import { isValidCron } from './schedule/cron.ts';

/** Where m0.yaml was read from, and how it is read again. */
export interface ConfigOrigin extends Pick<ConfigWatchOptions, 'reader' | 'quietMs' | 'everyMs'> {
  /** The text that the configuration at the start was made of. */
  readonly text: ConfigText;
}

export interface FollowConfigParts extends Omit<ReloadParts, 'text' | 'parse'> {
  /** Undefined: m0.yaml is not read again. */
  readonly origin: ConfigOrigin | undefined;
  /** The variables for `${env:NAME}`. */
  readonly variables: Variables;
  /** The same key for all ways to write one repository's address. */
  readonly keyOf: (address: string) => string;
}

export interface FollowConfig {
  /** Which m0.yaml is in use; null if it is not read again. */
  status(): ReturnType<Reload['status']> | null;
  /** Begins to watch. Rejects if the store fails. */
  start(): Promise<void>;
  /** Reads m0.yaml now, also if it did not change. */
  look(): void;
  /** Reads m0.yaml now if it is in one of these repositories. Returns the number of refs that are looked at. */
  pollNow(addresses: readonly string[]): number;
  /** Ends the watch, and waits for what is running. */
  stop(): Promise<void>;
}

const NOT_FOLLOWED: FollowConfig = {
  status: () => null,
  start: async () => {},
  look: () => {},
  pollNow: () => 0,
  stop: async () => {},
};

/** Nothing is read before `start`. */
export function followConfig(parts: FollowConfigParts): FollowConfig {
  const { origin, variables, keyOf, log } = parts;
  if (origin === undefined) return NOT_FOLLOWED;
  const { reader, text } = origin;
  const parse = (written: ConfigText): Config => parseConfig(written, variables, isValidCron);
  const reload = createReload({ ...parts, text, parse });
  let watch: ConfigWatch | null = null;
  return {
    status: () => reload.status(),
    async start() {
      await reload.begin();
      watch = watchConfig({ ...origin, inUse: text.digest, onRead: reload.take, log });
      // It may have changed since it was read for the start.
      watch.look();
    },
    look: () => watch?.look(true),
    pollNow(addresses) {
      const { source } = reader;
      if (source.kind !== 'git' || !addresses.map(keyOf).includes(keyOf(source.git))) return 0;
      watch?.look();
      return 1;
    },
    async stop() {
      await watch?.stop();
    },
  };
}
