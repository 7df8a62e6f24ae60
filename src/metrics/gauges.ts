/** Gauges of the current state, computed from the store at each scrape. */
import { Gauge, Registry } from 'prom-client';
import { policySources } from '../alerts/policy-alerts.ts';
import type { Directory } from '../model/directory.ts';
import {
  type LastTicks,
  type Overview,
  STACK_STATES,
  type StackStatus,
  stackStatuses,
} from '../model/overview.ts';
import { pausesOf } from '../model/pause.ts';
import { isTerminal, RUN_STATES, type RunState, type Trigger } from '../model/run.ts';

const OPEN_STATES = (Object.keys(RUN_STATES) as RunState[]).filter((s) => !isTerminal(s));
const ORIGINS = ['cloud', 'code', 'both'] as const;
const ALERT_KINDS = ['drift', 'failure', 'empty-state', 'conditions', 'policy'] as const;
const EXEMPTION_KINDS = ['snooze', 'accept', 'codify'] as const;
const URGENCIES = ['apply', 'command', 'schedule'] as const;

type Urgency = (typeof URGENCIES)[number];

/**
 * How urgent a run is by its trigger. Verifying an interrupted apply is as urgent as an apply; nobody waits
 * for a push's check.
 */
const URGENCY_OF: Record<Trigger, Urgency> = {
  command: 'command',
  verify: 'apply',
  push: 'schedule',
  schedule: 'schedule',
};

/**
 * The urgency of a run that waits for a worker, otherwise null. An approved run waits until its apply begins.
 */
function urgencyOf(state: RunState, trigger: Trigger | null): Urgency | null {
  if (state === 'approved') return 'apply';
  return state === 'queued' && trigger !== null ? URGENCY_OF[trigger] : null;
}

type Labels = Readonly<Record<string, string>>;

/** One gauge: its name, its help text, and its values. */
interface GaugeSpec {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly values: (facts: Facts) => readonly (readonly [Labels, number])[];
}

interface Facts extends Overview {
  readonly now: number;
  readonly directory: Directory;
  readonly stacks: readonly StackStatus[];
}

/** Seconds since the oldest of the times (ms since epoch); 0 where there is none. */
function age(now: number, instants: readonly (number | null)[]): number {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? 0 : Math.max(0, now - Math.min(...known)) / 1000;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

export const GAUGES: readonly GaugeSpec[] = [
  {
    name: 'm0_stacks',
    help: 'Stacks by state, each in one: aligned, drifted, quiet (all drift is snoozed or accepted), failing (the check fails), empty (the state is empty although it recorded resources before), unmet (no drift, but a condition of the code fails), unknown (never checked), stale (nothing was wrong at the last check, which is too long ago).',
    labels: ['state'],
    values: ({ stacks }) =>
      STACK_STATES.map((state) => [{ state }, stacks.filter((s) => s.state === state).length]),
  },
  {
    name: 'm0_stacks_checking',
    help: 'Stacks of which a check is queued or running, whatever their state.',
    labels: [],
    values: ({ stacks }) => [[{}, stacks.filter((s) => s.checking).length]],
  },
  {
    name: 'm0_stack_drifted',
    help: '1 where the stack has drift that is neither reverted nor exempt.',
    labels: ['stack', 'environment'],
    values: ({ stacks }) =>
      stacks.map(({ stack, environment, open }) => [{ stack, environment }, open.length > 0 ? 1 : 0]),
  },
  {
    name: 'm0_stacks_paused',
    help: 'Stacks to which nothing is applied until somebody resumes them.',
    labels: ['environment'],
    values: ({ stacks, pauses }) =>
      [...Map.groupBy(stacks, (s) => s.environment)].map(([environment, those]) => [
        { environment },
        those.filter(({ stack: name }) => pausesOf(pauses, { name, environment }).length > 0).length,
      ]),
  },
  {
    name: 'm0_findings_open',
    help: 'Findings that are neither reverted nor exempt.',
    labels: ['origin', 'environment'],
    values: ({ stacks }) =>
      [...Map.groupBy(stacks, (s) => s.environment)].flatMap(([environment, those]) => {
        const open = those.flatMap((s) => s.open);
        return ORIGINS.map(
          (origin) => [{ origin, environment }, open.filter((o) => o === origin).length] as const,
        );
      }),
  },
  {
    name: 'm0_answer_oldest_age_seconds',
    help: 'Time since the last successful check, of the stack where it is longest ago.',
    labels: [],
    values: ({ stacks, now }) => [
      [
        {},
        age(
          now,
          stacks.map((s) => s.answeredAt),
        ),
      ],
    ],
  },
  {
    name: 'm0_runs',
    help: 'Runs that have not ended, by state.',
    labels: ['state'],
    values: ({ runs }) =>
      OPEN_STATES.map((state) => [{ state }, sum(runs.filter((r) => r.state === state).map((r) => r.count))]),
  },
  {
    name: 'm0_queue_length',
    help: 'Runs that wait for a worker, by urgency: apply (approved, or verifying an interrupted apply), command, schedule (also pushes).',
    labels: ['urgency'],
    values: ({ runs }) =>
      URGENCIES.map((urgency) => [
        { urgency },
        sum(runs.filter((r) => urgencyOf(r.state, r.trigger) === urgency).map((r) => r.count)),
      ]),
  },
  {
    name: 'm0_queue_oldest_age_seconds',
    help: 'How long the oldest of these runs has waited.',
    labels: ['urgency'],
    values: ({ runs, now }) =>
      URGENCIES.map((urgency) => [
        { urgency },
        age(
          now,
          runs.filter((r) => urgencyOf(r.state, r.trigger) === urgency).map((r) => r.since),
        ),
      ]),
  },
  {
    name: 'm0_approval_oldest_age_seconds',
    help: 'Age of the oldest run that waits for a person.',
    labels: [],
    values: ({ runs, now }) => [
      [
        {},
        age(
          now,
          runs.filter((r) => r.state === 'awaiting_approval').map((r) => r.askedAt),
        ),
      ],
    ],
  },
  {
    name: 'm0_alerts_open',
    help: 'Open alerts by kind: drift, failure (a check that can not be made), empty-state, conditions (failing conditions of the code), policy.',
    labels: ['kind'],
    values: ({ alerts }) =>
      ALERT_KINDS.map((kind) => [{ kind }, alerts.filter((a) => a.kind === kind).length]),
  },
  {
    name: 'm0_alert_oldest_age_seconds',
    help: 'Age of the oldest open alert of each kind.',
    labels: ['kind'],
    values: ({ alerts, now }) =>
      ALERT_KINDS.map((kind) => [
        { kind },
        age(
          now,
          alerts.filter((a) => a.kind === kind).map((a) => a.firstSeenAt),
        ),
      ]),
  },
  {
    name: 'm0_keeps',
    help: 'Exemptions in force: snooze, accept, codify (on its way into the code).',
    labels: ['kind'],
    values: ({ exemptions }) =>
      EXEMPTION_KINDS.map((kind) => [{ kind }, exemptions.filter((k) => k.kind === kind).length]),
  },
  {
    name: 'm0_deliveries_waiting',
    help: 'Messages and updates that are not in a chat yet.',
    labels: [],
    values: ({ outbox }) => [[{}, outbox.waiting]],
  },
  {
    name: 'm0_deliveries_due',
    help: 'Messages and updates that are not in a chat yet and are due now.',
    labels: [],
    values: ({ outbox }) => [[{}, outbox.due]],
  },
  {
    name: 'm0_delivery_oldest_age_seconds',
    help: 'Age of the oldest message that is not in a chat yet.',
    labels: [],
    values: ({ outbox, now }) => [[{}, age(now, [outbox.oldestAt])]],
  },
  {
    name: 'm0_policy_stale',
    help: '1 while an alert says that the newest commit of a policy is not in use.',
    labels: ['policy'],
    values: ({ alerts, directory }) =>
      policySources(directory).map(({ name }) => [
        { policy: name },
        alerts.some((a) => a.kind === 'policy' && a.subject === name) ? 1 : 0,
      ]),
  },
];

/** All gauges in Prometheus' text format. `now` is ms since epoch. */
export function gaugesText(
  overview: Overview,
  directory: Directory,
  lastTicks: LastTicks,
  now: number,
): Promise<string> {
  const stacks = stackStatuses(directory.stacks, overview, lastTicks, now);
  const facts = { ...overview, now, directory, stacks };
  // A new registry each time, so that series which no longer exist disappear.
  const registry = new Registry();
  for (const { name, help, labels, values } of GAUGES) {
    const gauge = new Gauge({ name, help, labelNames: labels, registers: [registry] });
    for (const [label, value] of values(facts)) gauge.set(label, value);
  }
  return registry.metrics();
}
