/** Measures a simulated fleet day from m0's audit record, the tools' work and the messages in the chat. */
import type { Alert } from '../../src/model/alert.ts';
import type { AuditEntry } from '../../src/model/audit-entry.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { Run } from '../../src/model/run.ts';
import { readCron } from '../../src/schedule/cron.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { textOf } from './fake-chat.ts';
import type { Work } from './fleet-cloud.ts';
import type { DayEvents } from './fleet-day.ts';
import type { CountedChat } from './fleet-service.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Counts of messages in one channel, or in all DMs. */
export interface MessageCounts {
  /** New messages that m0 sent on its own initiative, without digests. */
  readonly messages: number;
  readonly digests: number;
  /** Public answers to commands. */
  readonly answers: number;
  readonly threadLines: number;
  readonly updates: number;
}

/** Times in ms. */
export interface FleetDayReport {
  readonly checks: Readonly<Record<Run['trigger'], number>>;
  readonly plans: number;
  readonly applies: number;
  /** The largest delay of a stack's result behind its schedule, and the stack's name. */
  readonly late: { readonly ms: number; readonly stack: string; readonly at: number };
  /** Stacks checked twice for one cron tick, and stacks with a tick that had no check. */
  readonly twice: readonly string[];
  readonly unanswered: readonly string[];
  readonly longestPlan: number;
  /** The longest time that one run kept a worker busy: plan, apply and the verifying plan. */
  readonly longestJob: number;
  readonly commands: { readonly n: number; readonly longestWait: number };
  readonly approvals: { readonly n: number; readonly longestWait: number };
  /** Scheduled checks that started while a person's command waited. */
  readonly overtaken: readonly string[];
  /** Stacks with drift or a failing check that no message in the chat mentions. */
  readonly unreported: readonly string[];
  /** The number of messages not delivered. */
  readonly undelivered: number;
  /** The final run state of each single drift, by stack. */
  readonly ends: Readonly<Record<string, Run['state']>>;
  readonly told: Readonly<Record<string, MessageCounts>>;
  /** New messages about incidents of many stacks, by channel; each person's DMs count as one channel. */
  readonly fleetMessages: {
    readonly lostTag: Readonly<Record<string, number>>;
    readonly unreadable: Readonly<Record<string, number>>;
  };
}

export interface DaySeen {
  readonly directory: { readonly stacks: readonly Stack[] };
  readonly chat: CountedChat;
  readonly works: readonly Work[];
  readonly answers: readonly {
    readonly channel: string;
    readonly text: string;
    readonly asked: number;
    readonly updates: number;
  }[];
}

/** When a plan started, and when its result was stored. */
interface Answer {
  readonly begun: number;
  readonly known: number;
}

function answersOf(
  lines: readonly AuditEntry[],
  runs: readonly Run[],
  plans: readonly Work[],
): readonly Answer[] {
  const begun = new Map<number, number>();
  const answers: Answer[] = [];
  const planBefore = (at: number): number => plans.findLast((plan) => plan.ended <= at)?.begun ?? at;
  for (const { action, runId, at } of lines) {
    if (runId === null) continue;
    // A verifying plan starts when its apply ends, and its result counts like any other.
    if (action === 'start' || action === 'applied') begun.set(runId, at);
    if (action !== 'decided' && action !== 'verified' && action !== 'fail') continue;
    answers.push({ begun: begun.get(runId) ?? planBefore(at), known: at });
  }
  // The record has one line a day about checks that only say again that code and cloud agree.
  const told = new Set(lines.flatMap((line) => (line.action === 'decided' ? [line.runId] : [])));
  for (const { id, state, updatedAt } of runs) {
    if (state === 'clean' && !told.has(id)) answers.push({ begun: planBefore(updatedAt), known: updatedAt });
  }
  return answers.sort((a, b) => a.known - b.known);
}

function minutesOf(stack: Stack, from: number, to: number): readonly number[] {
  const crons = stack.schedule.map((text) => readCron(text, stack.timezone));
  const minutes: number[] = [];
  for (let minute = from; minute < to; minute += MINUTE) {
    if (crons.some((cron) => cron.firesAt(minute))) minutes.push(minute);
  }
  return minutes;
}

function group<T>(all: readonly T[], key: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const there = groups.get(key(one));
    if (there) there.push(one);
    else groups.set(key(one), [one]);
  }
  return groups;
}

/** The first time at or after `from` when a tool was started for the stack; null if never. */
function begunAfter(works: readonly Work[], stack: string, from: number): number | null {
  const begun = works.filter((w) => w.stack === stack && w.begun >= from).map((w) => w.begun);
  return begun.length === 0 ? null : Math.min(...begun);
}

export async function reportOf(
  day: DaySeen,
  store: AuditedStore,
  happened: DayEvents,
): Promise<FleetDayReport> {
  const { begin, end } = happened;
  const { stacks } = day.directory;
  const runs = [...(await store.runs({}))].reverse();
  const lines = [...(await store.audit({}))].reverse();
  const alerts = await store.alerts({});
  const linesOf = group(lines, (line) => line.stack);
  const runsOf = group(runs, (run) => run.stack);
  const plansOf = group(
    day.works.filter((work) => work.what === 'plan'),
    (work) => work.stack,
  );
  const ticks = new Map<string, readonly number[]>();

  let late = { ms: Number.NEGATIVE_INFINITY, stack: '', at: 0 };
  const twice: string[] = [];
  const unanswered: string[] = [];
  for (const stack of stacks) {
    const key = stack.schedule.join(' ');
    const fired = ticks.get(key) ?? minutesOf(stack, begin, end);
    ticks.set(key, fired);
    const every = (fired[1] ?? 0) - (fired[0] ?? 0);
    const plansHere = plansOf.get(stack.name) ?? [];
    const answers = answersOf(linesOf.get(stack.name) ?? [], runsOf.get(stack.name) ?? [], plansHere);
    // Before its first tick a stack has no result, so none can be late.
    let newest = fired[0] ?? begin;
    for (const { begun, known } of [...answers, { begun: end, known: end }]) {
      const ms = known - newest - every;
      if (ms > late.ms) late = { ms, stack: stack.name, at: known };
      newest = Math.max(newest, begun);
    }
    const checked = (runsOf.get(stack.name) ?? []).filter((run) => run.trigger === 'schedule');
    const tickOf = (run: Run): number => fired.filter((minute) => minute <= run.createdAt).at(-1) ?? 0;
    const answered = checked.map(tickOf);
    if (new Set(answered).size < answered.length) twice.push(stack.name);
    const made = new Set(answered);
    // After a downtime m0 makes one check, however many ticks it missed.
    const asked = fired.filter((tick) => !made.has(tick));
    const known = answers.map((a) => a.known);
    unanswered.push(
      ...asked
        .filter((tick) => !known.some((k) => k >= tick && k < tick + every))
        .map((tick) => `${stack.name} ${new Date(tick).toISOString()}`),
    );
  }

  const started = new Map(lines.flatMap((l) => (l.action === 'start' ? [[l.runId, l.at] as const] : [])));
  const waits: { readonly stack: string; readonly from: number; readonly to: number }[] = [];
  const commandWaits = day.answers.map(({ text, asked }) => {
    const [, stack = ''] = text.split(' ');
    const to = begunAfter(day.works, stack, asked) ?? end;
    waits.push({ stack, from: asked, to });
    return to - asked;
  });
  const approvals = lines.filter((line) => line.action === 'approve');
  const approvalWaits = approvals.map(({ stack, at }) => {
    const to = begunAfter(day.works, stack, at) ?? end;
    waits.push({ stack, from: at, to });
    return to - at;
  });
  const overtaken = runs.flatMap((run) => {
    const begun = started.get(run.id);
    if (run.trigger !== 'schedule' || begun === undefined) return [];
    const by = waits.filter((w) => w.from < begun && begun < w.to && w.stack !== run.stack);
    return by.map((w) => `#${run.id} of ${run.stack} before ${w.stack}`);
  });

  const drifted = [...happened.lostTag.stacks, ...happened.single, ...happened.unreadable];
  const told = await reportedStacks(store, alerts);
  const unreported = drifted.filter((name) => !told.has(name));

  const checks = { schedule: 0, push: 0, command: 0, verify: 0 };
  for (const run of runs) checks[run.trigger] += 1;
  const plans = day.works.filter((w) => w.what === 'plan');
  return {
    ...{ checks, late, twice, unanswered, overtaken, unreported },
    plans: plans.length,
    applies: day.works.length - plans.length,
    longestPlan: Math.max(...plans.map((w) => w.ended - w.begun)),
    longestJob: longestJob(lines),
    commands: { n: commandWaits.length, longestWait: Math.max(0, ...commandWaits) },
    approvals: { n: approvals.length, longestWait: Math.max(0, ...approvalWaits) },
    undelivered: (await store.dueOutbox(end + HOUR, 1000)).length,
    ends: Object.fromEntries(
      [...happened.single, ...happened.lostTag.waiting].map((name) => [name, endOf(name, alerts, runs)]),
    ),
    told: toldIn(day),
    fleetMessages: {
      lostTag: newMessages(day, happened, begin + 3 * HOUR, begin + 6 * HOUR),
      unreadable: newMessages(day, happened, begin + 8 * HOUR, begin + 12.5 * HOUR),
    },
  };
}

/** Stacks with their own message, or covered by a fleet message, even if that one does not list all names. */
async function reportedStacks(store: AuditedStore, alerts: readonly Alert[]): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  const stackOf = new Map(alerts.map((a) => [a.id, a.subject]));
  for (const alert of alerts) {
    if ((await store.messages(alert.id)).length === 0) continue;
    if (alert.kind !== 'fleet') told.add(alert.subject);
    else for (const member of alert.details.members) told.add(stackOf.get(member) ?? '');
  }
  return told;
}

/** The final state of the run shown by the stack's newest drift alert. */
function endOf(stack: string, alerts: readonly Alert[], runs: readonly Run[]): Run['state'] {
  const alert = alerts.find((a) => a.kind === 'drift' && a.subject === stack);
  const run = runs.find((r) => r.id === alert?.runId);
  if (!run) throw new Error(`no drift of ${stack} was ever told`);
  return run.state;
}

/** The longest time, in ms, from a run's start or its approval until its worker was free again. */
function longestJob(lines: readonly AuditEntry[]): number {
  const from = new Map<number, number>();
  let longest = 0;
  for (const { action, runId, at } of lines) {
    if (runId === null) continue;
    if (action === 'start' || action === 'approve') from.set(runId, at);
    if (['decided', 'verified', 'fail'].includes(action))
      longest = Math.max(longest, at - (from.get(runId) ?? at));
  }
  return longest;
}

function isDigest(key: string): boolean {
  // The id of the memory stands before it.
  return key.includes('/digest ');
}

/** New messages in these hours that are not about another incident of the day. */
function newMessages(
  day: DaySeen,
  happened: DayEvents,
  from: number,
  to: number,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { at, message } of day.chat.posts) {
    if (at < from || at >= to || isDigest(message.key)) continue;
    if (happened.single.some((name) => textOf(message.card).includes(name))) continue;
    counts[message.channel] = (counts[message.channel] ?? 0) + 1;
  }
  return counts;
}

function toldIn({ chat, answers }: DaySeen): Readonly<Record<string, MessageCounts>> {
  const placeOf = (channel: string): string => (channel.startsWith('C') ? channel : 'DMs');
  const places = new Set(chat.messages.map((m) => placeOf(m.channel)));
  return Object.fromEntries(
    [...places].sort().map((place): [string, MessageCounts] => {
      const here = chat.messages.filter((m) => placeOf(m.channel) === place);
      const answered = answers.filter((a) => a.channel === place);
      const updates = [...chat.updates].filter(([channel]) => placeOf(channel) === place);
      return [
        place,
        {
          messages: here.filter((m) => !isDigest(m.key)).length,
          digests: here.filter((m) => isDigest(m.key)).length,
          answers: answered.length,
          threadLines: here.reduce((sum, m) => sum + m.replies.length, 0),
          updates: [...updates.map(([, n]) => n), ...answered.map((a) => a.updates)].reduce(
            (a, b) => a + b,
            0,
          ),
        },
      ];
    }),
  );
}
