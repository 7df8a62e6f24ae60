/** Checks the invariants that must hold when a story is over, wherever m0 was killed. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createLogger } from '../../src/base/log.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { AuditEntry } from '../../src/model/audit-entry.ts';
import { isTerminal, type Run } from '../../src/model/run.ts';
import type { OutboxMessage } from '../../src/ports/outbox.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { CLOSING, OPS, STACK, type Story } from './story.ts';
import { type LineOf, World } from './world.ts';

/** The parts of a story's end that a kill must not change. */
export interface Outcome {
  readonly drift: readonly string[];
  /** Kind and drift of each open alert, with the state of its run. */
  readonly open: readonly { readonly what: string; readonly state: string }[];
  readonly exemptions: readonly string[];
  /** Kind and drift of each distinct alert, oldest first. */
  readonly told: readonly string[];
  readonly digests: number;
  /** History lines posted more than once. */
  readonly repeated: readonly string[];
}

export interface Verdict {
  readonly outcome: Outcome;
  /** Steps whose command m0 carried out, and whether it was given during m0's work and had to be repeated. */
  readonly obeyed: readonly string[];
  /** Runs whose apply was interrupted. */
  readonly cutOff: readonly number[];
  readonly problems: readonly string[];
}

interface Evidence {
  readonly world: World;
  readonly story: Story;
  readonly store: AuditedStore;
  readonly runs: readonly Run[];
  readonly alerts: readonly Alert[];
  readonly record: readonly AuditEntry[];
  readonly outbox: readonly {
    readonly key: string;
    readonly delivery: OutboxMessage;
    readonly done: boolean;
  }[];
}

/** Answers that say that something was done, with the audit action that must then exist. */
const DONE: readonly (readonly [RegExp, string])[] = [
  [/^approve/, 'approve'],
  [/^reject/, 'reject'],
  [/^cancel/, 'cancel'],
  [/^snooze/, 'snooze'],
  [/^accept/, 'accept'],
  [/^seen/, 'policy-seen'],
  [/^pause/, 'pause'],
  [/^resume/, 'resume'],
];
const ACCEPTED =
  /^none$|"headline":"(Approved run|Noted[.:]|Run #\d+ is (rejected|canceled);|Snoozed |Accepted |Paused |Resumed )/;
const stopped = 'stopped while applying';
/** Final states after which the same drift gets a new alert. */
const UNANSWERED: readonly string[] = [
  'state_empty',
  'failed',
  'apply_unknown',
  'rejected',
  'canceled',
  'expired',
];

function doubles(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value, i) => values.indexOf(value) !== i))];
}

/** The key without the id of the memory. */
function withoutMemory(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** Every alert is in each of its channels once, and the channels hold no other message. */
function* chatProblems({ world, story, alerts, outbox }: Evidence): Generator<string> {
  const channels = story.directory.stacks.flatMap((s) => s.channels.map((p) => world.channelOf(p)));
  for (const channel of channels) {
    const keys = world.in(channel).map((m) => withoutMemory(m.key));
    for (const key of doubles(keys)) yield `${key} is in ${channel} twice`;
    const posts = outbox.filter((o) => o.delivery.type === 'post').map((o) => o.key);
    const wanted = new Set([...posts, ...alerts.map((a) => `alert:${a.id}:slack:${channel}`)]);
    for (const key of keys) if (!wanted.has(key)) yield `${channel} has a message of nothing: ${key}`;
    for (const alert of alerts) {
      const there = keys.includes(`alert:${alert.id}:slack:${channel}`);
      if (!there && alert.state !== 'superseded') yield `alert ${alert.id} is not in ${channel}`;
    }
  }
  for (const key of doubles(world.messages.map((m) => `${m.channel} ${m.key}`))) yield `posted twice: ${key}`;
  for (const { channel, card, key } of world.messages) {
    const alert = alerts.find((a) => withoutMemory(key).startsWith(`alert:${a.id}:`));
    const acts = buttonsOf(card).some((b) => b.command.startsWith('approve'));
    if (alert && alert.state !== 'open' && acts)
      yield `${channel} still asks about alert ${alert.id}, which is over`;
  }
}

/** The same drift gets a new alert only if it was gone meanwhile or nobody had answered it. */
function* repetitions({ alerts, runs }: Evidence): Generator<string> {
  for (const [index, alert] of alerts.entries()) {
    if (alert.kind !== 'drift') continue;
    // The store lists alerts newest first.
    const before = alerts
      .slice(index + 1)
      .find((a) => a.kind === 'drift' && a.fingerprint === alert.fingerprint);
    if (!before || before.state === 'resolved') continue;
    const state = runs.find((r) => r.id === before.runId)?.state ?? '';
    if (!UNANSWERED.includes(state)) yield `alert ${alert.id} tells what alert ${before.id}, ${state}, told`;
  }
}

/** Each history line is in the thread of each root message of its alert, once and in order. */
function* historyProblems({ world, alerts, outbox }: Evidence, messages: Messages): Generator<string> {
  for (const alert of alerts) {
    for (const root of messages.filter((m) => m.alertId === alert.id && m.role === 'root')) {
      const wanted = outbox.flatMap(({ key, delivery }) =>
        delivery.type === 'thread' && delivery.alertId === alert.id ? [`${key}:${root.id}`] : [],
      );
      const there = world.message(root.channel, root.messageId).replies.map((r) => withoutMemory(r.key));
      if (JSON.stringify(there) !== JSON.stringify(wanted)) {
        yield `the history of alert ${alert.id} in ${root.channel} is ${there.join(', ')} in place of ${wanted.join(', ')}`;
      }
    }
  }
}

type Messages = Awaited<ReturnType<AuditedStore['messages']>>;

/** The audit entries of a person's command. */
function linesOf({ by, text }: LineOf<'typed'>, record: readonly AuditEntry[]): readonly AuditEntry[] {
  const [, action] = DONE.find(([words]) => words.test(text)) ?? [];
  if (action === undefined) throw new Error(`"${text}" is no decision that a story makes`);
  const run = Number(/#(\d+)/.exec(text)?.[1] ?? 0);
  return record.filter(
    (e) => e.action === action && e.actor.person === by.person && (run === 0 || e.runId === run),
  );
}

/** What a person was told is done is in the audit record once. */
function* decisionProblems({ world, record }: Evidence): Generator<string> {
  for (const typed of world.of('typed')) {
    const { step, text } = typed;
    const lines = linesOf(typed, record);
    const answers = world.of('answered').filter((a) => a.step === step);
    if (answers.length !== 1) yield `"${text}" was answered ${answers.length} times`;
    if (answers.some((a) => ACCEPTED.test(a.answer)) && lines.length === 0) {
      yield `"${text}" is not in the record`;
    }
    // The same person decides on a run again only if the drift changed.
    const same = doubles(lines.map((e) => JSON.stringify([e.runId, e.scope, e.commit])));
    if (same.length > 0) yield `"${text}" is in the record ${lines.length} times`;
  }
}

/** Nothing is applied twice or without a decision, and an interrupted apply is recorded as such. */
function* applyProblems({ world, story, runs, record }: Evidence): Generator<string> {
  for (const artifact of doubles(world.applies.map((a) => a.artifact))) yield `${artifact} was applied twice`;
  const scopes = world.applies.map((a) => `run #${a.run} ${a.scope.join(' ')}`);
  for (const scope of doubles(scopes)) yield `applied twice: ${scope}`;
  for (const { run, artifact, touched, scope } of world.applies) {
    if (touched.join() !== scope.join())
      yield `${artifact} touched ${touched.join()}, decided was ${scope.join()}`;
    const lines = record.filter((e) => e.runId === run).toReversed();
    const confirmed = lines.filter((e) => e.action === 'confirmed');
    const asDecided = confirmed.some((e) => names(e) === scope.join());
    if (!asDecided) yield `${artifact} was applied before the record had it`;
    const need = story.directory.stacks[0]?.approvers.need ?? 1;
    const people = new Set(
      lines.filter((e) => e.action === 'approve' && names(e) === scope.join()).map((e) => e.actor.person),
    );
    const byPolicy = lines.some((e) => e.action === 'decided' && allowedOf(e).join() === scope.join());
    const kept = lines.some((e) => e.action === 'kept' && names(e) === scope.join());
    if (!byPolicy && !kept && people.size < need) yield `${artifact} was applied and nobody had decided that`;
  }
  for (const { run: id } of world.applies) {
    const run = runs.find((r) => r.id === id);
    if (run && !isTerminal(run.state)) yield `run #${id} is still ${run.state}`;
  }
}

/** No apply begins between a pause and its end, and one that is left approved goes on. */
function* pauseProblems({ record }: Evidence): Generator<string> {
  let paused = false;
  // The store lists the record newest first.
  for (const { action, runId } of record.toReversed()) {
    if (action === 'pause') paused = true;
    if (action === 'resume') paused = false;
    if (action === 'confirmed' && paused) yield `the apply of run #${runId} began during the pause`;
  }
}

function names(entry: AuditEntry): string {
  return (entry.scope ?? [])
    .map((s) => s.address)
    .sort()
    .join();
}

function allowedOf(entry: AuditEntry): readonly string[] {
  return (entry.scope ?? []).map((s) => s.address).sort();
}

/** An interrupted apply is `apply_unknown`, its thread says so, and a new plan asks people. */
function* cutOffProblems(
  { world, runs, alerts, record }: Evidence,
  cutOff: readonly number[],
): Generator<string> {
  for (const id of cutOff) {
    const run = runs.find((r) => r.id === id);
    if (run?.state !== 'apply_unknown') {
      yield `the apply of run #${id} was cut off, and it is ${run?.state}`;
      continue;
    }
    const about = run.scope.map((s) => s.address);
    const told = world.messages.some((m) =>
      m.replies.some((r) => r.text.startsWith(`m0 ${stopped} run #${id}`)),
    );
    if (!told) yield `nobody is told that m0 stopped while applying run #${id}`;
    const decided = record.findLast((e) => (e.runId ?? 0) > id && e.action === 'decided');
    const fresh = runs.find((r) => r.id === decided?.runId);
    if (!fresh || !decided) yield `nothing was planned afresh after run #${id}`;
    // No drift is left, nobody may apply it, or the state is empty, so that nothing can be asked about.
    if (!fresh || /-> (clean|quiet|denied|state_empty)$/.test(decided?.detail ?? '')) continue;
    if (!decided?.detail?.endsWith('-> awaiting_approval')) {
      yield `what run #${id} left was not asked about: ${decided?.detail}`;
    }
    const cards = alerts
      .filter((a) => a.runId === fresh.id)
      .flatMap((a) => world.of('posted').filter((p) => withoutMemory(p.key).startsWith(`alert:${a.id}:`)));
    for (const channel of [OPS, 'DU0DANA']) {
      const card = cards.find((c) => c.channel === channel)?.card;
      if (!card) yield `nobody is asked in ${channel} about what run #${id} left`;
      // Drift outside the apply waits as before.
      else if (about.some((address) => textOf(card).includes(address)) && !textOf(card).includes(stopped)) {
        yield `the card in ${channel} about what run #${id} left does not say what happened`;
      }
    }
  }
}

/** No work and no plan file is left. */
function* leftovers({ world, runs, alerts, outbox }: Evidence): Generator<string> {
  for (const run of runs) if (!isTerminal(run.state)) yield `run #${run.id} is left ${run.state}`;
  for (const artifact of world.plans.keys()) yield `the plan file ${artifact} is left over`;
  for (const { key, done } of outbox) if (!done) yield `${key} is still to be delivered`;
  const open = alerts.filter((a) => a.state === 'open').map((a) => `${a.kind} of ${a.subject}`);
  for (const what of doubles(open)) yield `two open alerts: ${what}`;
}

function outcomeOf({ world, runs, alerts, outbox }: Evidence, exemptions: readonly string[]): Outcome {
  const stateOf = (id: number | null): string => runs.find((r) => r.id === id)?.state ?? '';
  const oldestFirst = alerts.toSorted((a, b) => a.id - b.id);
  return {
    drift: (world.drift.get(STACK) ?? []).map((f) => f.fingerprint),
    open: oldestFirst
      .filter((a) => a.state === 'open')
      .map((a) => ({ what: `${a.kind} ${a.fingerprint}`, state: stateOf(a.runId) })),
    exemptions,
    told: oldestFirst.map((a) => `${a.kind} ${a.fingerprint}`),
    repeated: world.messages.flatMap((m) => doubles(m.replies.map((r) => r.text))),
    digests: outbox.filter((o) => o.delivery.type === 'post').length,
  };
}

/** Judges the world and the database that a story has left in a folder. */
export async function judge(dir: string, story: Story): Promise<Verdict> {
  const file = join(dir, 'm0.db');
  const world = new World(dir);
  const store = await openStore({ url: `file:${file}`, log: createLogger('silent') });
  const client = new Sqlite(file, { readonly: true });
  try {
    const rows = client
      .prepare<[], { key: string; delivery: string; done_at: number | null }>(
        'SELECT key, message AS delivery, done_at FROM outbox ORDER BY id',
      )
      .all();
    const [runs, alerts, record] = await Promise.all([store.runs({}), store.alerts({}), store.audit({})]);
    const evidence: Evidence = {
      ...{ world, story, store, runs, alerts, record },
      outbox: rows.map((r) => ({
        key: r.key,
        delivery: JSON.parse(r.delivery) as OutboxMessage,
        done: r.done_at !== null,
      })),
    };
    const messages = (await Promise.all(alerts.map((a) => store.messages(a.id)))).flat();
    const exemptions = (await store.exemptions(STACK)).map((k) => `${k.kind} ${k.address} ${k.fingerprint}`);
    const cutOff = runs.filter((r) => r.state === 'apply_unknown').map((r) => r.id);
    const begun = world.applies.filter((a) => !a.ended).map((a) => a.run);
    const posts = (await Promise.all(alerts.map((a) => store.begunPosts(a.id)))).flat();
    const chain = await store.verifyAudit();
    return {
      outcome: outcomeOf(evidence, exemptions),
      obeyed: world
        .of('typed')
        .filter((typed) => typed.step < CLOSING && linesOf(typed, record).length > 0)
        .map(({ step }) => {
          const late = world.of('answered').some((a) => a.step === step && a.again);
          return `${step}${late && world.has('armed', step) ? ' again' : ''}`;
        }),
      cutOff,
      problems: [
        ...(chain.ok ? [] : [`the record does not hold at entry ${chain.entry}: ${chain.problem}`]),
        ...chatProblems(evidence),
        ...repetitions(evidence),
        ...historyProblems(evidence, messages),
        ...decisionProblems(evidence),
        ...applyProblems(evidence),
        ...pauseProblems(evidence),
        ...cutOffProblems(evidence, [...new Set([...cutOff, ...begun])]),
        ...leftovers(evidence),
        ...posts.map(({ key }) => `the post ${key} is never ended`),
      ],
    };
  } finally {
    client.close();
    await store.close();
  }
}
