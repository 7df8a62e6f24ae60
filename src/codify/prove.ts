/** Proves an edit with plans of it: of its own stack, and of every other stack whose code may read an edited file. */
import { errorText } from '../base/error-text.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { StackProof } from '../model/codification.ts';
import type { Stack } from '../model/directory.ts';
import type { PlanResult } from '../ports/runner.ts';
import { count, listed } from '../text/words.ts';
import type { CodifyParts } from './parts.ts';
import { proofAlone, proofOf } from './proof.ts';

type ProveParts = Pick<CodifyParts, 'runner' | 'code' | 'directory'>;

/** The most other stacks that are planned to prove one edit: each takes as long as a check. */
const MOST_OTHERS = 20;
/** The most stacks that a sentence names. */
const NAMED = 5;

/** Other stacks of the repository and branch that an edit may change. */
export interface Readers {
  /** Their inputs have an edited file. */
  readonly certain: readonly Stack[];
  /** Their inputs can't be bounded, so they may read any file. */
  readonly possible: readonly Stack[];
}

/** Plans of given commits, for one run. */
export type PlanAt = (stack: Stack, code: CodeVersion) => Promise<PlanResult>;

/** Plans exactly the commit. The plan's file is deleted at once: nothing of it is ever applied. */
export function planAt({ runner }: Pick<ProveParts, 'runner'>, run: number, signal: AbortSignal): PlanAt {
  return async (stack, code) => {
    const result = await runner.plan(stack, { only: null, code, run, signal });
    await runner.discard(result.plan);
    return result;
  };
}

/** The other stacks of the repository and branch whose code may read something that was edited. */
export async function readersOf(
  { code, directory }: ProveParts,
  stack: Stack,
  from: string,
  to: string,
): Promise<Readers> {
  const { git, ref } = stack.source;
  const found = { yes: [] as Stack[], maybe: [] as Stack[], no: [] as Stack[] };
  for (const other of directory.stacks) {
    if (other.name === stack.name || other.source.ref !== ref) continue;
    if (code.keyOf(other.source.git) !== code.keyOf(git)) continue;
    // The commit is in the copy of the repository that is named as this stack names it.
    const here = { ...other, source: { ...other.source, git } };
    const { path } = other.source;
    const reads = { git, path, varFiles: other.varFiles, environment: other.env };
    found[await code.reads(from, to, reads)].push(here);
  }
  return { certain: found.yes, possible: found.maybe };
}

/** Why so many stacks are not planned, in one sentence; null: they are few enough. No stack is ever left out of a proof. */
export function tooMany({ certain, possible }: Readers): string | null {
  const all = certain.length + possible.length;
  if (all <= MOST_OTHERS) return null;
  const parts = [
    certain.length === 0
      ? []
      : [`${namesOf(certain)} ${certain.length === 1 ? 'reads' : 'read'} an edited file`],
    possible.length === 0 ? [] : [`${namesOf(possible)} may read any file of the repository`],
  ];
  return `to prove it, m0 would have to plan ${count(all, 'other stack')}, and it plans ${MOST_OTHERS} at most: ${listed(parts.flat())}`;
}

function namesOf(stacks: readonly Stack[]): string {
  const names = stacks.slice(0, NAMED).map(({ name }) => name);
  const more = stacks.length - names.length;
  return more === 0 ? listed(names) : `${names.join(', ')} and ${more} more`;
}

/**
 * What the edit does to another stack. The plan without the edit is made only if the one with it is not empty. A plan
 * that fails with the edit speaks against it.
 */
export async function proveOther(
  plan: PlanAt,
  stack: Stack,
  { base, edited }: { readonly base: CodeVersion; readonly edited: CodeVersion },
  signal: AbortSignal,
): Promise<StackProof> {
  return unlessFailed(stack, signal, async () => {
    const after = await plan(stack, edited);
    return proofAlone(stack.name, after, null) ?? proofOf(stack.name, await plan(stack, base), after, null);
  });
}

/** As `work` says; if it fails, that speaks against the edit. Rejects only if it was stopped. */
export async function unlessFailed(
  stack: Stack,
  signal: AbortSignal,
  work: () => Promise<StackProof>,
): Promise<StackProof> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    return {
      stack: stack.name,
      before: null,
      after: 0,
      against: [`planning it failed: ${errorText(error)}`],
    };
  }
}
