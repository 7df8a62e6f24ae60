/** Which channel is told what when the stacks that were found change. */
import type { WatchChangeView } from '../messages/view-watching.ts';
import type { Place, Stack } from '../model/directory.ts';
import { openFindings } from '../model/open-findings.ts';
import type { Store } from '../ports/store.ts';
import type { KnownStack } from './names.ts';
import type { StackChanges } from './stack-changes.ts';

interface Question {
  readonly changes: StackChanges;
  /** All stacks, as they are now. */
  readonly stacks: readonly Stack[];
  readonly code: readonly string[];
  readonly store: Pick<Store, 'alerts' | 'run' | 'exemptions'>;
  readonly now: number;
  readonly lastStackOf: (one: KnownStack) => Stack | null;
  readonly pathOf: (stack: string) => string;
}

type Draft = { -readonly [K in keyof WatchChangeView]: WatchChangeView[K][number][] };

async function openDriftOf(
  { store, now }: Pick<Question, 'store' | 'now'>,
  stack: string,
): Promise<{ readonly open: number | null; readonly runId: number | null }> {
  const [alert] = await store.alerts({ subject: stack, kind: 'drift', state: 'open' });
  const run = alert === undefined ? undefined : await store.run(alert.runId);
  if (run === undefined) return { open: null, runId: null };
  const open = openFindings(run, await store.exemptions(stack), now).length;
  return { open, runId: run.id };
}

/** What each channel is told: a change goes to the channels of its stack, a root without one to all of them. */
export async function viewsByPlace(
  question: Question,
): Promise<readonly { readonly place: Place; readonly view: WatchChangeView }[]> {
  const { changes, stacks, code, lastStackOf, pathOf } = question;
  const drafts = new Map<string, { readonly place: Place; readonly draft: Draft }>();
  const draftsOf = (places: readonly Place[]): readonly Draft[] =>
    places.map((place) => {
      const key = JSON.stringify(place);
      const known = drafts.get(key) ?? {
        place,
        draft: { code: [...code], found: [], moved: [], gone: [], problems: [] },
      };
      drafts.set(key, known);
      return known.draft;
    });
  const byName = new Map(stacks.map((s) => [s.name, s]));
  for (const stack of changes.found) {
    for (const draft of draftsOf(stack.channels)) {
      draft.found.push({ stack: stack.name, path: pathOf(stack.name) });
    }
  }
  for (const [name, from] of changes.moved) {
    for (const draft of draftsOf(byName.get(name)?.channels ?? [])) {
      draft.moved.push({ stack: name, path: pathOf(name), from });
    }
  }
  for (const one of changes.gone) {
    const drift = await openDriftOf(question, one.name);
    for (const draft of draftsOf(lastStackOf(one)?.channels ?? [])) {
      draft.gone.push({ stack: one.name, why: one.why, ...drift });
    }
  }
  const all = [...new Map(stacks.flatMap((s) => s.channels).map((p) => [JSON.stringify(p), p])).values()];
  for (const { where, why } of changes.problems) {
    for (const draft of draftsOf(byName.get(where)?.channels ?? all.slice(0, 1))) {
      draft.problems.push({ where, why });
    }
  }
  return [...drafts.values()].map(({ place, draft }) => ({ place, view: draft }));
}
