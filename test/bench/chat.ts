/**
 * Measures how soon m0 acknowledges commands and clicks while it plans. m0 runs as a separate process, in both modes,
 * always with two real plans running. Slack allows 3 s; people notice a quarter of a second.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { Run, RunState } from '../../src/model/run.ts';
import type { Message } from '../../src/sandbox/workspace/workspace.ts';
import { m0Process } from '../support/process.ts';
import { EVE, KIM, startWorld, type World } from '../support/world.ts';
import type { Limit } from './table.ts';

const REQUESTS = 1_000;
const EVERY_MS = 20;
const WARM_UP = 50;
/** How long to wait for the last answers after the last request. */
const ANSWERS_MS = 60_000;
const STACKS = ['prod-network', 'prod-network-too'];
const WORKING: readonly RunState[] = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];
const BUTTON = 'Approve: close SSH again';

interface Round {
  /** The time to the acknowledgement of each acknowledged request, in ms. */
  readonly acknowledged: readonly number[];
  /** The number of requests not acknowledged or not answered. */
  readonly lost: number;
  /** The number of plans that ran meanwhile. */
  readonly plans: number;
}

/** The same stack twice, so that two plans can run at a time. */
function twoStacks(yaml: string): string {
  const config = parse(yaml) as { stacks: object[] };
  return stringify({ ...config, stacks: STACKS.map((name) => ({ ...config.stacks[0], name })) });
}

/** Checks the stack again and again until the signal aborts. Resolves with the number of checks. */
async function keepPlanning(world: World, stack: string, signal: AbortSignal): Promise<number> {
  const newest = async (): Promise<Run | undefined> =>
    (await world.service.store.runs({ stack, limit: 1 }))[0];
  let plans = 0;
  let last: number | null = null;
  while (!signal.aborted) {
    const run = await newest();
    if (run === undefined || !WORKING.includes(run.state)) {
      await world.workspace.as(KIM).slash('/m0', `drift ${stack}`, 'ops');
    } else if (run.id !== last) {
      last = run.id;
      plans += 1;
    }
    await sleep(300);
  }
  return plans;
}

/** The number of messages that only Eve has received. */
function answersSeen(world: World): number {
  const { workspace } = world;
  return workspace
    .as(EVE)
    .sees('ops')
    .filter((m) => m.visibleTo === EVE && m.user === workspace.botUserId).length;
}

/** Sends requests at a fixed rate, without waiting for earlier ones: commands, and clicks that m0 refuses. */
async function round(world: World, card: Message): Promise<Round> {
  const planning = new AbortController();
  const planned = STACKS.map((stack) => keepPlanning(world, stack, planning.signal));
  // Waits until both plans have started.
  await sleep(2_000);
  const before = answersSeen(world);
  const eve = world.workspace.as(EVE);
  const acknowledged: number[] = [];
  const request = async (i: number): Promise<void> => {
    const begun = performance.now();
    const { outcome } =
      i % 2 === 0
        ? await eve.slash('/m0', 'status', 'ops')
        : await eve.click(card, BUTTON, { confirm: true });
    if (outcome === 'acked') acknowledged.push(performance.now() - begun);
  };
  const requests: Promise<void>[] = [];
  const begun = performance.now();
  for (let i = 0; i < REQUESTS; i++) {
    await sleep(Math.max(0, begun + i * EVERY_MS - performance.now()));
    requests.push(request(i));
  }
  await Promise.all(requests);
  planning.abort();
  const end = performance.now() + ANSWERS_MS;
  const answered = (): number => answersSeen(world) - before;
  while (answered() < REQUESTS && performance.now() < end) await sleep(100);
  const plans = (await Promise.all(planned)).reduce((a, b) => a + b, 0);
  return { acknowledged, lost: REQUESTS - Math.min(acknowledged.length, answered()), plans };
}

/** The percentile: the value below which this share of the values lies. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

async function inMode(mode: 'socket' | 'http', runs: number): Promise<Limit[]> {
  const m0 = m0Process();
  const world = await startWorld({
    slackMode: mode,
    config: twoStacks,
    variables: { M0_CONCURRENCY: '2' },
    start: m0.start,
  });
  try {
    await world.cloud.console.run('open-ssh');
    await world.workspace.as(KIM).slash('/m0', `drift ${STACKS[0]}`, 'ops');
    const card = await world.card('aws_security_group.web', 'waits');
    // A fresh process still compiles its code, so some requests warm it up first.
    for (let i = 0; i < WARM_UP; i++) await world.workspace.as(EVE).slash('/m0', 'status', 'ops');
    const rounds: Round[] = [];
    for (let run = 0; run < runs; run++) {
      const one = await round(world, card);
      const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(one.acknowledged, share).toFixed(0));
      process.stderr.write(`${mode}: p50 ${p50} ms, p99 ${p99} ms, most ${most} ms, ${one.plans} plans\n`);
      if (one.plans === 0) throw new Error('measuring the chat: no plan was made meanwhile');
      rounds.push(one);
    }
    const name = `${REQUESTS} commands and clicks, ${1000 / EVERY_MS} a second, beside two plans, ${mode} mode`;
    const of = (share: number): number[] => rounds.map((r) => percentile(r.acknowledged, share));
    return [
      { what: `${name}: p99 until acknowledged`, measured: of(0.99), most: 250, unit: ' ms' },
      { what: `${name}: the slowest`, measured: [Math.max(...of(1))], most: 3_000, unit: ' ms' },
      { what: `${name}: lost`, measured: [Math.max(...rounds.map((r) => r.lost))], most: 0, unit: '' },
    ];
  } finally {
    await world.close();
    await m0.cleanUp();
  }
}

/** Returns the chat limits with measured values, for both modes. Rejects if no plan ran meanwhile. */
export async function chatLimits(runs: number): Promise<Limit[]> {
  return [...(await inMode('socket', runs)), ...(await inMode('http', runs))];
}
