/** Takes a changed m0.yaml into use while m0 runs: checked first, refused whole if it is wrong, and told. */
import { z } from 'zod';
import { placesOfConfig, type ToldConfig, tellConfig } from './alerts/config-alerts.ts';
import { errorText } from './base/error-text.ts';
import type { Logger } from './base/log.ts';
import { configChanges, restartChanges } from './config/config-changes.ts';
import { ConfigError } from './config/config-error.ts';
import type { ConfigText } from './config/config-source.ts';
import type { Config } from './config/load.ts';
import { notesOn } from './config/notes.ts';
import type { ReadConfig } from './config/watch-config.ts';
import type { Discoveries } from './discovery/discoveries.ts';
import type { NewAuditEntry } from './model/audit-entry.ts';
import type { Clock, Directory, Stack } from './model/directory.ts';
import type { LiveDirectory } from './model/live-directory.ts';
import { M0 } from './model/run.ts';
import type { Change, Store } from './ports/store.ts';
import { StoreError } from './ports/store-error.ts';

/** Which m0.yaml is in use. `since`: ms since epoch. */
export interface ConfigInUse {
  /** The file, or its address in Git without a user. */
  readonly shown: string;
  /** SHA-256 of the text. */
  readonly digest: string;
  /** Null for a file. */
  readonly commit: string | null;
  readonly since: number;
}

const NAME = 'config-in-use';
const stored = z.object({
  shown: z.string(),
  digest: z.string(),
  commit: z.string().nullable(),
  since: z.number(),
});

/** What the store has of the m0.yaml in use; null where no m0 has stored any. Rejects if the store fails. */
export async function readConfigInUse(store: Pick<Store, 'value'>): Promise<ConfigInUse | null> {
  const text = await store.value(NAME);
  if (text === undefined) return null;
  const read = stored.safeParse(JSON.parse(text));
  return read.success ? read.data : null;
}

export interface ReloadParts {
  /** The configuration in use. `reload` replaces it. */
  readonly inUse: { config: Config };
  readonly text: ConfigText;
  readonly parse: (text: ConfigText) => Config;
  /** Throws, with the reason for people, where m0 can't work with the configuration without a restart. */
  readonly refuse: (config: Config) => void;
  /** The directory of the configuration, as discoveries begin with it. */
  readonly directoryOf: (config: Config) => Directory;
  readonly store: Store;
  readonly discoveries: Pick<Discoveries, 'replace'>;
  readonly live: LiveDirectory;
  /** Called after another configuration is in use, for what the directory does not hold. Called again if it rejects. */
  readonly onUsed: (config: Config) => Promise<void>;
  /** Called after something was stored that must be told. */
  readonly onTold: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Reload {
  /** Stores what is in use, and closes what an earlier process told of m0.yaml. Rejects if the store fails. */
  begin(): Promise<void>;
  /**
   * Takes what was read into use, or refuses it. `forced`: also the text that is in use, because files that it refers to
   * may have changed. Resolves to false if it must be tried again. Rejects if the store fails; then nothing has changed.
   */
  take(read: ReadConfig, forced: boolean): Promise<boolean>;
  /** `problem`: why m0.yaml is not in use as it is written now; null if it is. */
  status(): ConfigInUse & { readonly problem: string | null };
}

export function createReload(parts: ReloadParts): Reload {
  const { inUse, store, discoveries, live, clock, log } = parts;
  const startedWith = inUse.config.chat;
  let used: ConfigInUse = usedOf(parts.text, clock());
  let problem: string | null = null;
  let logged = '';
  let isFollowed = true;

  function usedOf({ shown, digest, commit }: ConfigText, since: number): ConfigInUse {
    return { shown, digest, commit, since };
  }

  function storing(next: ConfigInUse, detail: string | null): readonly Change[] {
    const value: Change = { type: 'value.set', name: NAME, value: JSON.stringify(next) };
    if (detail === null) return [value];
    const about = { place: null, runId: null, bundles: null, scope: null };
    const entry: NewAuditEntry = {
      ...{ at: clock(), actor: M0, action: 'config-reloaded', stack: 'm0.yaml', ...about },
      ...{ fingerprint: next.digest, commit: next.commit, detail: `${next.shown}: ${detail}` },
    };
    return [value, { type: 'audit', entry }];
  }

  async function tell(what: 'refused' | 'restart', problems: readonly string[]): Promise<void> {
    const { since, commit } = used;
    const places = placesOfConfig(inUse.config.channels, live.directory);
    const told: readonly ToldConfig[] =
      problems.length === 0
        ? []
        : [{ subject: used.shown, trouble: { what, problems, inUse: { since, commit }, places } }];
    if (await tellConfig({ store, clock }, told, 'it is in use as it is written')) parts.onTold();
  }

  function logOnce(problems: readonly string[], text: string): void {
    problem = problems.join('; ');
    if (logged === problem) return;
    logged = problem;
    log.warn({ file: used.shown, problems, result: text }, 'm0.yaml is not in use as it is written');
  }

  async function refused(problems: readonly string[]): Promise<false> {
    logOnce(problems, 'm0.yaml is refused; the one in use stays in use');
    await tell('refused', problems);
    return false;
  }

  /** Rejects with the reason where the text can't be used; a StoreError if the store fails. */
  async function use(text: ConfigText, config: Config): Promise<void> {
    const before = { config: inUse.config, stacks: live.directory.stacks };
    const next = usedOf(text, clock());
    const also = (stacks: readonly Stack[]): readonly Change[] =>
      storing(next, configChanges(before, { config, stacks }));
    // Already now, because repositories are read with its credentials.
    inUse.config = config;
    try {
      await discoveries.replace({ rules: config.discover, base: parts.directoryOf(config) }, also);
    } catch (error) {
      inUse.config = before.config;
      throw error;
    }
    used = next;
    isFollowed = false;
    const changes = configChanges(before, { config, stacks: live.directory.stacks });
    log.info({ file: next.shown, commit: next.commit, changes }, 'another m0.yaml is in use');
    for (const note of notesOn(config)) log.warn({ note }, 'm0.yaml');
  }

  async function follow(): Promise<void> {
    if (isFollowed) return;
    await parts.onUsed(inUse.config);
    isFollowed = true;
  }

  return {
    async begin() {
      const before = await readConfigInUse(store);
      const isSame = before?.digest === used.digest && before.shown === used.shown;
      if (isSame) used = { ...used, since: before.since };
      const detail = before === null || isSame ? null : 'another text than before, at the start';
      const done = await store.commit(storing(used, detail));
      if (!done.ok) throw new Error('storing which m0.yaml is in use: the store refused it');
      if (await tellConfig({ store, clock }, [], 'm0 was started with it')) parts.onTold();
    },

    async take(read, forced) {
      await follow();
      if (!read.ok) {
        if (!read.unreachable) return refused(read.problems);
        // Nothing is known of the file, so nothing is said of it in chat.
        logOnce(read.problems, 'm0.yaml can’t be read from Git; the one in use stays in use');
        return false;
      }
      let config: Config;
      let restart: readonly string[] = [];
      try {
        const written = parts.parse(read.text);
        restart = restartChanges(startedWith, written.chat);
        config = { ...written, chat: startedWith };
        parts.refuse(config);
      } catch (error) {
        const why = error instanceof ConfigError ? error.problems : [errorText(error)];
        return refused([...why, ...restart]);
      }
      try {
        if (forced || read.text.digest !== used.digest) await use(read.text, config);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        return refused([errorText(error)]);
      }
      problem = null;
      logged = '';
      if (restart.length > 0) log.warn({ changes: restart }, 'changes of m0.yaml need a restart');
      await follow();
      await tell('restart', restart);
      return true;
    },

    status: () => ({ ...used, problem }),
  };
}
