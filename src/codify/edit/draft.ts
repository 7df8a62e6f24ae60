/** The edits of one question while they are made, and what may be edited at all. */
import type { Equality } from '../../drift/canonical.ts';
import { equal } from '../../drift/canonical.ts';
import type { Json } from '../../drift/finding.ts';
import { checkHandWritten } from './code.ts';
import type { Edit } from './edit-question.ts';
import { alike } from './evaluate.ts';
import { placeText, Refusal } from './refusals.ts';
import { type Bound, callsOf, type World } from './scope.ts';
import type { Shape } from './shape.ts';
import type { Splice } from './splice.ts';
import type { Place } from './syntax.ts';

/** What was edited so far. */
export interface Draft {
  readonly world: World;
  readonly splices: Splice[];
  readonly edits: Edit[];
}

/** What an expression or a block should say. */
export interface Task {
  /** What it says now, as the plan has it; undefined if that is not known. */
  readonly before: Json | undefined;
  readonly wanted: Json;
  readonly equality: Equality;
  /** How many instances use the code: the steps of the address (and dynamic blocks) with more than one. */
  readonly shared: ReadonlyMap<number, number>;
  /** How many instances there are in all, for people. */
  readonly instances: number;
  /** The attribute and the resource, for people: `cidr_blocks of aws_security_group.web`. */
  readonly subject: string;
  readonly address: string;
  /** How new members of the body are written; left out: it is guessed from their values. */
  readonly shape?: Shape;
}

/** Dynamic blocks have steps of their own, from this number on, after those of addresses. */
export const DYNAMIC = 1000;

/** True if nothing has to be edited to get from one to the other. */
export function same(task: Task, a: Json | undefined, b: Json | undefined): boolean {
  return task.equality === 'keys' ? alike(a, b) : equal(a ?? null, b ?? null, task.equality);
}

/** Adds splices to the draft, after the checks that every edit must pass. */
export function write(
  draft: Draft,
  {
    bound,
    at,
    says,
  }: { readonly bound: Pick<Bound, 'frame' | 'own'>; readonly at: Place; readonly says: string },
  task: Task,
  splices: readonly Splice[],
): void {
  const { world } = draft;
  const shared = [...task.shared].filter(([level]) => !bound.own.has(level));
  if (shared.length > 0) {
    const [own] = shared.filter(([level]) => level >= DYNAMIC);
    const what = own === undefined ? 'instances' : 'blocks of a dynamic block';
    throw new Refusal(
      'each-key',
      `it is set for all ${what} in ${placeText(at)}, so an edit would change ${own?.[1] ?? task.instances} of them`,
    );
  }
  const { folder } = bound.frame.scope.module;
  if (folder !== world.root) {
    const calls = callsOf(world, folder);
    if (calls > 1)
      throw new Refusal(
        'each-key',
        `it is set in ${placeText(at)}, and ${calls} module calls of the stack use that code, so an edit would change all of them`,
      );
  }
  if (at.notation === 'sealed')
    throw new Refusal('computed', `it is computed by a template in ${placeText(at)}`);
  checkHandWritten(world.code, at.file, at.line);
  draft.splices.push(...splices);
  const edit: Edit = { file: at.file, line: at.line, says: `${says} (${placeText(at)})` };
  if (!draft.edits.some((one) => one.says === edit.says)) draft.edits.push(edit);
}

/** The text of the file of a place. */
export function textOf(draft: Draft, at: Place): string {
  return draft.world.code.texts.get(at.file) ?? '';
}

/** Runs an edit. In refusals, `it` becomes what could not be edited. */
export function named(task: Task, edit: () => void): void {
  try {
    edit();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(
      error.reason,
      error.message.replace(/^it /, `${task.subject} `).replace(/^its /, `${task.subject}: its `),
    );
  }
}
