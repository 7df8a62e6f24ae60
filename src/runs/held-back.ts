/** What m0 no longer applies by itself, whatever the policies say: a person has spoken, or an apply went wrong. */
import type { Decision } from '../decisions/decision.ts';
import type { Run } from '../model/run.ts';

/** Why nothing of what `told` was about may be applied by itself; null where it may. */
function trouble(openAlertRun: Run): string | null {
  if (openAlertRun.forceHuman !== null) return openAlertRun.forceHuman;
  if (openAlertRun.state === 'apply_unknown') return `m0 stopped while applying run #${openAlertRun.id}`;
  return openAlertRun.state === 'failed' ? `run #${openAlertRun.id} failed` : null;
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
  openAlertRun: Run | null,
): Pick<Run, 'decision' | 'forceHuman' | 'interrupted'> {
  const drifting = new Set(run.findings.filter((f) => f.actionable).map((f) => f.address));
  const related = openAlertRun?.findings.some((f) => f.actionable && drifting.has(f.address)) ?? false;
  const forceHuman = run.forceHuman ?? (openAlertRun && related ? trouble(openAlertRun) : null);
  const cut =
    openAlertRun?.state === 'apply_unknown'
      ? { run: openAlertRun.id, addresses: openAlertRun.scope.map((s) => s.address) }
      : (openAlertRun?.ending ?? null) === null
        ? openAlertRun?.interrupted
        : null;
  const interrupted = run.interrupted ?? (related ? cut : null) ?? null;
  const ended = openAlertRun?.ending && openAlertRun.ending.by.platform !== 'm0' ? openAlertRun.ending : null;
  return {
    forceHuman,
    interrupted,
    decision: byPeople(decision, (entry) => {
      if (forceHuman !== null) return forceHuman;
      const same = openAlertRun?.findings.some(
        (f) => f.address === entry.address && f.fingerprint === entry.fingerprint,
      );
      return ended && same ? `${ended.by.name} ended run #${openAlertRun?.id} without applying it` : null;
    }),
  };
}
