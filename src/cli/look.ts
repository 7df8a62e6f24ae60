/** Reads the repositories of `discover` as they are now. */
import { join } from 'node:path';
import { createLogger } from '../base/log.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/load.ts';
import type { Snapshot } from '../discovery/folder.ts';
import { readMoves, readSnapshot } from '../discovery/read-snapshot.ts';
import { type DiscoveryState, NOTHING_KNOWN, readState } from '../discovery/state.ts';
import { type Survey, sourceOf, survey } from '../discovery/survey.ts';
import { scrubUrl } from '../git/address.ts';
import { createMirrors } from '../git/mirrors.ts';
import { repositoryKey } from '../git/remote.ts';
import { openValues } from '../store/read-only.ts';

/** What the memory of the m0 that runs knows: names that stacks keep, workspaces. Nothing where there is none yet. */
async function storedState(databaseUrl: string): Promise<DiscoveryState> {
  const values = openValues(databaseUrl);
  if (values === null) return NOTHING_KNOWN;
  try {
    return await readState(values);
  } finally {
    await values.close();
  }
}

/** Fetches each repository and applies the rules. Rejects with a GitError where one can't be read. */
export async function look(config: Config, environment: Environment): Promise<Survey> {
  const mirrors = createMirrors({
    // Not the mirrors of the m0 that may be running: two processes must not fetch into one.
    dir: join(environment.dataDir, 'cli', 'git'),
    log: createLogger('silent'),
    base: environment.variables,
    credentials: config.credentials,
  });
  const state = await storedState(environment.databaseUrl);
  const snapshots = new Map<string, Snapshot>();
  const moves = new Map<string, string>();
  for (const { source } of config.discover) {
    const key = sourceOf(source, repositoryKey);
    if (snapshots.has(key)) continue;
    const { commit } = await mirrors.fetch(source.git, source.ref);
    await mirrors.reading(source.git, 'looking for stacks in', async (git) => {
      snapshots.set(key, await readSnapshot(git, commit));
      const before = state.snapshots[key]?.commit;
      const moved = before === undefined ? [] : await readMoves(git, before, commit);
      for (const [from, to] of moved) moves.set(JSON.stringify([key, from]), to);
    });
  }
  return survey({
    ...{ rules: config.discover, written: config.directory.stacks, snapshots },
    ...{ known: state.known, gone: state.gone, keyOf: repositoryKey, shown: scrubUrl },
    movedTo: (source, path) => moves.get(JSON.stringify([source, path])),
    workspacesOf: (source, path) => state.workspaces[source]?.[path] ?? null,
    unreadable: new Map(),
  });
}
