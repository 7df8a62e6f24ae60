import type { Clock, Directory, Store } from './runs/ports.ts';
import type { RunState } from './runs/run.ts';

/** Resting states and ends are history; these are what is going on now. */
const LIVE: readonly RunState[] = [
  'queued',
  'planning',
  'deciding',
  'awaiting_approval',
  'approved',
  'applying',
  'verifying',
];
/** Counting further would cost more than the number is worth. */
const MOST = 10_000;

interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly values: readonly { readonly label: string; readonly value: number }[];
}

function printed({ name, help, values }: Gauge): string {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...values.map((v) => `${name}${v.label} ${v.value}`),
    '',
  ].join('\n');
}

/** What is going on now, in Prometheus' text format. */
export async function metricsOf(store: Store, directory: Directory, clock: Clock): Promise<string> {
  const [runs, alerts, due] = await Promise.all([
    store.runs({ states: LIVE, limit: MOST }),
    store.alerts({ state: 'open' }),
    store.dueOutbox(clock(), MOST),
  ]);
  const gauges: readonly Gauge[] = [
    {
      name: 'm0_stacks',
      help: 'Stacks in m0.yaml.',
      values: [{ label: '', value: directory.stacks.length }],
    },
    {
      name: 'm0_runs',
      help: 'Runs that have not ended, by state.',
      values: LIVE.map((state) => ({
        label: `{state="${state}"}`,
        value: runs.filter((r) => r.state === state).length,
      })),
    },
    {
      name: 'm0_alerts_open',
      help: 'Open alerts, by kind.',
      values: (['drift', 'failure', 'policy'] as const).map((kind) => ({
        label: `{kind="${kind}"}`,
        value: alerts.filter((a) => a.kind === kind).length,
      })),
    },
    {
      name: 'm0_deliveries_due',
      help: 'Messages that should be in a chat by now and are not.',
      values: [{ label: '', value: due.length }],
    },
  ];
  return gauges.map(printed).join('');
}
