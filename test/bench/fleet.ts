/**
 * 400 stacks every two hours on two cores: measures with the real runner how long a plan and an apply take while
 * another plan runs, and simulates the day of test/support/fleet-day.ts with these durations.
 */
import { startTestCloud, type TestCloud } from '../support/cloud.ts';
import { fleetDay } from '../support/fleet-day.ts';
import type { FleetDayReport } from '../support/fleet-day-report.ts';
import type { Limit } from './table.ts';

const CONCURRENCY = 2;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const A_HANDFUL = 5;

const signal = new AbortController().signal;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

interface Times {
  readonly planMs: number[];
  readonly applyMs: number[];
}

async function measure(runs: number): Promise<Times> {
  const here = await startTestCloud();
  try {
    return await together(here, runs);
  } finally {
    await here.close();
  }
}

/** Measures plans and applies of the sample stack, each while another stack is planned. In ms. */
async function together(here: TestCloud, runs: number): Promise<Times> {
  // Two stacks with the same code: each has its own work tree and may run at the same time.
  const [one, other] = [here.stack({ name: 'one' }), here.stack({ name: 'other' })];
  const check = async (stack: typeof one): Promise<void> => {
    const { plan } = await here.runner.plan(stack, { only: null, signal });
    await here.runner.discard(plan);
  };
  await check(one);
  await check(other);
  const planMs: number[] = [];
  const applyMs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    planMs.push(...(await Promise.all([timed(() => check(one)), timed(() => check(other))])));
    await here.cloud.console.run('remove-tags');
    const { plan, analysis } = await here.runner.plan(one, { only: null, signal });
    if (analysis.findings.length === 0) throw new Error('measuring an apply: nothing has drifted');
    const apply = timed(() => here.runner.apply(one, plan, signal));
    applyMs.push((await Promise.all([apply, check(other)]))[0]);
  }
  return { planMs, applyMs };
}

function say(report: FleetDayReport, planMs: readonly number[], applyMs: readonly number[]): void {
  const seconds = (all: readonly number[]): string => all.map((ms) => (ms / SECOND).toFixed(1)).join(', ');
  const { checks, told, late } = report;
  const lines = [
    `two plans at once took ${seconds(planMs)} s; applies beside a plan ${seconds(applyMs)} s`,
    `checks: ${checks.schedule} by the clock, ${checks.push} by pushes, ${checks.command} by people`,
    `plans ${report.plans}, applies ${report.applies}`,
    `longest waits: a command ${seconds([report.commands.longestWait])} s, an approval ${seconds([report.approvals.longestWait])} s, longest plan ${seconds([report.longestPlan])} s`,
    `oldest answer: ${late.stack} at ${new Date(late.at).toISOString().slice(11, 19)}`,
    ...Object.entries(told).map(
      ([place, t]) =>
        `${place}: ${t.messages} messages, ${t.digests} digests, ${t.answers} answers, ${t.threadLines} lines in threads, ${t.updates} updates`,
    ),
  ];
  for (const line of lines) process.stderr.write(`  ${line}\n`);
}

/** Returns the fleet limits with measured values. Rejects if an alert is missing, or a tick had two checks or none. */
export async function fleetLimits(runs: number): Promise<Limit[]> {
  const measured = await measure(runs);
  const report = await fleetDay({ ...measured, concurrency: CONCURRENCY, seed: 1 });
  say(report, measured.planMs, measured.applyMs);
  const broken = [
    ...report.twice.map((stack) => `${stack} was checked twice for one tick`),
    ...report.unanswered.map((tick) => `${tick} was never answered`),
    ...report.unreported.map((stack) => `nobody was told of ${stack}`),
    ...report.overtaken,
  ];
  if (broken.length > 0) throw new Error(`living through a day of 400 stacks: ${broken.join(', ')}`);
  const name = '400 stacks, a day';
  const plan = report.longestPlan;
  return [
    {
      ...{ what: `${name}: oldest answer beyond its schedule`, most: 10, unit: ' min' },
      measured: [report.late.ms / MINUTE],
    },
    {
      ...{ what: `${name}: longest wait of a command / longest plan`, most: 1, unit: '×' },
      measured: [report.commands.longestWait / plan],
    },
    {
      ...{ what: `${name}: longest wait of an approval / longest plan`, most: 1, unit: '×' },
      measured: [report.approvals.longestWait / plan],
    },
    {
      ...{ what: `${name}: new messages in a channel when 40 lose a tag`, most: A_HANDFUL, unit: '' },
      measured: [Math.max(...Object.values(report.fleetMessages.lostTag))],
    },
    {
      ...{ what: `${name}: new messages in a channel when 60 can’t be read`, most: A_HANDFUL, unit: '' },
      measured: [Math.max(...Object.values(report.fleetMessages.unreadable))],
    },
  ];
}
