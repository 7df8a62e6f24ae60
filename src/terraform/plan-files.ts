import { createHash, randomBytes } from 'node:crypto';
import type { Artifacts } from '../ports/artifacts.ts';
import { RunnerError } from '../ports/runner-error.ts';

const PLAN_FILE = /^plans\/([0-9a-f]{40,64})\.([0-9a-f]{64})\.[0-9a-f]{32}\.tfplan$/;
/** What a file that was never written to its end has at its name's end. */
const HALF = /\.[0-9a-f]+\.part$/;

/** What the name of a kept plan file says: the commit it was made from and the file's SHA-256. */
interface PlanName {
  readonly commit: string;
  readonly sha256: string;
}

/**
 * Saved plan files among the artifacts. The name, which is stored with the run, carries the commit and the
 * checksum, so that a file that was exchanged is noticed; its random part makes it unguessable.
 */
export function createPlanFiles(artifacts: Artifacts) {
  return {
    /** Keeps the bytes of a plan and answers the artifact's name. */
    async keep(commit: string, bytes: Uint8Array): Promise<string> {
      const name = `plans/${commit}.${sha256(bytes)}.${randomBytes(16).toString('hex')}.tfplan`;
      await artifacts.put(name, bytes);
      return name;
    },

    /** The commit a kept plan was made from. Rejects where the name is not one of a plan. */
    commitOf(artifact: string): string {
      return parse(artifact).commit;
    },

    /** The bytes as they were kept. Rejects where they are gone, or are not those that were kept. */
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

    /** Deletes every plan that is none of these, and what is only half of one. Other files stay. */
    async discardAllBut(held: readonly string[]): Promise<void> {
      for (const name of await artifacts.list('plans')) {
        if (!held.includes(name) && PLAN_FILE.test(name.replace(HALF, ''))) await artifacts.delete(name);
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

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
