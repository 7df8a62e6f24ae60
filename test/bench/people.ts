/**
 * Several people at once: a round of checks of many stacks, without and with four `/m0 drift` meanwhile. m0 is a
 * process of its own (people-m0.ts) with a fake tool; the local Slack workspace runs here.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { opsWorkspace, TOKENS, user } from '../support/slack-workspace.ts';
import type { Limit } from './table.ts';

/** What a plan of the fake tool takes: two at a time make 400 checks a minute. */
const PLAN_MS = 300;
/** How long a round is measured, in ms. */
const ROUND_MS = 45_000;
const STATUS_EVERY_MS = 250;
/** An answer that takes longer counts as lost. */
const ANSWER_MS = 10_000;
const MIB = 2 ** 20;
const PEOPLE = ['U0DANA', 'U0KIM', 'U0EVE', 'U0MAX'] as const;

/** How m0 is started. */
export interface Order {
  readonly stacks: number;
  readonly planMs: number;
  readonly file: string;
  readonly apiUrl: string;
  readonly appToken: string;
  readonly botToken: string;
}

export type Question = 'check all' | 'begin' | 'look' | 'end';

/** What m0 tells of itself since the last `begin`. Memory in bytes. */
export interface Answer {
  readonly plans: number;
  /** How many stacks have a check that waits or runs. */
  readonly waiting: number;
  readonly cpuMs: number;
  readonly delayMs: { readonly p50: number; readonly p999: number; readonly most: number };
  readonly rss: number;
  readonly peak: number;
}

function next(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`measuring people: m0 ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
  });
}

async function ask(child: ChildProcess, question: Question): Promise<Answer> {
  const answer = next(child);
  child.send(question);
  return (await answer) as Answer;
}

interface Round extends Answer {
  readonly perMinute: number;
  /** ms from each `/m0 status` to its answer. */
  readonly statusMs: readonly number[];
  /** Commands that were not acknowledged or not answered. */
  readonly lost: number;
}

/** Types a command until the signal aborts, one at a time, and measures until its answer is there. */
export async function keepAsking(
  workspace: Workspace,
  who: string,
  text: (i: number) => string,
  signal: AbortSignal,
): Promise<{ readonly ms: readonly number[]; readonly lost: number }> {
  const person = workspace.as(who);
  const answers = (): number => person.sees('ops').filter((m) => m.visibleTo === who).length;
  const ms: number[] = [];
  let lost = 0;
  for (let i = 0; !signal.aborted; i += 1) {
    const before = answers();
    const begun = performance.now();
    const { outcome } = await person.slash('/m0', text(i), 'ops');
    const isAcknowledged = outcome === 'acked';
    if (isAcknowledged) await workspace.waitFor(() => answers() > before, ANSWER_MS).catch(() => {});
    if (isAcknowledged && answers() > before) ms.push(performance.now() - begun);
    else lost += 1;
    await sleep(STATUS_EVERY_MS);
  }
  return { ms, lost };
}

async function round(child: ChildProcess, workspace: Workspace, drifts: number): Promise<Round> {
  await ask(child, 'check all');
  await ask(child, 'begin');
  const begun = performance.now();
  const asking = new AbortController();
  const statuses = keepAsking(workspace, 'U0EVE', (i) => `status prod-${i % 20}`, asking.signal);
  let lost = 0;
  for (const id of PEOPLE.slice(0, drifts)) {
    await sleep(500);
    const { outcome } = await workspace.as(id).slash('/m0', 'drift', 'ops');
    if (outcome !== 'acked') lost += 1;
  }
  await sleep(Math.max(0, ROUND_MS - (performance.now() - begun)));
  const at = await ask(child, 'look');
  const elapsed = performance.now() - begun;
  asking.abort();
  const { ms, lost: unanswered } = await statuses;
  return { ...at, perMinute: (at.plans * 60_000) / elapsed, statusMs: ms, lost: lost + unanswered };
}

/** The percentile: the value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function say(name: string, r: Round): void {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const p99 = percentile(r.statusMs, 0.99);
  process.stderr.write(
    `  ${name}: ${r.perMinute.toFixed(0)} checks a minute; event loop p50 ${r.delayMs.p50.toFixed(1)}, p99.9 ${ms(r.delayMs.p999)}, max ${ms(r.delayMs.most)}; ` +
      `status p99 ${ms(p99)} of ${r.statusMs.length}; lost ${r.lost}; memory ${(r.peak / MIB).toFixed(0)} MiB at most\n`,
  );
}

/** Waits until m0 has nothing more to check. */
async function untilDone(child: ChildProcess): Promise<void> {
  while ((await ask(child, 'look')).waiting > 0) await sleep(1_000);
}

/** Returns the limits of several people at once, with measured values. */
export async function peopleLimits(stacks: number, scratch: string): Promise<Limit[]> {
  const workspace = await opsWorkspace(PEOPLE.map((id) => user(id, id.slice(2).toLowerCase())));
  const order: Order = {
    ...{ stacks, planMs: PLAN_MS, file: join(scratch, 'people.db'), apiUrl: workspace.apiUrl },
    ...TOKENS,
  };
  const script = join(import.meta.dirname, 'people-m0.ts');
  const child = fork(script, [JSON.stringify(order)]);
  try {
    await next(child);
    const alone = await round(child, workspace, 0);
    say('a round', alone);
    await untilDone(child);
    const people = await round(child, workspace, PEOPLE.length);
    say('a round with four drift commands', people);
    const name = `${stacks} stacks, four people ask for drift meanwhile`;
    return [
      {
        what: `${name}: time a check / without`,
        measured: [alone.perMinute / people.perMinute],
        most: 1.1,
        unit: '×',
      },
      { what: `${name}: event loop delay, p99.9`, measured: [people.delayMs.p999], most: 50, unit: ' ms' },
      { what: `${name}: event loop delay, max`, measured: [people.delayMs.most], most: 250, unit: ' ms' },
      {
        what: `${name}: /m0 status, p99`,
        measured: [percentile(people.statusMs, 0.99)],
        most: 250,
        unit: ' ms',
      },
      { what: `${name}: commands lost`, measured: [people.lost], most: 0, unit: '' },
    ];
  } finally {
    await ask(child, 'end').catch(() => child.kill());
    await workspace.close();
  }
}
