/** Chooses the operating system user that stacks run as. */

import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { errorText } from '../base/error-text.ts';
import { allowTraversal } from './stack-user.ts';

/** Ids that neither people nor system accounts usually have, and that containers can map. */
export const OWN_USERS = '58000-58999';

/** The value of `M0_STACK_USER` with which stacks run as m0's own user. */
const SELF = 'self';

export interface StackUserChoice {
  /** For `createRunner`; null: m0's own user. */
  readonly stackUser: string | null;
  /**
   * Why stacks share m0's user without an explicit setting; null where they do not share it, or somebody set
   * it.
   */
  readonly shared: string | null;
}

/** What sharing m0's user means, for warnings. */
export const SHARED_MEANS =
  "code that a stack runs can read m0's tokens, files and environment, and those of all other stacks";

/**
 * The user that stacks run as. This is `M0_STACK_USER` where it is set. Otherwise each stack gets its own
 * user, if m0 is root and other users can reach the data folder and the paths in `needed` (tools, provider
 * mirrors).
 */
export async function chooseStackUser(options: {
  /** `M0_STACK_USER`; null where it is not set. */
  readonly wanted: string | null;
  readonly uid: number | undefined;
  readonly dataDir: string;
  readonly needed: readonly string[];
}): Promise<StackUserChoice> {
  const { wanted } = options;
  if (wanted === SELF) return { stackUser: null, shared: null };
  if (wanted !== null) return { stackUser: wanted, shared: null };
  if (options.uid !== 0) return { stackUser: null, shared: 'm0 does not run as root' };
  const why = await unreachableReason(
    [options.dataDir, tmpdir(), ...options.needed].map((path) => resolve(path)),
  );
  return why === null ? { stackUser: OWN_USERS, shared: null } : { stackUser: null, shared: why };
}

/**
 * Why another user could not work with the data folder (the first path) or reach the other paths; null where
 * it could.
 */
async function unreachableReason(paths: readonly string[]): Promise<string | null> {
  const [dataDir = ''] = paths;
  try {
    await allowTraversal(dataDir);
    const uid = Number(OWN_USERS.split('-')[0]);
    // Tested by running a command as that user, because file modes do not show ACLs and read-only mounts.
    const script = 'for path; do [ -x "$path" ] || { echo "$path"; exit 1; }; done';
    const { stdout, failed } = await execa('sh', ['-c', script, 'sh', ...paths], {
      ...{ uid, gid: uid, cwd: '/', reject: false },
    });
    if (!failed) return null;
    return stdout === ''
      ? 'm0 may not start anything as another user here'
      : `other users can't get at ${stdout}: put it elsewhere, or chmod it`;
  } catch (error) {
    return errorText(error).replace(/^M0_STACK_USER: /, '');
  }
}
