/** Gives each process of a stack's tool its identity in the cloud: for plans, or for the apply. */
import { chown, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { cloudsWithRoles } from '../model/cloud-roles.ts';
import type { Stack } from '../model/directory.ts';
import type { CloudAccess, OpenAccess } from '../ports/cloud-access.ts';
import { RunnerError, type RunnerPhase } from '../ports/runner-error.ts';
import { minutesText } from '../text/words.ts';
import type { StackUser } from './stack-user.ts';
import type { ToolCall } from './tool-process.ts';

/** What a process gets, and how long it may work in ms: its credentials must outlast it and its end. */
interface Given {
  readonly access: OpenAccess;
  readonly limitMs: number;
}

/** The identity of a stack's processes; null: the stack has no roles. Rejects with a RunnerError. */
export type Identity =
  | ((phase: RunnerPhase, call: Pick<ToolCall, 'limitMs' | 'graceMs'>) => Promise<Given>)
  | null;

/** Less is not worth to begin with. */
const LEAST_MS = 60_000;
/** How often files that are lent are copied again: a token in a file is replaced while the tool works. */
const COPY_AGAIN_MS = 60_000;
/** How many texts of earlier sessions of a stack are still removed from what leaves the runner. */
const MOST_SECRETS = 60;

/** The identities of all stacks. `access` left out: a stack that has roles is refused. */
export function createIdentities(access: CloudAccess | undefined) {
  /** Secrets that a stack's processes were given, the newest last. In memory only. */
  const given = new Map<string, readonly string[]>();

  return {
    /** Texts of the stack's credentials, which must never leave the runner. */
    secretsOf: (stack: Pick<Stack, 'name'>): readonly string[] => given.get(stack.name) ?? [],

    /** The identity for the processes of one run. */
    of(stack: Stack, run: number | null): Identity {
      const clouds = cloudsWithRoles(stack);
      if (clouds.length === 0) return null;
      return async (phase, { limitMs, graceMs }) => {
        // Only the apply itself: what prepares it, and the plan right before it, need no right to change anything.
        const use = phase === 'apply' ? 'apply' : 'plan';
        const doing = `getting the identity for ${use === 'apply' ? 'an apply' : 'a plan'} of ${stack.name}`;
        let opened: OpenAccess;
        try {
          if (access === undefined) throw new Error(`nothing here opens ${clouds.join(', ')} of the stack`);
          opened = await access.open(stack, use, run, limitMs + graceMs);
        } catch (cause) {
          throw new RunnerError(phase, `${doing}: ${errorText(cause)}`, { cause });
        }
        const known = given.get(stack.name) ?? [];
        given.set(stack.name, [...new Set([...known, ...opened.secrets])].slice(-MOST_SECRETS));
        if (opened.endsAt === null) return { access: opened, limitMs };
        // A tool whose credentials end can neither go on nor save its state, so it is stopped while they hold.
        const longest = opened.endsAt - Date.now() - graceMs;
        if (longest < LEAST_MS) {
          const text = `${doing}: its credentials end in ${minutesText(Math.max(0, opened.endsAt - Date.now()))}, and the tool needs ${minutesText(graceMs)} of them to stop: raise aws.duration in m0.yaml`;
          throw new RunnerError(phase, text);
        }
        return { access: opened, limitMs: Math.min(limitMs, longest) };
      };
    },
  };
}

/**
 * Copies the files of the access into `dir`, where only the tool's user can read them, and again each minute until
 * `end`. `env`: the access's variables, with the paths of the copies.
 */
export async function lend(
  access: OpenAccess | undefined,
  dir: string,
  user: StackUser | null,
  log: Logger,
): Promise<{ readonly env: Readonly<Record<string, string>>; end(): void }> {
  const files = Object.entries(access?.files ?? {}).map(([name, file]) => ({
    ...{ name, file },
    copy: join(dir, name.toLowerCase()),
  }));
  const copyAll = async (): Promise<void> => {
    for (const { file, copy } of files) {
      // Replaced in one step, because the tool may read it at any moment.
      await writeFile(`${copy}.new`, await readFile(file), { mode: 0o600 });
      if (user !== null) await chown(`${copy}.new`, user.uid, user.gid);
      await rename(`${copy}.new`, copy);
    }
  };
  await copyAll();
  const timer =
    files.length === 0
      ? undefined
      : setInterval(() => {
          copyAll().catch((error: unknown) => log.warn({ err: error }, 'a token could not be copied again'));
        }, COPY_AGAIN_MS);
  return {
    env: { ...access?.env, ...Object.fromEntries(files.map(({ name, copy }) => [name, copy])) },
    end: () => clearInterval(timer),
  };
}
