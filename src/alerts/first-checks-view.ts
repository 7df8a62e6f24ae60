/** How far the first checks of stacks are. */
import type { FirstChecksView } from '../messages/view-first-checks.ts';
import type { FirstChecksAlert } from '../model/alert.ts';
import type { Clock, Directory } from '../model/directory.ts';
import type { RunState } from '../model/run.ts';
import type { Store } from '../ports/store.ts';

export interface FirstCheckParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly clock: Clock;
}

/** `never`: no run of it was ever stored. `failing`: its checks fail; `aligned`: any other answer without open drift. */
export type FirstCheckState = 'never' | 'checking' | 'aligned' | 'drifted' | 'failing';

const CHECKING: readonly RunState[] = ['queued', 'planning', 'deciding'];
const MINUTE = 60_000;

/** The state of each of these stacks, as far as they are watched. Rejects if the store fails. */
export async function firstCheckStates(
  { store, directory, clock }: FirstCheckParts,
  names: readonly string[],
): Promise<ReadonlyMap<string, FirstCheckState>> {
  const watched = new Set(directory.stacks.map((s) => s.name));
  const known = names.filter((name) => watched.has(name));
  const overview = await store.overview(known, clock());
  const checking = new Set(overview.working.filter((r) => CHECKING.includes(r.state)).map((r) => r.stack));
  const answered = new Set(overview.answers.map((answer) => answer.stack));
  const alertsOf = (kind: 'drift' | 'failure' | 'empty-state'): ReadonlySet<string> =>
    new Set(overview.alerts.filter((alert) => alert.kind === kind).map((alert) => alert.subject));
  const [drifted, failed, empty] = [alertsOf('drift'), alertsOf('failure'), alertsOf('empty-state')];
  const states = new Map<string, FirstCheckState>();
  for (const name of known) {
    if (failed.has(name) || empty.has(name)) states.set(name, 'failing');
    else if (drifted.has(name)) states.set(name, 'drifted');
    else if (answered.has(name)) states.set(name, 'aligned');
    else if (checking.has(name)) states.set(name, 'checking');
    // A check that somebody canceled is one all the same: it is not queued again and again.
    else states.set(name, (await store.runs({ stack: name, limit: 1 })).length === 0 ? 'never' : 'aligned');
  }
  return states;
}

/** True if the stack needs no first check any more. */
export function isChecked(state: FirstCheckState | undefined): boolean {
  return state !== 'never' && state !== 'checking';
}

/** What the message shows now. Rejects if the store fails. */
export async function firstChecksView(
  parts: FirstCheckParts,
  alert: FirstChecksAlert,
): Promise<FirstChecksView> {
  const { details, state } = alert;
  const states = await firstCheckStates(parts, details.stacks);
  const named = (wanted: FirstCheckState): readonly string[] =>
    [...states].flatMap(([name, one]) => (one === wanted ? [name] : []));
  const done = [...states.values()].filter(isChecked).length;
  const left = states.size - done;
  const doneSince = done - details.before;
  const perStack = doneSince <= 0 ? null : (parts.clock() - details.since) / doneSince;
  const failures = await parts.store.alerts({ kind: 'failure', state: 'open' });
  const failing = await Promise.all(
    named('failing').map(async (stack) => {
      const run = failures.find((failure) => failure.subject === stack)?.runId;
      const failure = run === undefined ? undefined : (await parts.store.run(run))?.failure;
      return { stack, why: failure?.message.split('\n')[0] ?? 'its state is empty' };
    }),
  );
  return {
    ...{ total: states.size, done, aligned: named('aligned').length, drifted: named('drifted').length },
    failing,
    minutesLeft: perStack === null || left === 0 ? null : Math.max(1, Math.ceil((perStack * left) / MINUTE)),
    over: state !== 'open',
  };
}
