/** What m0 no longer applies by itself, whatever the policies say: a person has spoken, or an apply went wrong. */
import type { Decision } from '../decisions/decision.ts';
import type { Run } from '../model/run.ts';

/** Why nothing of what `told` was about may be applied by itself; null where it may. */
function trouble(told: Run): string | null {
  if (told.forceHuman !== null) return told.forceHuman;
  if (told.state === 'apply_unknown') return `m0 stopped while applying run #${told.id}`;
  return told.state === 'failed' ? `run #${told.id} failed` : null;
}

function byPeople(decision: Decision, why: (entry: Decision['findings'][number]) => string | null): Decision {
  return {
    ...decision,
    findings: decision.findings.map((entry) => {
      const text = entry.verdict === 'auto' ? why(entry) : null;
      if (text === null) return entry;
      return { ...entry, verdict: 'human', reasons: [{ policy: null, commit: null, rule: 'm0', text }] };
    }),
  };
}

/**
 * The decision with all that must wait for a person because of the run told before (null: none is). Trouble with an apply
 * passes on from run to run for as long as an address of it drifts; a reject or cancel holds for exactly what
 * it was about.
 */
export function heldBack(
  run: Run,
  decision: Decision,
  told: Run | null,
): Pick<Run, 'decision' | 'forceHuman' | 'interrupted'> {
  const drifting = new Set(run.findings.filter((f) => f.actionable).map((f) => f.address));
  const related = told?.findings.some((f) => f.actionable && drifting.has(f.address)) ?? false;
  const forceHuman = run.forceHuman ?? (told && related ? trouble(told) : null);
  const cut =
    told?.state === 'apply_unknown'
      ? { run: told.id, addresses: told.scope.map((s) => s.address) }
      : (told?.ending ?? null) === null
        ? told?.interrupted
        : null;
  const interrupted = run.interrupted ?? (related ? cut : null) ?? null;
  const ended = told?.ending && told.ending.by.platform !== 'm0' ? told.ending : null;
  return {
    forceHuman,
    interrupted,
    decision: byPeople(decision, (entry) => {
      if (forceHuman !== null) return forceHuman;
      const same = told?.findings.some(
        (f) => f.address === entry.address && f.fingerprint === entry.fingerprint,
      );
      return ended && same ? `${ended.by.name} ended run #${told?.id} without applying it` : null;
    }),
  };
}
