/** What a drift card says of the work on its run: who decided, what went wrong, and how long a tool has been working. */
import type { LockWait, RunState } from '../model/run.ts';
import { capitalize, clip } from '../text/words.ts';
import type { Block, Span } from './card.ts';
import { openNow, pausesNow } from './finding-status.ts';
import { driftHeadline } from './headline.ts';
import { code, context, line, people, person, strong, text, time } from './spans.ts';
import { timed } from './timed.ts';
import type { DriftView } from './view.ts';
import { workingWords } from './working.ts';

/** The line that replaces the buttons after a decision. */
export function outcomeBlocks(view: DriftView): readonly Block[] {
  const outcomes: (readonly Span[])[] = [];
  const [last] = view.approvals.slice(-1);
  if (last !== undefined && view.state !== 'awaiting_approval') {
    outcomes.push([
      strong('Approved by '),
      ...people(view.approvals.map((a) => a.by)),
      text(' · '),
      time(last.at, view),
      text(` · run #${view.runId}`),
    ]);
  }
  // After the apply the approval is used up, but the realigned findings still name the approver.
  const applied = view.findings.flatMap(({ status: s }) =>
    s.type === 'realigned' && s.by.length > 0 ? [s] : [],
  );
  const [done] = applied.slice(-1);
  if (last === undefined && done !== undefined) {
    const names = new Map(applied.flatMap((s) => s.by).map((who) => [who.person ?? who.name, who]));
    outcomes.push([
      strong('Approved by '),
      ...people([...names.values()]),
      text(' · applied '),
      time(done.at, view),
      text(` · run #${view.runId}`),
    ]);
  }
  if (view.rejectedBy !== null) {
    const { person: key, name } = view.rejectedBy;
    const reason = view.findings.flatMap((f) =>
      f.status.type === 'rejected' && f.status.reason !== null ? [f.status.reason] : [],
    )[0];
    outcomes.push([
      strong('Rejected by '),
      person({ person: key, name }),
      text(` · run #${view.runId}${reason === undefined ? '' : ` · "${reason}"`}`),
    ]);
  }
  // Leaves out an outcome that the headline contains, or that the findings show themselves.
  const { outcome } = view;
  const settled = openNow(view).length === 0 && view.findings.length > 0;
  if (
    view.alert !== 'open' &&
    outcome !== null &&
    !settled &&
    !driftHeadline(view, false).includes(outcome)
  ) {
    outcomes.push([text(capitalize(outcome))]);
  }
  return outcomes.map((spans) => ({ type: 'outcome', spans }));
}

const APPLY_PHASE = {
  planning: 'Planning again before the apply',
  deciding: 'Asking the policies again before the apply',
  locking: 'Taking the lock of the state',
  applying: 'The apply',
  verifying: 'The plan after the apply',
} as const;

/** Who holds the lock that the apply waits for, and what to do if the lock is left over from a crash. */
function lockLines(view: DriftView, lock: LockWait): readonly Block[] {
  const since: readonly Span[] = lock.since === null ? [] : [text(' since '), time(lock.since, view)];
  const left =
    view.interrupted === null
      ? []
      : [
          line(
            text(
              `It may be left over from run #${view.interrupted}, which m0 was applying when it stopped: make sure that nothing is running there, then force-unlock `,
            ),
            code(clip(lock.id, 80)),
            text('.'),
          ),
        ];
  return [
    line(
      strong('Not applied yet: '),
      text(`the state is locked by ${clip(lock.who, 80)}`),
      ...since,
      text('. m0 breaks no lock; it plans again and tries at '),
      time(lock.retryAt, view),
      text('.'),
    ),
    ...left,
  ];
}

/** What went wrong, if anything did. */
export function troubleBlocks(view: DriftView): readonly Block[] {
  if (view.state === 'apply_unknown') {
    return [
      line(
        text(
          "I don't know how far it came and will not try again by myself. Planning afresh. Its lock on the state may still be held; m0 breaks no lock.",
        ),
      ),
    ];
  }
  if (view.state === 'awaiting_approval' && view.findings.some((f) => f.status.type === 'unknown')) {
    return [
      line(
        text("I don't know how far it came and will not try again by myself. Planned afresh, this is left:"),
      ),
    ];
  }
  if (view.state === 'approved' && view.lock !== null && pausesNow(view).length === 0)
    return lockLines(view, view.lock);
  if (view.state !== 'failed' || view.failure === null) return [];
  const { phase, message } = view.failure;
  return [line(strong(`${APPLY_PHASE[phase]} failed: `), ...timed(clip(message, 1500), view))];
}

/** The states in which the tool that works on the stack works for this run. */
const AT_WORK: readonly RunState[] = ['planning', 'approved', 'applying', 'verifying'];

/** How long a tool has been working, once that is long. */
export function workingBlocks(view: DriftView): readonly Block[] {
  const words = workingWords(view.working, view.now);
  if (words === null) return [];
  return [context(text(AT_WORK.includes(view.state) ? capitalize(words) : `A new check: ${words}`))];
}
