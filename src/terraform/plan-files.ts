/** Stores saved plan files, and checks that they are unchanged. */
import { createHash, randomBytes } from 'node:crypto';
import type { Artifacts } from '../ports/artifacts.ts';
import { RunnerError } from '../ports/runner-error.ts';

const PLAN_FILE = /^plans\/([0-9a-f]{40,64})\.([0-9a-f]{64})(?:\.([0-9a-f]{16}))?\.[0-9a-f]{32}\.tfplan$/;
/** The end of a name whose file was not written completely. */
const PARTIAL = /\.[0-9a-f]+\.part$/;

/** What a stored plan's name holds: the commit it was made from, and the file's SHA-256. */
interface PlanName {
  readonly commit: string;
  readonly sha256: string;
}

/**
 * Saved plan files among the artifacts. The name is stored with the run. It holds the commit and the checksum, so that a
 * replaced file is noticed, a mark of the stack, and a random part, so that it cannot be guessed.
 */
export function createPlanFiles(artifacts: Artifacts) {
  return {
    /** Stores a plan and returns the artifact's name. */
    async keep(stack: string, commit: string, bytes: Uint8Array): Promise<string> {
      const random = randomBytes(16).toString('hex');
      const name = `plans/${commit}.${sha256(bytes)}.${markOf(stack)}.${random}.tfplan`;
      await artifacts.put(name, bytes);
      return name;
    },

    /**
     * The commit that a stored plan was made from. Throws a RunnerError where the name is not one of a plan.
     */
    commitOf(artifact: string): string {
      return parse(artifact).commit;
    },

    /** The stored bytes. Rejects with a RunnerError where they are missing or changed. */
    async open(artifact: string): Promise<Uint8Array> {
      const { sha256: expected } = parse(artifact);
      const bytes = await artifacts.get(artifact);
      if (bytes === undefined) {
        throw new RunnerError('apply', 'opening the saved plan: it is gone; plan again');
      }
      if (sha256(bytes) !== expected) {
        throw new RunnerError(
          'apply',
          'opening the saved plan: the file is not the one that was planned (its SHA-256 differs); nothing was applied',
        );
      }
      return bytes;
    },

    async discard(artifact: string): Promise<void> {
      parse(artifact);
      await artifacts.delete(artifact);
    },

    /**
     * Deletes every plan except these, and files that were not written completely. Other files stay. With `stack`: only
     * plans of that stack.
     */
    async discardAllBut(held: readonly string[], stack?: string): Promise<void> {
      const mark = stack === undefined ? null : markOf(stack);
      for (const name of await artifacts.list('plans')) {
        const plan = PLAN_FILE.exec(name.replace(PARTIAL, ''));
        if (plan === null || held.includes(name)) continue;
        if (mark === null || plan[3] === mark) await artifacts.delete(name);
      }
    },
  };
}

function parse(artifact: string): PlanName {
  const parts = PLAN_FILE.exec(artifact);
  const [, commit, sha] = parts ?? [];
  if (commit === undefined || sha === undefined) {
    throw new RunnerError('apply', `opening the saved plan: "${artifact}" is no name of a plan`);
  }
  return { commit, sha256: sha };
}

/** Tells plans of different stacks apart. Names of stacks have characters that names of artifacts lack. */
function markOf(stack: string): string {
  return sha256(Buffer.from(stack)).slice(0, 16);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
