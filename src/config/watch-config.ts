/** Notices when m0.yaml changes: at events of its folder, by polling, and when told to look. */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigReader, ConfigText } from './config-source.ts';

/** What reading m0.yaml gave. `unreachable`: Git could not be asked, so nothing is known of the file. */
export type ReadConfig =
  | { readonly ok: true; readonly text: ConfigText }
  | { readonly ok: false; readonly problems: readonly string[]; readonly unreachable: boolean };

export interface ConfigWatchOptions {
  readonly reader: ConfigReader;
  /** The digest of the text in use. */
  readonly inUse: string;
  /**
   * Called with each text or problem that is another one than before; `forced`: also if it is the same. Resolves to
   * false, or rejects, if it must be called again with the same at the next look.
   */
  readonly onRead: (read: ReadConfig, forced: boolean) => Promise<boolean>;
  readonly log: Logger;
  /** How long a file must not have changed before it is used, in ms. Editors and copies write in steps. */
  readonly quietMs?: number;
  /** How often it is looked at without an event, in ms. */
  readonly everyMs?: number;
}

export interface ConfigWatch {
  /** Looks now. `forced`: what is read is used again, also if it did not change. */
  look(forced?: boolean): void;
  /** Ends the watch, and waits for a call that is running. */
  stop(): Promise<void>;
}

const QUIET_MS = 1_000;
/** A file system may report no events, as network ones do, or the link itself may be elsewhere. */
const FILE_POLL_MS = 10_000;
const GIT_POLL_MS = 60_000;
/** A file that changes for so long without a pause is reported. */
const RESTLESS_MS = 60_000;

function keyOf(read: ReadConfig): string {
  return read.ok ? `text ${read.text.digest}` : `problem ${JSON.stringify(read.problems)}`;
}

/** Watches until `stop`. A file is read again after each event, and used after two equal readings `quietMs` apart. */
export function watchConfig(options: ConfigWatchOptions): ConfigWatch {
  const { reader, log } = options;
  const { source } = reader;
  const quietMs = source.kind === 'git' ? 0 : (options.quietMs ?? QUIET_MS);
  const everyMs = options.everyMs ?? (source.kind === 'git' ? GIT_POLL_MS : FILE_POLL_MS);
  let handled = `text ${options.inUse}`;
  /** What was read last and is not handled yet. */
  let pending: { readonly key: string; readonly since: number } | null = null;
  let restlessSince: number | null = null;
  let forced = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | null = null;
  let again = false;
  let watcher: FSWatcher | null = null;

  async function read(): Promise<ReadConfig> {
    try {
      return { ok: true, text: await reader.read() };
    } catch (error) {
      if (error instanceof ConfigError) return { ok: false, problems: error.problems, unreachable: false };
      return { ok: false, problems: [errorText(error)], unreachable: true };
    }
  }

  /** True if the file has been the same for long enough. */
  function isQuiet(key: string, now: number): boolean {
    if (pending?.key === key) return now - pending.since >= quietMs;
    if (pending !== null) restlessSince ??= pending.since;
    if (restlessSince !== null && now - restlessSince >= RESTLESS_MS) {
      log.warn({ file: reader.shown }, 'm0.yaml keeps changing; it is read when it was quiet for a second');
      restlessSince = now;
    }
    pending = { key, since: now };
    return quietMs === 0;
  }

  async function lookOnce(): Promise<number> {
    const found = await read();
    const key = keyOf(found);
    if (stopped) return everyMs;
    if (key === handled && !forced) {
      pending = null;
      restlessSince = null;
      return everyMs;
    }
    // The time that has passed and not the time of day, which may be set.
    if (!isQuiet(key, performance.now())) return quietMs;
    const wasForced = forced;
    pending = null;
    restlessSince = null;
    forced = false;
    try {
      if (await options.onRead(found, wasForced)) handled = key;
      else handled = '';
    } catch (error) {
      log.error({ err: error }, 'a new m0.yaml could not be taken into use; it is tried again');
      forced ||= wasForced;
      handled = '';
    }
    return everyMs;
  }

  function look(): void {
    clearTimeout(timer);
    if (stopped) return;
    if (looking !== null) {
      again = true;
      return;
    }
    looking = lookOnce().then((nextMs) => {
      looking = null;
      if (stopped) return;
      // An event came during the reading, so it is read once more soon.
      timer = setTimeout(look, again ? Math.min(nextMs, quietMs) : nextMs);
      again = false;
    });
  }

  function watchFolder(path: string): void {
    try {
      // The folder and not the file: editors and Kubernetes put another file in its place.
      watcher = watch(dirname(path), { persistent: false }, look);
      watcher.on('error', (error) => {
        log.warn({ err: error }, 'the folder of m0.yaml can’t be watched any more; m0 reads it now and then');
        watcher?.close();
      });
    } catch (error) {
      log.warn({ err: error }, 'the folder of m0.yaml can’t be watched; m0 reads it now and then');
    }
  }

  if (source.kind === 'file') watchFolder(source.path);
  timer = setTimeout(look, everyMs);
  return {
    look(withForce = false) {
      forced ||= withForce;
      look();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      watcher?.close();
      await looking;
    },
  };
}
