import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { errorText } from '../base/error-text.ts';
import { letPass } from './stack-user.ts';

/** Numbers that neither people nor the system's own accounts usually have, and that containers can map. */
export const OWN_USERS = '58000-58999';

/** `M0_STACK_USER` for stacks that run as m0's own user, whoever that is. */
const SELF = 'self';

export interface StackUserChoice {
  /** For `createRunner`; null: m0's own user. */
  readonly stackUser: string | null;
  /** Why stacks share m0's user though nobody said that they may; else null. */
  readonly shared: string | null;
}

/** What sharing a user means, to be said where it is so. */
export const SHARED_MEANS =
  "code that a stack runs can read m0's tokens, files and environment, and those of all other stacks";

/**
 * Whom stacks run as: what `M0_STACK_USER` says, else each as a user of its own wherever m0 can do that: it has
 * to be root, and the data folder and `needed` (tools, provider mirrors) within reach of other users.
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
  const why = await outOfReach([options.dataDir, tmpdir(), ...options.needed].map((path) => resolve(path)));
  return why === null ? { stackUser: OWN_USERS, shared: null } : { stackUser: null, shared: why };
}

/** Why another user could not work with the data folder, the first of the paths, or the others; null: it could. */
async function outOfReach(paths: readonly string[]): Promise<string | null> {
  const [dataDir = ''] = paths;
  try {
    await letPass(dataDir);
    const uid = Number(OWN_USERS.split('-')[0]);
    // Asked as that user, because modes alone do not tell of lists of rights and read-only mounts.
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
