/** What cards show of who made a finding. */
import type { Finding } from '../drift/finding.ts';
import type { FindingView } from '../messages/view.ts';
import type { CauseView } from '../messages/view-cause.ts';
import { type Cause, gradeOf, pendingUntil } from '../model/cause.ts';
import type { Directory } from '../model/directory.ts';
import { personOf } from '../people/causers.ts';

/** The view of a cause at `now` (ms since epoch). */
function causeView(cause: Cause, directory: Directory, now: number): CauseView {
  const grade = gradeOf(cause);
  const best = cause.events.filter((event) => event.grade === grade);
  const [event = null] = best;
  const person = event === null ? undefined : personOf(event.who, directory);
  const who = event === null ? null : { person: person?.key ?? null, name: person?.name ?? event.who.name };
  const isOver = cause.status === 'pending' && cause.nextLookAt !== null && now >= pendingUntil(cause);
  return {
    // m0 may have been down: the log is asked once more, but nothing waits for it.
    status: isOver ? 'none' : cause.status,
    ...{ grade, event, who, others: Math.max(0, best.length - 1) },
    ...{ until: pendingUntil(cause), problem: cause.problem },
  };
}

/** The cause of a finding, also of one that is gone by now; nothing where nobody was asked, or the code made it. */
export function causeViewOf(
  causes: readonly Cause[],
  directory: Directory,
  now: number,
): (finding: Finding) => Pick<FindingView, 'cause'> {
  return (finding) => {
    const cause = causes.find(({ fingerprint }) => fingerprint === finding.fingerprint);
    return cause === undefined || finding.origin === 'code'
      ? {}
      : { cause: causeView(cause, directory, now) };
  };
}
