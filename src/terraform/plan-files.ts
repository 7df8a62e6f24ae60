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
  /** Files that were not written completely when `discardOfIdle` last listed them. */
  let unfinished = new Set<string>();
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
      const meant = stack === undefined ? null : markOf(stack);
      for (const { name, mark } of await listed()) {
        if (!held.includes(name) && (meant === null || mark === meant)) await artifacts.delete(name);
      }
    },

    /**
     * Deletes the plans of all stacks but the busy ones. `busyStacks` is asked after the files were listed. A file that is not
     * written completely is deleted at the second call that finds it: somebody may be writing it.
     */
    async discardOfIdle(busyStacks: () => Promise<readonly string[]>): Promise<void> {
      const plans = await listed();
      if (plans.length === 0) return;
      const busy = new Set((await busyStacks()).map(markOf));
      const before = unfinished;
      unfinished = new Set(plans.flatMap(({ name }) => (PARTIAL.test(name) ? [name] : [])));
      for (const { name, mark } of plans) {
        if (unfinished.has(name) && !before.has(name)) continue;
        // A name of an earlier version has no mark, so it may be of any stack.
        const isNeeded = mark === undefined ? busy.size > 0 : busy.has(mark);
        if (!isNeeded) await artifacts.delete(name);
      }
    },
  };

  /** The files of plans, also of those that were not written completely, with the marks of their stacks. */
  async function listed(): Promise<readonly { readonly name: string; readonly mark: string | undefined }[]> {
    return (await artifacts.list('plans')).flatMap((name) => {
      const plan = PLAN_FILE.exec(name.replace(PARTIAL, ''));
      return plan === null ? [] : [{ name, mark: plan[3] }];
    });
  }
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
