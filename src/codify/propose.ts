/** Edits the code for one finding, commits the edit in m0's own mirror, and proves it with plans. */
import { posix } from 'node:path';
import type { Finding } from '../drift/finding.ts';
import { scrubberFor } from '../drift/secrets.ts';
import { isCodifiable } from '../messages/codify-button.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { Codification, Edit, StackProof } from '../model/codification.ts';
import type { Stack } from '../model/directory.ts';
import { withoutContext } from '../model/patch.ts';
import type { PlanResult } from '../ports/runner.ts';
import type { CodifyParts } from './parts.ts';
import { proofAlone, proofOf } from './proof.ts';
import { type PlanAt, planAt, proveOther, type Readers, readersOf, tooMany, unlessFailed } from './prove.ts';
import { holdsSecret, writesSecret } from './secret-texts.ts';
import { commitMessage } from './texts.ts';

/** What came of it: an edit with its proof, or why there is none. */
export type Proposal =
  | Unedited
  | {
      readonly type: 'proposed';
      readonly base: string;
      readonly commit: string;
      readonly edits: readonly Edit[];
      readonly patch: string;
      readonly proof: readonly StackProof[];
    };

/** `gone`, `moved`: the drift is no longer what was asked about. */
type Unedited =
  | { readonly type: 'gone' }
  | { readonly type: 'moved' }
  /** `asks`: only a person's word is missing. */
  | { readonly type: 'refused'; readonly why: string; readonly asks: boolean }
  /** Too many stacks would have to be planned. */
  | {
      readonly type: 'unprovable';
      readonly why: string;
      readonly base: string;
      readonly commit: string;
      readonly edits: readonly Edit[];
      readonly patch: string;
    };

type ProposeParts = Pick<CodifyParts, 'runner' | 'code' | 'edit' | 'directory'>;

/** An edit that is committed in m0's mirror, but not proven yet. */
interface Edited {
  readonly type: 'edited';
  readonly commit: CodeVersion;
  readonly edits: readonly Edit[];
  readonly patch: string;
  readonly readers: Readers;
}

/**
 * Edits the stack's newest code and plans the edit, for this stack and for all others that may read an edited file.
 * Nothing is pushed. Rejects where the stack's own code can't be read or planned without the edit.
 *
 * The edit is made from the stack's last plan if nothing that the stack reads was committed since. If a plan of the edit
 * then changes nothing at all, that is the proof, whatever moved in the cloud meanwhile. In every other case the code is
 * planned anew without the edit, and the two plans are compared.
 */
export async function propose(
  parts: ProposeParts,
  stack: Stack,
  one: Codification,
  signal: AbortSignal,
): Promise<Proposal> {
  const base = await parts.runner.head(stack);
  const plan = planAt(parts, one.run, signal);
  const last = await lastPlan(parts, stack, base);
  const early = last === null ? null : await editFrom(parts, stack, one, base, last);
  if (early?.type === 'refused' || early?.type === 'unprovable') return early;
  let planned: { readonly commit: string; readonly after: PlanResult } | null = null;
  if (last !== null && early?.type === 'edited') {
    const after = await planOrNull(plan, stack, early.commit, signal);
    const own = after && proofAlone(stack.name, after, last.analysis.changes.length);
    if (own) return proposed(plan, base, early, own, signal);
    if (after) planned = { commit: early.commit.commit, after };
  }
  const before = await plan(stack, base);
  const found = await editFrom(parts, stack, one, base, before);
  if (found.type !== 'edited') return found;
  const own = await unlessFailed(stack, signal, async () => {
    const known = planned?.commit === found.commit.commit ? planned.after : null;
    return proofOf(stack.name, before, known ?? (await plan(stack, found.commit)), one.address);
  });
  return proposed(plan, base, found, own, signal);
}

/** Null where planning fails: then the plan without the edit tells whether that is the edit's fault. */
async function planOrNull(
  plan: PlanAt,
  stack: Stack,
  code: CodeVersion,
  signal: AbortSignal,
): Promise<PlanResult | null> {
  try {
    return await plan(stack, code);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** The stack's last plan, if its code is still what the newest commit has; else null. */
async function lastPlan(
  { runner, code }: ProposeParts,
  stack: Stack,
  base: CodeVersion,
): Promise<PlanResult | null> {
  const last = (await runner.lastPlan?.(stack)) ?? null;
  if (last === null) return null;
  const { source, varFiles, env } = stack;
  const reads = { git: source.git, path: source.path, varFiles, environment: env };
  return (await code.reads(last.code.commit, base.commit, reads)) === 'no' ? last : null;
}

/** Edits the code for the finding, as this plan without the edit has it, and commits that in m0's mirror. */
async function editFrom(
  parts: ProposeParts,
  stack: Stack,
  one: Codification,
  base: CodeVersion,
  before: PlanResult,
): Promise<Unedited | Edited> {
  const { code } = parts;
  // First: a plan beside that state has not found what the stack's own plans find.
  if (before.stateOnlyHere === true) {
    return refused(
      'the stack has no remote backend: its state is in m0’s own folder, so an edit can’t be planned beside it',
    );
  }
  const finding = before.analysis.findings.find((f) => f.address === one.address && f.actionable);
  if (finding === undefined) return { type: 'gone' };
  if (finding.fingerprint !== one.fingerprint) return { type: 'moved' };
  // Drift that is followed may have become this: a lost state shows as resources that only the code has.
  if (!isCodifiable(finding))
    return refused('only the code changed and not the cloud, so there is nothing to put into the code');
  const { secrets } = before.analysis;
  const { git } = stack.source;
  const texts = await code.texts(git, base.commit);
  const answer = await parts.edit(questionOf(stack, texts, finding, before));
  if (answer.type === 'refused') return refused(answer.why);
  if (answer.ask !== null && !one.confirmed) return { type: 'refused', why: answer.ask, asks: true };
  if (writesSecret(texts, answer.files, secrets)) {
    return refused('the edit would write a secret into the code');
  }
  const hide = scrubberFor(secrets);
  const edits = answer.edits.map((edit) => ({ ...edit, says: hide(edit.says) }));
  const commit = await code.commit({
    ...{ git, base, files: answer.files, at: one.at, name: editName(one) },
    message: commitMessage(one, edits, parts.directory),
  });
  const patch = await patchWithoutSecrets(
    (context) => code.patch(git, base.commit, commit.commit, context),
    secrets,
  );
  if (patch === '') return refused('the code already says what the cloud has');
  if (patch === null) return refused('the edited lines hold a secret, which the patch would show');
  const readers = await readersOf(parts, stack, base.commit, commit.commit);
  const why = tooMany(readers);
  if (why === null) return { type: 'edited', commit, edits, patch, readers };
  return { type: 'unprovable', why, base: base.commit, commit: commit.commit, edits, patch };
}

/** The proposal with the proof of its own stack and, if that agrees, of all others that may read an edited file. */
async function proposed(
  plan: PlanAt,
  base: CodeVersion,
  { commit: edited, edits, patch, readers }: Edited,
  own: StackProof,
  signal: AbortSignal,
): Promise<Proposal> {
  const proof = [own];
  const others = own.against.length > 0 ? [] : [...readers.certain, ...readers.possible];
  for (const other of others) proof.push(await proveOther(plan, other, { base, edited }, signal));
  return { type: 'proposed', base: base.commit, commit: edited.commit, edits, patch, proof };
}

/**
 * The patch with as much context as it may show, because it is shown in chat: somebody may have written a secret beside
 * the edit. Without context, its first line says how to apply it. Null: the edited lines themselves show a secret.
 */
async function patchWithoutSecrets(
  withContext: (lines: number) => Promise<string>,
  secrets: readonly string[],
): Promise<string | null> {
  for (const lines of [3, 2, 1, 0]) {
    const patch = await withContext(lines);
    if (!holdsSecret(patch, secrets)) return lines === 0 ? withoutContext(patch) : patch;
    // The line that a hunk is in stands behind its numbers, and may be the one with the secret.
    const bare = patch.replace(/^(@@ -\S+ \+\S+ @@).*$/gm, '$1');
    if (!holdsSecret(bare, secrets)) return lines === 0 ? withoutContext(bare) : bare;
  }
  return null;
}

/** The name of the edit in m0's copy of the repository. */
export function editName({ id }: Pick<Codification, 'id'>): string {
  return `codify-${id}`;
}

function refused(why: string): Unedited {
  return { type: 'refused', why, asks: false };
}

function questionOf(
  { source, varFiles, env }: Stack,
  files: ReadonlyMap<string, string>,
  finding: Finding,
  { document, schema }: PlanResult,
): Parameters<CodifyParts['edit']>[0] {
  const joined = posix.normalize(source.path).replace(/^\.(\/|$)|\/+$/g, '');
  const setOutside = Object.keys(env).flatMap((name) => (/^TF_VAR_/.test(name) ? [name.slice(7)] : []));
  const inRoot = varFiles.map((file) => posix.join(joined, file));
  return {
    files,
    root: joined,
    varFiles: inRoot,
    setOutside,
    finding,
    document,
    ...(schema === undefined ? {} : { schema }),
  };
}
