/** Which causes a step of a run asks for, and what policies read of them. Pure. */
import type { Finding } from '../drift/finding.ts';
import { type Cause, causeOf, gradeOf, isMadeInCloud, newCause, waitsForCause } from '../model/cause.ts';
import { type CodeVersion, touchedCommit } from '../model/code-version.ts';
import type { Directory } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import { personOf } from '../people/causers.ts';
import type { CauseEventFact, CauseFact } from '../ports/policy.ts';
import type { Change } from '../ports/store.ts';
import { whenText } from '../text/when.ts';
import type { RunEvent } from './run-event.ts';

/** The most findings of a run whose causes are asked for: each costs a lookup or more, two of which pass in a second. */
const MOST_ASKED = 25;

/** Asks for the causes of what the newest whole plan found, and ends those of what it no longer found. */
export function causeChanges(run: Run, event: RunEvent, asks: boolean, now: number): readonly Change[] {
  if (event.type !== 'decided' && event.type !== 'verified' && event.type !== 'moved') return [];
  if (!asks || run.counts === null) return [];
  const { stack } = run;
  const made = run.findings.filter(isMadeInCloud);
  const added = made.map(({ fingerprint, address }, i): Change => {
    const cause = newCause({ stack, fingerprint, address, run: run.id }, now);
    if (i < MOST_ASKED) return { type: 'cause.add', cause };
    const problem = `${made.length} findings at once: the log was asked about ${MOST_ASKED} of them`;
    return { type: 'cause.add', cause: { ...cause, status: 'none', nextLookAt: null, problem } };
  });
  // A plan that may not tell everything proves of nothing that it is gone.
  const gone: readonly Change[] = run.unsure
    ? []
    : [{ type: 'causes.gone', stack, present: run.findings, at: now }];
  return [...gone, ...added];
}

/** What policies read of the causes, and for which findings they must wait. */
export interface KnownCauses {
  readonly facts: ReadonlyMap<string, CauseFact>;
  /** Why a policy that reads the cause of the finding can't allow it yet; null if it can. */
  waiting(finding: Finding): string | null;
}

/** `asks`: a log of the cloud can be asked about the stack. `now`: ms since epoch, `zone`: of the times in texts. */
export function knownCauses(
  findings: readonly Finding[],
  about: {
    readonly causes: readonly Cause[];
    readonly asks: boolean;
    readonly code: CodeVersion;
    readonly directory: Directory;
    readonly now: number;
    readonly zone: string;
  },
): KnownCauses {
  const { causes, asks, code, directory, now, zone } = about;
  const untilOf = (finding: Finding): number | null => waitsForCause(finding, causes, asks, now);
  const fact = (finding: Finding): CauseFact => {
    if (finding.origin === 'code') return commitFact(code);
    const cause = causeOf(finding, causes);
    const status = untilOf(finding) !== null ? 'pending' : (cause?.events.length ?? 0) > 0 ? 'found' : 'none';
    const events = eventFacts(cause, directory);
    const { who = null, how = null, at = null } = events[0] ?? {};
    const grade = cause === undefined ? 'nothing found' : gradeOf(cause);
    return { status, who, how, at, grade, events };
  };
  return {
    facts: new Map(findings.map((finding) => [finding.fingerprint, fact(finding)])),
    waiting(finding) {
      const until = untilOf(finding);
      return until === null ? null : `waits for who did it, until ${whenText(until, now, zone)}`;
    },
  };
}

/** The events of the best grade: a less certain one is no cause beside a certain one. */
function eventFacts(cause: Cause | undefined, directory: Directory): readonly CauseEventFact[] {
  if (cause === undefined) return [];
  const grade = gradeOf(cause);
  return cause.events
    .filter((event) => event.grade === grade)
    .map(({ name, at, who, how }) => ({
      ...{ who: who.name, person: personOf(who, directory)?.key ?? null, kind: who.kind },
      ...{ role: who.role, how, event: name, at: new Date(at).toISOString() },
    }));
}

function commitFact(code: CodeVersion): CauseFact {
  const { author, committedAt } = touchedCommit(code);
  const at = new Date(committedAt).toISOString();
  return { status: 'found', who: author, how: 'commit', at, grade: 'commit touched the stack', events: [] };
}

/** Whether any of these decisions waits for the cause, so that the stack is decided anew once it is known. */
export function waitedFor(run: Pick<Run, 'decision'>, { fingerprint }: Pick<Cause, 'fingerprint'>): boolean {
  return (
    run.decision?.findings.some((d) => d.fingerprint === fingerprint && d.waitsForCause === true) ?? false
  );
}
