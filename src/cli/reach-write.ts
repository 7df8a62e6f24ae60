/** Looks whether each entry of `credentials` with `write: true` can be used: one row for each repository it is for. */
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { createLogger } from '../base/log.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/load.ts';
import { createForge } from '../forge/forge.ts';
import { scrubUrl } from '../git/address.ts';
import { credentialName, writeCredentialFor } from '../git/credentials.ts';
import type { Mirrors } from '../git/mirrors.ts';
import { createPusher } from '../git/push.ts';
import type { Stack } from '../model/directory.ts';
import type { Row } from '../setup/inspect.ts';

const LIMIT_MS = 60_000;

/** One row for each repository that m0 may write to by m0.yaml. Asks the hosts, and changes nothing. Never rejects. */
export async function writeRows(
  config: Config,
  env: Environment,
  stacks: readonly Stack[],
  mirrors: Mirrors,
): Promise<readonly Row[]> {
  const { writeCredentials } = config;
  const forge = createForge({
    credentials: () => writeCredentials,
    kinds: () => config.directory.forges ?? {},
    pusher: createPusher({ dir: join(env.dataDir, 'cli', 'git', 'push'), base: env.variables }),
    ...{ mirrors, clock: Date.now, log: createLogger('silent') },
  });
  const repositories = new Map(stacks.map(({ source }) => [source.git, source.ref]));
  const rows: Row[] = [];
  for (const [git, ref] of repositories) {
    const access = writeCredentialFor(git, writeCredentials);
    if (access === null) continue;
    const what = `write to ${scrubUrl(git)}`;
    const name = credentialName(access.credential);
    try {
      const found = await forge.mayWrite(git, ref, AbortSignal.timeout(LIMIT_MS));
      rows.push({ what, state: 'ok', found: `${name}: ${found}` });
    } catch (error) {
      const todo = `give ${access.credential.name} more rights at the host, or correct it in m0.yaml; until then m0 gives patches in chat`;
      rows.push({ what, state: 'missing', found: `${name}: ${errorText(error)}`, todo });
    }
  }
  const used = new Set(
    [...repositories.keys()].map((git) => writeCredentialFor(git, writeCredentials)?.credential),
  );
  const unused = writeCredentials.filter((credential) => !used.has(credential));
  return [
    ...rows,
    ...unused.map((credential): Row => {
      const todo = 'correct its for in m0.yaml, or take it out';
      const found = 'write: true, and no stack is read from a repository that it is for';
      return { what: credentialName(credential), state: 'warning', found, todo };
    }),
  ];
}
