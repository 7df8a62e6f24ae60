/**
 * Simulates a day of a fleet of 400 stacks: at night 40 of them lose a tag, in the morning 60 states can't be
 * read, and there is other drift, pushes, commands and a restart. m0's core and store are real; time is virtual, and
 * the durations of plans and applies are drawn around measured ones.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../src/drift/finding.ts';
import type { Directory, Stack } from '../../src/model/directory.ts';
import { type Actor, M0 } from '../../src/model/run.ts';
import { directory, stack } from './directory.ts';
import { buttonsOf } from './fake-chat.ts';
import { FleetCloud, type Work } from './fleet-cloud.ts';
import { type FleetDayReport, reportOf } from './fleet-day-report.ts';
import { ANSWER, CountedChat, type FleetService, startFleetService } from './fleet-service.ts';
import { type Random, seeded } from './random.ts';
import { CODE, DANA, sshFinding, tagFinding } from './runs.ts';
import { scratchInMemory } from './scratch.ts';
import { VirtualTime } from './virtual-time.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A Monday. */
const MIDNIGHT = Date.parse('2026-03-02T00:00:00Z');
const END = MIDNIGHT + 24 * HOUR;

const FLEET = [
  { environment: 'prod', stacks: 120, channels: ['C0PROD', 'C0OPS'] },
  { environment: 'stage', stacks: 120, channels: ['C0STAGE'] },
  { environment: 'dev', stacks: 160, channels: ['C0DEV'] },
] as const;
const CHANNELS = ['C0OPS', 'C0PROD', 'C0STAGE', 'C0DEV'] as const;
/** How many dev stacks are checked at five past the odd hours, so the restart covers a tick. */
const APART = 60;
const UNREADABLE = 60;
const LOST_TAG = { stacks: 40, resources: 118, andARule: 2 };

const RESTART = { from: at('15:00'), to: at('15:10') };
const PUSHES = 30;
/** The times when somebody types `drift STACK`, mostly while many checks are queued. */
const COMMANDS = ['00:04', '02:06', '04:03', '04:06', '08:05', '10:12', '11:20', '13:07', '16:02', '19:30'];

export interface FleetDayOptions {
  /** Measured durations, in ms, of a plan while another one runs; all plans are drawn around these. */
  readonly planMs: readonly number[];
  /** The same for an apply, in ms. */
  readonly applyMs: readonly number[];
  readonly concurrency: number;
  readonly seed: number;
}

/** What was done to the fleet, so the report can check the results. Times in ms since epoch. */
export interface DayEvents {
  readonly begin: number;
  readonly end: number;
  readonly restart: { readonly from: number; readonly to: number };
  readonly lostTag: { readonly stacks: readonly string[]; readonly waiting: readonly string[] };
  readonly unreadable: readonly string[];
  readonly single: readonly string[];
}

function at(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return MIDNIGHT + hours * HOUR + minutes * MINUTE + seconds * 1000;
}

function nameOf(environment: string, i: number): string {
  return `${environment}-${String(i).padStart(3, '0')}`;
}

function fleet(): Directory {
  const stacks = FLEET.flatMap(({ environment, stacks: n, channels }) =>
    Array.from({ length: n }, (_, i): Stack => {
      const apart = environment === 'dev' && i >= n - APART;
      const name = nameOf(environment, i);
      return stack({
        ...{ name, environment, timezone: 'UTC' },
        source: { git: 'https://git.acme.dev/infra.git', ref: 'main', path: `envs/${environment}/${name}` },
        schedule: [apart ? '5 1-23/2 * * *' : '0 */2 * * *'],
        policies: [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' }],
        // A night of this fleet heals 40 stacks at once.
        healLimit: 100,
        channels: channels.map((channel) => ({ platform: 'slack', channel })),
      });
    }),
  );
  return directory({ stacks, timezone: 'UTC' });
}

/** A typed command and its public answer. */
interface Answered {
  readonly channel: string;
  readonly text: string;
  readonly asked: number;
  updates: number;
}

/** The simulated environment of m0: clock, clouds, chat and people. */
class Day {
  readonly time = new VirtualTime(MIDNIGHT - MINUTE);
  readonly clock = (): number => this.time.now;
  readonly directory = fleet();
  readonly chat = new CountedChat(CHANNELS, this.clock);
  readonly works: Work[] = [];
  readonly cloud: FleetCloud;
  readonly random: Random;
  readonly answers: Answered[] = [];
  readonly whispers: string[] = [];
  pushed = 0;
  /** Errors in what a person did, or in the later updates of an answer. */
  readonly problems: string[] = [];
  m0: FleetService | null = null;

  constructor(options: FleetDayOptions) {
    this.random = seeded(options.seed);
    const draw = seeded(options.seed + 1);
    this.cloud = new FleetCloud({
      clock: this.clock,
      onWork: (work) => this.works.push(work),
      pass: (what, _stack, signal) => {
        const measured = draw.pick(what === 'plan' ? options.planMs : options.applyMs);
        // Stacks differ: between 75% and 125% of the measured time.
        return this.time.pass(Math.round(measured * (0.75 + draw.int(501) / 1000)), signal);
      },
    });
  }

  /** Runs `act` at that time. */
  when(time: number, act: () => Promise<void> | void): void {
    this.time.at(time, () => {
      Promise.resolve()
        .then(act)
        .catch((error: unknown) => this.problems.push(String(error)));
    });
  }

  drifts(clock: string, name: string, finding: Finding): void {
    this.when(at(clock), () => void this.cloud.drift.set(name, [finding]));
  }

  running(): FleetService {
    if (this.m0 === null) throw new Error('m0 is down');
    return this.m0;
  }

  /** Types a command in a channel and also consumes the answer's later updates, as a chat adapter does. */
  async say(text: string, actor: Actor, channel: string): Promise<void> {
    const place = { platform: 'slack', channel } as const;
    const asked = this.time.now;
    const reply = await this.running().handler({ text, actor, place, answers: null, from: null });
    if (reply.type === 'private') this.whispers.push(`${text}: ${reply.card.headline}`);
    // What is typed only asks for the confirmation.
    const [confirm] = reply.type === 'private' && text.startsWith('approve') ? buttonsOf(reply.card) : [];
    if (confirm !== undefined && confirm.command !== text) return this.say(confirm.command, actor, channel);
    if (reply.type !== 'public') return;
    this.answers.push({ channel, text, asked, updates: 0 });
    const messageId = `${ANSWER}${this.answers.length}`;
    await reply.posted?.({ channel, messageId });
  }

  async push(name: string): Promise<void> {
    const stack = this.directory.stacks.find((s) => s.name === name);
    if (!stack) throw new Error(`there is no ${name}`);
    this.pushed += 1;
    const commit = `${String(this.pushed).padStart(4, '0')}${CODE.commit.slice(4)}`;
    this.cloud.code.set(name, { ...CODE, commit, committedAt: this.time.now });
    // As serve.ts does after a push that may affect a stack.
    await this.running().worker.check(stack, 'push', M0);
  }

  /** Runs `act` `laterMs` after a run of the stack starts waiting for approval. */
  whenWaiting(name: string, from: number, laterMs: number, act: (run: number) => Promise<void>): void {
    this.when(from, async () => {
      const [run] = (await this.m0?.store.runs({ stack: name, states: ['awaiting_approval'] })) ?? [];
      if (run) this.when(this.time.now + laterMs, () => act(run.id));
      else this.whenWaiting(name, this.time.now + MINUTE, laterMs, act);
    });
  }
}

/** Schedules all events of the day as timers. */
function script(day: Day): DayEvents {
  const { cloud, random } = day;
  const prod = (i: number): string => nameOf('prod', i);
  const lost = Array.from({ length: LOST_TAG.stacks }, (_, i) => prod(i * 3));
  const waiting = lost.slice(0, LOST_TAG.andARule);
  day.when(at('03:10'), () => {
    for (const [i, name] of lost.entries()) {
      // 118 resources on 40 stacks: three each, except two in each of the first two.
      const resources = i < LOST_TAG.andARule ? 2 : 3;
      const tags = Array.from({ length: resources }, (_, r) => tagFinding(`aws_s3_bucket.data[${r}]`));
      cloud.drift.set(name, waiting.includes(name) ? [...tags, sshFinding()] : tags);
    }
  });
  // A person handles the waiting runs while the next round of checks is queued.
  waiting.forEach((name, i) => {
    day.whenWaiting(name, at(`06:0${3 + i}`), 0, (run) => day.say(`approve #${run}`, DANA, 'C0OPS'));
  });

  const unreadable = Array.from({ length: UNREADABLE }, (_, i) => nameOf('dev', i));
  day.when(at('08:00'), () => {
    for (const name of unreadable) cloud.unreadable.add(name);
  });
  day.when(at('12:00'), () => cloud.unreadable.clear());

  const single = ['stage-011', 'prod-055', 'stage-042', 'dev-070', 'stage-099'] as const;
  const [, , approved, snoozed, left] = single;
  day.drifts('06:30', single[0], tagFinding());
  day.drifts('12:40', single[1], tagFinding());
  day.drifts('13:20', approved, sshFinding());
  day.drifts('15:30', snoozed, sshFinding());
  day.drifts('17:10', left, sshFinding());
  day.whenWaiting(approved, at('13:21'), 20 * MINUTE, (run) => day.say(`approve #${run}`, DANA, 'C0STAGE'));
  day.whenWaiting(snoozed, at('15:31'), 5 * MINUTE, (run) =>
    day.say(`snooze #${run} 1d the vendor needs it`, DANA, 'C0DEV'),
  );

  const everyStack = day.directory.stacks.map((s) => s.name);
  for (let push = 0; push < PUSHES; push += 1) {
    const when = at('07:00') + random.int(13 * HOUR);
    // m0 is down, so it finds the push after the restart.
    const seen = when >= RESTART.from && when < RESTART.to ? RESTART.to + MINUTE : when;
    for (let i = 0; i <= random.int(3); i += 1) day.when(seen, () => day.push(random.pick(everyStack)));
  }
  // This stack is being planned when m0 is stopped.
  day.when(RESTART.from - 1000, () => day.push('stage-001'));

  for (const [i, clock] of COMMANDS.entries()) {
    const asked = random.pick(day.directory.stacks);
    const [where] = asked.channels;
    const channel = where && 'channel' in where ? where.channel : 'C0OPS';
    day.when(at(clock) + i * 1000, () => day.say(`drift ${asked.name}`, DANA, channel));
  }
  return {
    ...{
      begin: MIDNIGHT,
      end: END,
      restart: RESTART,
      lostTag: { stacks: lost, waiting },
      unreadable,
      single,
    },
  };
}

/** Simulates the day and returns the report. Rejects if a person's action or its later updates failed. */
export async function fleetDay(options: FleetDayOptions): Promise<FleetDayReport> {
  const dir = await scratchInMemory('m0-fleet-');
  const day = new Day(options);
  const { time, chat, cloud, clock } = day;
  const start = async (): Promise<FleetService> =>
    startFleetService({
      ...{ file: join(dir, 'm0.db'), directory: day.directory, cloud, chat, clock },
      concurrency: options.concurrency,
      digests: CHANNELS.map((channel) => ({
        ...{ targets: [], timezone: 'UTC', schedule: ['0 9 * * *'] },
        channels: [{ platform: 'slack', channel }],
      })),
    });
  const stop = async (): Promise<void> => {
    const stopping = day.running().close();
    await time.through(stopping);
    day.m0 = null;
  };
  const restore = time.install();
  try {
    day.m0 = await start();
    const happened = script(day);
    await time.goOn(RESTART.from);
    await stop();
    await time.goOn(RESTART.to);
    day.m0 = await start();
    await time.goOn(END - 1);
    if (day.problems.length > 0) throw new Error(`the day broke: ${day.problems.join(' · ')}`);
    const report = await reportOf(day, day.running().store, happened);
    await stop();
    return report;
  } finally {
    restore();
    await rm(dir, { recursive: true, force: true });
  }
}
