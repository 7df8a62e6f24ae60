/**
 * Asks about drift that waits until somebody decides. First the people on call who have not been asked yet (after a
 * change of shift, or when quiet hours end), then the steps of the stack's escalation by the age of the alert. If
 * nobody can be asked, the channels get an alert.
 */

import type { Logger } from '../base/log.ts';
import type { FleetAlert, RunAlert } from '../model/alert.ts';
import type { Clock, Directory, EscalationStep, Stack } from '../model/directory.ts';
import { approvable, type OpenFinding, openFindings } from '../model/open-findings.ts';
import { rotationName } from '../model/rota.ts';
import { M0, type Run } from '../model/run.ts';
import { hasApprovedAll } from '../model/run-parts.ts';
import { type PersonToAsk, peopleToAsk } from '../people/asking.ts';
import { partIn } from '../people/authors.ts';
import { type OnCallNow, personsIn } from '../people/permissions.ts';
import type { RotaNow } from '../people/rota-now.ts';
import { mayDisturb, severityOf } from '../people/urgency.ts';
import type { Change, Store } from '../ports/store.ts';
import type { Worker } from '../runs/worker-parts.ts';
import { count, durationText, listed } from '../text/words.ts';
import { nextQuestion } from './refused-messages.ts';
import { addressOf } from './unreachable.ts';
import { unreachableReasons, updateUnreachableAlerts } from './unreachable-watch.ts';

export interface EscalationParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'write'>;
  readonly directory: Directory;
  readonly rotas: () => Promise<Readonly<Record<string, RotaNow>>>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Waiting {
  readonly alert: RunAlert;
  readonly run: Run;
  readonly stack: Stack;
  /** The fleet messages that show the alert, in channels and in direct messages. */
  readonly fleets: readonly FleetAlert[];
  /** ms since the alert opened. */
  readonly age: number;
  /** The findings that wait. */
  readonly open: readonly OpenFinding[];
}

/** The steps that are due at this age (ms), each with how many times it should have been taken by then. */
export function dueSteps(
  steps: readonly EscalationStep[],
  age: number,
): readonly { readonly index: number; readonly step: EscalationStep; readonly times: number }[] {
  return steps.flatMap((step, index) => {
    if (age < step.afterMs) return [];
    const times = step.everyMs === null ? 1 : 1 + Math.floor((age - step.afterMs) / step.everyMs);
    return [{ index, step, times }];
  });
}

/**
 * Checks once everything that waits. An error with one stack is logged and does not stop the others. Never rejects.
 */
export async function escalate(parts: EscalationParts): Promise<void> {
  const { store, log } = parts;
  try {
    const rotas = await parts.rotas();
    const fleets = await store.alerts({ state: 'open', kind: 'fleet' });
    const waiting: Waiting[] = [];
    const unreachable = new Map<string, readonly string[]>();
    let broken = false;
    for (const alert of await store.alerts({ state: 'open', kind: 'drift' })) {
      try {
        const waitingAlert = await findWaiting(parts, alert, fleets);
        if (waitingAlert === null) continue;
        waiting.push(waitingAlert);
        const problems = await unreachableReasons(parts, waitingAlert.stack, rotas);
        if (problems !== null) unreachable.set(waitingAlert.stack.name, problems);
        await askAndEscalate(parts, waitingAlert, rotas, problems !== null);
      } catch (error) {
        broken = true;
        log.error(
          { err: error, stack: alert.subject, alert: alert.id },
          'asking about a stack failed; it is tried again',
        );
      }
    }
    // After an error the list is incomplete, and alerts that are still needed would be resolved.
    if (!broken) await updateUnreachableAlerts(parts, waiting, unreachable);
  } catch (error) {
    log.error({ err: error }, 'checking what waits failed; it is tried again');
  }
}

/** The alert with its run and stack; null if it waits for nobody or must not disturb people now. */
async function findWaiting(
  { store, directory, clock }: EscalationParts,
  alert: RunAlert,
  fleets: readonly FleetAlert[],
): Promise<Waiting | null> {
  const now = clock();
  const stack = directory.stacks.find((s) => s.name === alert.subject);
  const run = stack && (await store.run(alert.runId));
  if (!stack || run?.state !== 'awaiting_approval') return null;
  // Nobody can approve anything of the stack while its state is empty.
  if ((await store.alerts({ subject: stack.name, state: 'open', kind: 'empty-state' })).length > 0)
    return null;
  const open = approvable(openFindings(run, await store.exemptions(stack.name), now));
  if (open.length === 0 || !mayDisturb(stack, severityOf(stack, run, open), now)) return null;
  const fleetsShowing = fleets.filter((f) => f.details.members.includes(alert.id));
  return { alert, run, stack, fleets: fleetsShowing, age: now - alert.firstSeenAt, open };
}

function peopleOnCall(rotas: Readonly<Record<string, RotaNow>>): OnCallNow {
  return Object.fromEntries(Object.entries(rotas).map(([name, { people }]) => [name, people]));
}

function nameOf(directory: Directory, person: string): string {
  return directory.people.find((p) => p.key === person)?.name ?? person;
}

async function askAndEscalate(
  parts: EscalationParts,
  waiting: Waiting,
  rotas: Readonly<Record<string, RotaNow>>,
  unreachable: boolean,
): Promise<void> {
  const { store, worker } = parts;
  const { stack } = waiting;
  const changes = await changesFor(parts, waiting, rotas, unreachable);
  if (changes.length === 0) return;
  await worker.write(stack.name, async () => {
    // Read again under the lock: somebody may have decided since.
    const alert = await store.alert(waiting.alert.id);
    const run = await store.run(waiting.run.id);
    if (alert?.kind !== 'drift' || alert.state !== 'open' || run?.version !== waiting.run.version) return [];
    return changesFor(parts, { ...waiting, alert }, rotas, unreachable);
  });
}

async function changesFor(
  parts: EscalationParts,
  waiting: Waiting,
  rotas: Readonly<Record<string, RotaNow>>,
  unreachable: boolean,
): Promise<readonly Change[]> {
  const { store, directory, clock } = parts;
  const { alert, run, stack, age, open } = waiting;
  const now = clock();
  const onCall = peopleOnCall(rotas);
  const changes: Change[] = [];
  const asked = new Set<string>();

  const send = async ({ person, why }: PersonToAsk, onlyAgain: boolean): Promise<boolean> => {
    if (asked.has(person)) return false;
    const next = await nextQuestion(store, alert, person, addressOf(directory, person), now);
    if (next === null || (onlyAgain && !next.again) || (next.again && hasApprovedAll(run, open, person)))
      return false;
    asked.add(person);
    const again = next.again ? { again: true as const } : {};
    const delivery = { type: 'dm' as const, alertId: alert.id, person, why, ...again };
    changes.push({ type: 'outbox.add', key: next.key, delivery, at: now });
    return true;
  };
  const ask = (approver: PersonToAsk): Promise<boolean> => send(approver, false);
  const causes = await store.causes(stack.name);
  const about = { code: run.code, findings: open.map((o) => o.finding), causes, now };
  for (const { person, why } of peopleToAsk(stack, rotas)) {
    const known = directory.people.find((p) => p.key === person);
    // Still told, because such a person can find somebody, snooze or reject.
    const part = known === undefined ? null : partIn(known, stack, about);
    const which = part === 'caused' ? 'made some of this by hand' : 'wrote some of this code';
    await ask({ person, why: part === null ? why : `${why}; you ${which}, so somebody else must approve` });
  }

  const steps = stack.escalation ?? [];
  const taken = alert.escalated ?? [];
  for (const { to } of steps.filter((step, i) => isForPeople(step) && (taken[i] ?? 0) > 0)) {
    for (const person of personsIn([to], directory, onCall)) {
      await send({ person, why: whyEscalated(to, age) }, true);
    }
  }
  const due = dueSteps(steps, age).filter(({ index, times }) => times > (taken[index] ?? 0));
  // If nobody on call can be asked, the next step for people is due at once.
  const first = steps.findIndex((step, i) => isForPeople(step) && (taken[i] ?? 0) === 0);
  const step = steps[first];
  if (unreachable && step !== undefined && !due.some((d) => d.index === first))
    due.push({ index: first, step, times: 1 });
  if (due.length === 0) return changes;

  for (const {
    index,
    step: { to },
    times,
  } of due) {
    await takeStep(parts, waiting, { index, to, times }, onCall, ask, changes);
  }
  const escalated = steps.map((_, i) => due.find((d) => d.index === i)?.times ?? taken[i] ?? 0);
  changes.push({ type: 'alert.update', alert: { ...alert, escalated } });
  return changes;
}

function isForPeople({ to }: EscalationStep): boolean {
  return to !== 'channel' && to !== 'asked';
}

function whyEscalated(to: string, age: number): string {
  const named = rotationName(to);
  const rota = named === null ? '' : `: you are on call (${named})`;
  return `Nobody has decided for ${durationText(age)}${rota}`;
}

/** Adds the messages of one escalation step and its audit entry to `changes`. */
async function takeStep(
  { store, directory, clock }: EscalationParts,
  { alert, run, stack, fleets, age, open }: Waiting,
  { index, to, times }: { readonly index: number; readonly to: string; readonly times: number },
  onCall: OnCallNow,
  ask: (approver: PersonToAsk) => Promise<boolean>,
  changes: Change[],
): Promise<void> {
  const now = clock();
  const since = durationText(age);
  const what = `${stack.name} has waited for ${since}: run #${run.id}, ${count(open.length, 'resource')}`;
  /** Reminds in the thread of the alert, or once in the thread of the fleet message that shows it. */
  const nudge = (person: string | null): void => {
    const fleetsShowing = fleets.filter((f) => f.details.person === person);
    const text = fleetsShowing.length > 0 ? `Stacks of this message have waited for ${since}` : what;
    for (const { id } of fleetsShowing.length > 0 ? fleetsShowing : [alert]) {
      const key = `nudge:${id}${person === null ? '' : `:${person}`}:${index}.${times}`;
      changes.push({
        ...{ type: 'outbox.add', key, at: now },
        delivery: { type: 'nudge', alertId: id, person, text },
      });
    }
  };
  let asked: readonly string[] = [];
  if (to === 'channel') {
    nudge(null);
    asked = ['the channel'];
  } else {
    const candidates =
      to === 'asked' ? await askedBefore(store, directory, alert) : [...personsIn([to], directory, onCall)];
    const people = candidates.filter((person) => !hasApprovedAll(run, open, person));
    for (const person of people) {
      if (!(await ask({ person, why: whyEscalated(to, age) }))) nudge(person);
    }
    asked = people.map((person) => nameOf(directory, person));
  }
  changes.push({
    type: 'audit',
    entry: {
      ...{ at: now, actor: M0, place: null, action: 'escalated', stack: stack.name, runId: run.id },
      ...{ fingerprint: run.fingerprint, commit: run.code?.commit ?? null, bundles: null, scope: null },
      detail: `after ${since} to ${to}: ${asked.length === 0 ? 'nobody is there' : listed(asked)}`,
    },
  });
}

/** All people whom m0 has asked about the alert by direct message. */
async function askedBefore(store: Store, directory: Directory, alert: RunAlert): Promise<readonly string[]> {
  const asked: string[] = [];
  for (const { key } of directory.people) {
    if (await store.hasOutboxKey(`alert:${alert.id}:dm:${key}`)) asked.push(key);
  }
  return asked;
}
