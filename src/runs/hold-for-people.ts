/**
 * Requires a person's approval, even if the policies say `auto`: after a rejection or a failed apply, and where healing
 * fights somebody. Pure.
 */
import type { Decision } from '../decisions/decision.ts';
import { type Brake, brakeOn, brakeReason, brakesOf } from '../model/brake.ts';
import type { Run } from '../model/run.ts';
import { clip } from '../text/words.ts';
import type { RunEvent } from './run-event.ts';

/** Why drift that this run already had needs a person; null if m0 may apply it without one. */
function whyPersonNeeded(openAlertRun: Run): string | null {
  if (openAlertRun.forceHuman !== null) return openAlertRun.forceHuman;
  if (openAlertRun.state === 'apply_unknown') return `m0 stopped while applying run #${openAlertRun.id}`;
  return openAlertRun.state === 'failed' ? `run #${openAlertRun.id} failed` : null;
}

/** The decision with a person, for this reason, for what the policies allow at these addresses. */
export function requirePeopleFor(decision: Decision, addresses: readonly string[], why: string): Decision {
  return requirePeople(decision, (entry) => (addresses.includes(entry.address) ? why : null));
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
): Pick<Run, 'decision' | 'forceHuman' | 'forceHumanFor' | 'interrupted'> {
  const drifting = new Set(run.findings.filter((f) => f.actionable).map((f) => f.address));
  const sharesDrift = openAlertRun?.findings.some((f) => f.actionable && drifting.has(f.address)) ?? false;
  const inherited = openAlertRun && sharesDrift && run.forceHuman === null ? openAlertRun : null;
  const forceHuman = run.forceHuman ?? (inherited && whyPersonNeeded(inherited));
  // The reason of an apply that failed or was interrupted is about all of the stack.
  const forceHumanFor = inherited?.forceHuman === forceHuman ? inherited.forceHumanFor : run.forceHumanFor;
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
    ...(forceHumanFor === undefined || forceHuman === null ? {} : { forceHumanFor }),
    interrupted,
    decision: requirePeople(decision, (entry) => {
      if (forceHuman !== null && (forceHumanFor?.includes(entry.address) ?? true)) return forceHuman;
      const isUnchanged = openAlertRun?.findings.some(
        (f) => f.address === entry.address && f.fingerprint === entry.fingerprint,
      );
      return endedByPerson && isUnchanged
        ? `${endedByPerson.by.name} ended run #${openAlertRun?.id} without applying it`
        : null;
    }),
  };
}

type Decided = Extract<RunEvent, { readonly type: 'decided' }>;

/** The brakes of the stack's open alert that no person has answered: they hold until a person does. */
function unansweredBrakes(openAlertRun: Run | null): readonly Brake[] {
  const byPeople = (openAlertRun?.applied ?? []).filter((part) => part.approvedBy.length > 0);
  const answered = byPeople.flatMap((part) => part.scope);
  return (openAlertRun?.brakes ?? []).filter(
    ({ address, fingerprint }) =>
      !answered.some((entry) => entry.address === address && entry.fingerprint === fingerprint),
  );
}

/**
 * Changes `auto` to `human` in the decision where the brake holds: the same finding was put back too often, or too much
 * healed in the environment within an hour.
 */
export function withBrake(
  run: Run,
  decision: Run['decision'],
  { healing, openAlertRun }: Pick<Decided, 'healing' | 'openAlertRun'>,
  now: number,
): Pick<Run, 'decision' | 'brakes'> {
  if (healing === undefined || decision === null) return { decision };
  const { history, limit } = healing;
  const seenAt = run.plan?.madeAt ?? now;
  // This plan has found the drift again; the store records it with this decision.
  const heals = history.heals.map((heal) =>
    heal.seenAgainAt === null && heal.at < seenAt ? { ...heal, seenAgainAt: seenAt } : heal,
  );
  const allowed = decision.findings.filter((entry) => entry.verdict === 'auto');
  const fresh = brakesOf(allowed, { ...history, heals }, { environment: run.environment, limit });
  const before = unansweredBrakes(openAlertRun);
  const brakes = allowed.flatMap((entry) => brakeOn(entry, fresh) ?? brakeOn(entry, before) ?? []);
  if (brakes.length === 0) return { decision };
  return {
    brakes,
    decision: requirePeople(decision, (entry) => {
      const brake = brakeOn(entry, brakes);
      return brake === undefined ? null : brakeReason(brake);
    }),
  };
}

/** Why a person decides on what policies allowed twice: with the differences that no finding shows. */
export function keepsMoving(also: readonly string[]): string {
  const why = also.length === 0 ? '' : `: ${clip(also.join('; '), 300)}`;
  return `it keeps moving between the decision and the apply${why}`;
}
