/** Keeps a process beside the owner of a database at the m0.yaml and the stacks that the owner works with. */
import { withinChats } from './chat/chats.ts';
import { type AbsentSecrets, absentSecrets } from './config/absent-secrets.ts';
import type { ConfigReader, ConfigText } from './config/config-source.ts';
import type { Variables } from './config/environment.ts';
import { type Config, parseConfig } from './config/load.ts';
import { knownDirectory } from './discovery/known-directory.ts';
import { stateText } from './discovery/state.ts';
import { scrubUrl } from './git/address.ts';
import { repositoryKey } from './git/remote.ts';
import type { Directory } from './model/directory.ts';
import { createLiveDirectory, type LiveDirectory } from './model/live-directory.ts';
import type { Store } from './ports/store.ts';
import { readConfigInUse } from './reload.ts';
import { isValidCron } from './schedule/cron.ts';

export interface FollowOwner {
  readonly live: LiveDirectory;
  /** The configuration that was read last. */
  config(): Config;
  /**
   * Brings `live` to what the owner works with. Resolves with the reason why this process does not have the owner's
   * m0.yaml; null if it has. Rejects if the store fails or m0.yaml can't be read.
   */
  follow(): Promise<string | null>;
  /** The variables that the stack takes values from and that are not set here. */
  readonly missing: AbsentSecrets['namesIn'];
}

/** Reads m0.yaml. Rejects with a ConfigError if it can't be used. */
export async function followOwner(
  reader: ConfigReader,
  store: Pick<Store, 'value' | 'commit' | 'alerts' | 'run' | 'exemptions'>,
  variables: Variables,
): Promise<FollowOwner> {
  const absent = absentSecrets(variables);
  const parse = (text: ConfigText): Config => parseConfig(text, absent.variables, isValidCron);
  const directoryOf = (config: Config): Promise<Directory> =>
    knownDirectory({
      ...{ rules: config.discover, base: withinChats(config), store },
      ...{ keyOf: repositoryKey, shown: scrubUrl },
    });
  const text = await reader.read();
  let used = { text, config: parse(text) };
  const live = createLiveDirectory(await directoryOf(used.config));
  let found = '';
  return {
    live,
    config: () => used.config,
    missing: absent.namesIn,
    async follow() {
      const owners = await readConfigInUse(store);
      if (owners === null)
        return 'm0 serve has not told yet which m0.yaml it uses: start it first, and wait until it is at work';
      if (owners.digest !== used.text.digest) {
        const next = await reader.read();
        if (next.digest !== owners.digest) {
          return `${next.shown} here is not the one that m0 serve uses (${owners.shown}): give both the same`;
        }
        used = { text: next, config: parse(next) };
      }
      // The stored search of a large fleet is long, and needed only where m0.yaml has stacks searched.
      const search = used.config.discover.length === 0 ? '' : await stateText(store);
      const state = `${used.text.digest} ${search}`;
      if (state === found) return null;
      live.replace(await directoryOf(used.config));
      found = state;
      return null;
    },
  };
}
