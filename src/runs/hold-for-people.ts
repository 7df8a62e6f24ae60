/** Requires a person's approval, even if the policies say `auto`, after a rejection or a failed apply. Pure. */
import type { Decision } from '../decisions/decision.ts';
import type { Run } from '../model/run.ts';
import { clip } from '../text/words.ts';

/** Why drift that this run already had needs a person; null if m0 may apply it without one. */
function whyPersonNeeded(openAlertRun: Run): string | null {
  if (openAlertRun.forceHuman !== null) return openAlertRun.forceHuman;
  if (openAlertRun.state === 'apply_unknown') return `m0 stopped while applying run #${openAlertRun.id}`;
  return openAlertRun.state === 'failed' ? `run #${openAlertRun.id} failed` : null;
}

function requirePeople(
  decision: Decision,
  why: (entry: Decision['findings'][number]) => string | null,
): Decision {
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
 * Changes `auto` to `human` in the decision where `openAlertRun` (the run of the stack's open alert) requires it.
 * A failed apply counts for later runs as long as one of its addresses drifts. A reject or cancel counts only for
 * findings with the same fingerprint.
 */
export function holdForPeople(
  run: Run,
  decision: Decision,
  openAlertRun: Run | null,
): Pick<Run, 'decision' | 'forceHuman' | 'interrupted'> {
  const drifting = new Set(run.findings.filter((f) => f.actionable).map((f) => f.address));
  const sharesDrift = openAlertRun?.findings.some((f) => f.actionable && drifting.has(f.address)) ?? false;
  const forceHuman = run.forceHuman ?? (openAlertRun && sharesDrift ? whyPersonNeeded(openAlertRun) : null);
  const interruptedApply =
    openAlertRun?.state === 'apply_unknown'
      ? { run: openAlertRun.id, addresses: openAlertRun.scope.map((s) => s.address) }
      : (openAlertRun?.ending ?? null) === null
        ? openAlertRun?.interrupted
        : null;
  const interrupted = run.interrupted ?? (sharesDrift ? interruptedApply : null) ?? null;
  const endedByPerson =
    openAlertRun?.ending && openAlertRun.ending.by.platform !== 'm0' ? openAlertRun.ending : null;
  return {
    forceHuman,
    interrupted,
    decision: requirePeople(decision, (entry) => {
      if (forceHuman !== null) return forceHuman;
      const isUnchanged = openAlertRun?.findings.some(
        (f) => f.address === entry.address && f.fingerprint === entry.fingerprint,
      );
      return endedByPerson && isUnchanged
        ? `${endedByPerson.by.name} ended run #${openAlertRun?.id} without applying it`
        : null;
    }),
  };
}

/** Why a person decides on what policies allowed twice: with the differences that no finding shows. */
export function keepsMoving(also: readonly string[]): string {
  const why = also.length === 0 ? '' : `: ${clip(also.join('; '), 300)}`;
  return `it keeps moving between the decision and the apply${why}`;
}
