/** The next state of a run after its newest plan was decided. Pure. */

import { allExemptWords } from '../model/exemption.ts';
import { approvable, openFindings, sameDrift, toScope } from '../model/open-findings.ts';
import { isTerminal, type Run, type RunState } from '../model/run.ts';
import { failedChecks } from './conditions.ts';
import { hasEmptied, stateEmpty, whyPersonCreates } from './empty-state.ts';
import { holdForPeople, withBrake } from './hold-for-people.ts';
import type { Effect, Next, RunEvent } from './run-event.ts';

/** How the alert of drift that is gone ends. A stack with a failing condition is not aligned. */
function goneText(run: Run): string {
  const n = failedChecks(run);
  if (n === 0) return `the drift is gone: code and cloud agree (run #${run.id})`;
  return `the drift is gone, but ${n} ${n === 1 ? 'check of the code fails' : 'checks of the code fail'} (run #${run.id})`;
}

/** The step after the newest plan was decided. Only findings with the verdict `auto` go into the scope. */
export function afterDecision(run: Run, event: Extract<RunEvent, { type: 'decided' }>, now: number): Next {
  const openAlertRun = event.openAlertRun;
  // Plan files hold secrets, so the run keeps its plan file only if it is applied at once.
  const asked = {
    ...run,
    forceHuman: run.forceHuman ?? event.whyPerson ?? whyPersonCreates(run, event.seenState),
  };
  const held = holdForPeople(asked, event.decision, openAlertRun);
  const change = { ...held, ...withBrake(run, held.decision, event, now), plan: null };
  const decided = { ...run, ...change };
  const open = openFindings(decided, event.exemptions, now);
  const checkWorked: Effect = { type: 'check-worked' };
  const endOpenRun: readonly Effect[] =
    openAlertRun && !isTerminal(openAlertRun.state) ? [{ type: 'supersede', run: openAlertRun.id }] : [];

  if (openAlertRun?.state === 'applying' || openAlertRun?.state === 'verifying') {
    // Its apply can't be stopped any more. It plans again afterwards and reports the result.
    return {
      to: 'quiet',
      change: { ...change, relatedRun: openAlertRun.id },
      effects: [checkWorked, { type: 'seen' }],
    };
  }

  const { seenState } = event;
  if (seenState && hasEmptied(seenState.resources, run.resourcesInState)) {
    return stateEmpty(change, seenState, [checkWorked]);
  }

  if (open.length === 0) {
    const kept = run.findings.some((f) => f.actionable);
    // The plan does not prove that the drift of an open alert is gone, so the alert stays.
    if (!kept && run.unsure) return { to: 'quiet', change, effects: [checkWorked] };
    return {
      to: kept || failedChecks(run) > 0 ? 'quiet' : 'clean',
      change,
      effects: [
        checkWorked,
        ...endOpenRun,
        {
          type: 'resolve',
          outcome: kept ? allExemptWords(event.exemptions, 'everything that is left') : goneText(run),
        },
      ],
    };
  }

  const auto = open.filter((o) => o.verdict === 'auto');
  // Compared with what the alert showed then: drift that a snooze hid then is new once the snooze has ended.
  if (
    openAlertRun &&
    // What could not be applied then may be now, and the other way round.
    (openAlertRun.tellOnly ?? null) === (run.tellOnly ?? null) &&
    sameDrift(openFindings(openAlertRun, event.exemptions, openAlertRun.updatedAt), open)
  ) {
    const waitsForPeople = openAlertRun.state === 'awaiting_approval';
    const wasRequested = run.trigger === 'command' || run.trigger === 'verify';
    // An approved run will be applied and verified, and reports the result.
    const isApproved = openAlertRun.state === 'approved';
    if (
      isApproved ||
      (auto.length === 0 &&
        (waitsForPeople || (!wasRequested && ENDED_BY_PEOPLE.includes(openAlertRun.state))))
    ) {
      return {
        to: 'quiet',
        change: { ...change, relatedRun: openAlertRun.id },
        effects: [checkWorked, { type: 'seen' }],
      };
    }
  }

  const replaceAlert: Effect[] = [checkWorked, ...endOpenRun, { type: 'announce' }];
  if (auto.length > 0) {
    return {
      to: 'approved',
      change: { ...change, plan: run.plan, scope: toScope(auto) },
      effects: replaceAlert,
    };
  }
  if (approvable(open).length > 0) {
    return { to: 'awaiting_approval', change, effects: [...replaceAlert, { type: 'ask' }] };
  }
  return { to: 'denied', change, effects: replaceAlert };
}

/** End states in which people or policies answered the drift. After all others m0 asks about it again. */
const ENDED_BY_PEOPLE: readonly RunState[] = ['denied', 'rejected', 'canceled'];
