/** m0's core with its real store (SQLite, or PostgreSQL), driven directly by tests; Terraform, Git, policies and chat are fakes. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { PolicyWatch } from '../../src/alerts/policy-watch.ts';
import { createLogger } from '../../src/base/log.ts';
import { type Core as BuiltCore, createCore } from '../../src/core.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Directory, Platform, Stack } from '../../src/model/directory.ts';
import { createLiveDirectory, type LiveDirectory } from '../../src/model/live-directory.ts';
import type { ScheduleOnCall } from '../../src/model/rota.ts';
import { type Actor, M0, type Run, type RunState, type Trigger } from '../../src/model/run.ts';
import type { OnCall } from '../../src/people/on-call.ts';
import type { CauseSource } from '../../src/ports/cause.ts';
import type { ChatPort, CommandHandler, Reply } from '../../src/ports/chat.ts';
import type { MetricsPort } from '../../src/ports/meter.ts';
import type { Change } from '../../src/ports/store.ts';
import type { Worker } from '../../src/runs/worker-parts.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { directory as aDirectory, stack as aStack } from './directory.ts';
import { buttonsOf, FakeChat, textOf } from './fake-chat.ts';
import { FakeCloud } from './fake-cloud.ts';
import { FakeForge } from './fake-forge.ts';
import { databaseIn } from './postgres-server.ts';
import { DANA, NOON } from './runs.ts';

export const EVE: Actor = { person: 'eve', platform: 'slack', userId: 'U0EVE', name: 'Eve' };
export const STACK = 'prod-network';
const BUSY: readonly RunState[] = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];

/** A stack with one policy, whose answer the test sets in `FakeCloud.policies`. */
export function stackWith(change: Partial<Stack> = {}): Stack {
  const policies = [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' as const }];
  return aStack({ policies, ...change });
}

/** The command of the only button of the answer, if it confirms an approval. */
function confirmationIn(reply: Reply): string | undefined {
  if (reply.type !== 'private') return undefined;
  const [only, ...more] = buttonsOf(reply.card).filter(({ command }) => /^approve #\d+ \w+$/.test(command));
  return more.length === 0 ? only?.command : undefined;
}

/** m0's core with its real store, a `FakeCloud` and a `FakeChat`, and a clock (`now`) that the test moves. */
export class Core {
  /** True: new cores use PostgreSQL. `M0_TEST_STORE=postgres` runs all tests of the core so. */
  static onPostgres = process.env.M0_TEST_STORE === 'postgres';
  readonly store: AuditedStore;
  readonly cloud: FakeCloud;
  readonly chat = new FakeChat(['C0OPS', 'C0DEV']);
  /** The chats by platform: `chat` as Slack, and others that a test adds. */
  readonly chats = new Map<Platform, ChatPort>([['slack', this.chat]]);
  readonly #dir: string;
  /** The log lines that m0 would write to stdout. */
  readonly logLines: string[] = [];
  readonly log = createLogger('debug', { write: (line) => void this.logLines.push(line) });
  /** The metrics port of the core; set it before `boot`. */
  meter: MetricsPort | undefined;
  /** m0's own commits and the host of the repository. */
  readonly forge = new FakeForge();
  /** False: m0 writes to no repository. Set it before `boot`. */
  hasForge = true;
  directory: Directory;
  /** The directory of the core; `replace` changes it while m0 runs. */
  live!: LiveDirectory;
  now = NOON;
  #built!: BuiltCore;
  /** Answers for PagerDuty schedules; a test without any fails when m0 asks for one. */
  pagerduty: ScheduleOnCall = async (id) => {
    throw new Error(`nobody told what is on schedule ${id}`);
  };
  /** The logs of clouds; set them before `boot` or `restart`. */
  causeSources: readonly CauseSource[] = [];
  /** Called before each method of the store; an error it returns is what that call rejects with. */
  storeFault: ((method: string) => Error | null) | null = null;
  /** Called before each commit, with its changes: something else may be stored first. */
  beforeCommit: ((changes: readonly Change[]) => Promise<void>) | null = null;

  private constructor(dir: string, store: AuditedStore, directory: Directory) {
    this.#dir = dir;
    this.directory = directory;
    this.store = this.#guarded(store);
    this.cloud = new FakeCloud(
      () => store,
      () => this.now,
    );
  }

  /** The path of the database file. */
  get file(): string {
    return join(this.#dir, 'm0.db');
  }

  /** `memory`: a database file to start from a copy of, as after a restore; null starts empty. */
  static async open(
    stacks: readonly Stack[] = [stackWith()],
    more: Partial<Directory> = {},
    memory: string | null = null,
  ): Promise<Core> {
    const dir = await mkdtemp(join(tmpdir(), 'm0-core-'));
    if (memory !== null) await copyFile(memory, join(dir, 'm0.db'));
    const url = Core.onPostgres && memory === null ? await databaseIn(dir) : `file:${join(dir, 'm0.db')}`;
    const store = await openStore({ url, log: createLogger('silent') });
    const core = new Core(dir, store, aDirectory({ stacks, ...more }));
    core.boot();
    return core;
  }

  #guarded(store: AuditedStore): AuditedStore {
    return new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          const error = this.storeFault?.(String(name)) ?? null;
          if (error) return Promise.reject(error);
          const before = name === 'commit' ? this.beforeCommit?.(args[0] as readonly Change[]) : undefined;
          if (before === undefined) return Reflect.apply(method, target, args);
          return before.then(() => Reflect.apply(method, target, args));
        };
      },
    });
  }

  /** The first stack of the directory. */
  get stack(): Stack {
    const [stack] = this.directory.stacks;
    if (!stack) throw new Error('there is no stack');
    return stack;
  }

  /** Builds a new core on the same store, as a restarted process would. The previous core is no longer used. */
  boot(): void {
    const { store, cloud, chats, log, meter } = this;
    this.live = createLiveDirectory(this.directory);
    this.live.subscribe((now) => {
      this.directory = now;
    });
    const { directory } = this.live;
    this.#built = createCore({
      key: 'test-key',
      ...{ store, runner: cloud, policies: cloud, directory, chats, log, meter, concurrency: 4 },
      clock: () => this.now,
      usergroup: (id) => this.#slack.usergroup(id),
      pagerduty: (id) => this.pagerduty(id),
      causeSources: this.causeSources,
      codify: {
        code: this.forge.code,
        forge: this.hasForge ? this.forge : null,
        edit: (question) => this.forge.edit(question),
      },
    });
  }

  get #slack(): ChatPort {
    return this.chats.get('slack') ?? this.chat;
  }

  get worker(): Worker {
    return this.#built.worker;
  }

  get handler(): CommandHandler {
    return this.#built.handler;
  }

  get onCall(): OnCall {
    return this.#built.onCall;
  }

  get policyWatch(): PolicyWatch {
    return this.#built.policyWatch;
  }

  async restart(directory: Directory = this.directory): Promise<void> {
    this.directory = directory;
    this.boot();
    await this.worker.start();
    await this.untilIdle();
  }

  /** Resolves when no run, or no run of the stack, is queued or being worked on. */
  async untilIdle(stack?: string): Promise<void> {
    for (let i = 0; i < 500; i += 1) {
      const runs = await this.store.runs({ states: BUSY, ...(stack === undefined ? {} : { stack }) });
      if (runs.length === 0) return;
      await sleep(3);
    }
    const runs = await this.store.runs({ states: BUSY });
    throw new Error(`never rests: ${runs.map((r) => `#${r.id} ${r.state}`).join(', ')}`);
  }

  /** Resolves with a run of the stack once one is in the state. */
  async untilState(state: RunState, stack = STACK): Promise<Run> {
    for (let i = 0; i < 500; i += 1) {
      const [run] = await this.store.runs({ stack, states: [state] });
      if (run) return run;
      await sleep(3);
    }
    throw new Error(`no run of ${stack} is ever ${state}`);
  }

  /** Queues a check and waits until it and the runs that follow from it have stopped. */
  async check(trigger: Trigger = 'schedule', name = STACK): Promise<Run> {
    const stack = this.directory.stacks.find((s) => s.name === name) as Stack;
    const run = await this.worker.check(stack, trigger, M0);
    await this.untilIdle(name);
    return this.run(run.id);
  }

  async run(id: number): Promise<Run> {
    const run = await this.store.run(id);
    if (!run) throw new Error(`there is no run #${id}`);
    return run;
  }

  async alerts(state?: Alert['state']): Promise<readonly Alert[]> {
    return this.store.alerts(state === undefined ? {} : { state });
  }

  /** m0's periodic work: ends expired snoozes, escalates unanswered runs, and delivers the messages. */
  async periodicWork(): Promise<void> {
    await this.#built.checkWaiting();
    await this.untilIdle();
    await this.deliver();
  }

  /** m0's questions to the logs of clouds, without what follows from the answers. */
  look(): Promise<void> {
    return this.#built.askCauses();
  }

  /** m0's questions to the logs of clouds, and what follows from the answers. */
  async askCauses(): Promise<void> {
    await this.look();
    await this.untilIdle();
    await this.deliver();
  }

  /** Like `periodicWork`, while a tool is still working. */
  async whileWorking(): Promise<void> {
    await this.#built.checkWaiting();
    await this.deliver();
  }

  /** m0's look at what is on its way into the code, without what follows from it. */
  async codifyOnce(): Promise<void> {
    await this.#built.codify?.look();
  }

  /** m0's look at what is on its way into the code, and the messages about it. */
  async codify(): Promise<void> {
    await this.codifyOnce();
    await this.untilIdle();
    await this.deliver();
  }

  /** m0's look at what was never checked, and the messages about it. */
  async firstChecks(): Promise<void> {
    await this.#built.firstChecks.look();
    await this.deliver();
  }

  /** Tries to deliver each outbox message that is due now, once. */
  deliver(): Promise<void> {
    return this.#built.dispatcher.deliver();
  }

  /** m0's daily work on its trend. */
  keepTrend(): Promise<void> {
    return this.#built.keepTrend();
  }

  /**
   * Sends a command as typed, or as clicked if `clicked`. Returns the private answer; null if there is none. A typed
   * `approve` that is asked for its confirmation is confirmed.
   */
  async say(text: string, actor: Actor = DANA, clicked = false): Promise<Card | null> {
    const reply = await this.handler({
      text,
      actor,
      place: { platform: 'slack', channel: 'C0OPS' },
      answers: null,
      from: clicked ? { channel: 'C0OPS', messageId: 'ts-1' } : null,
    });
    if (reply.type === 'none') return null;
    const confirmation = clicked || !/^approve #\d+$/.test(text) ? undefined : confirmationIn(reply);
    if (confirmation !== undefined) return this.say(confirmation, actor);
    // Every command in these tests is answered privately.
    expect(reply.type).toBe('private');
    return reply.type === 'private' ? reply.card : null;
  }

  /** Like `say`, but returns the answer as one text; '' if there is none. */
  async sayText(text: string, actor: Actor = DANA, clicked = false): Promise<string> {
    const card = await this.say(text, actor, clicked);
    return card === null ? '' : textOf(card);
  }

  /** Clicks the newest button in #ops whose command starts with `command`. */
  async click(command: string, actor: Actor = DANA): Promise<Card | null> {
    const button = this.chat
      .in('C0OPS')
      .flatMap((m) => buttonsOf(m.card))
      .findLast((b) => b.command.startsWith(command));
    if (!button) throw new Error(`no card has a button for ${command}`);
    return this.say(button.command, actor, true);
  }

  /** Asserts the invariants: an apply touches exactly what was decided, and no unneeded plan file is kept. */
  async checkInvariants(): Promise<void> {
    for (const apply of this.cloud.applies) {
      expect(apply.touched, `apply of run #${apply.run}`).toEqual(apply.scope);
      const history = await this.store.audit({ runId: apply.run });
      expect(history.filter((e) => e.action === 'confirmed').length).toBeGreaterThan(0);
    }
    const waiting = await this.store.runs({ states: ['approved', 'applying'] });
    expect([...this.cloud.kept.keys()].sort()).toEqual(waiting.flatMap((r) => r.plan?.artifact ?? []).sort());
    const open = await this.store.alerts({ state: 'open', kind: 'drift' });
    const waits = await this.store.runs({ states: ['awaiting_approval'] });
    for (const run of waits) {
      expect(
        open.map((a) => a.runId),
        `run #${run.id} waits where nobody sees it`,
      ).toContain(run.id);
    }
    expect(new Set(open.map((a) => a.subject)).size, 'one open alert a stack').toBe(open.length);
  }

  async close(): Promise<void> {
    this.storeFault = null;
    // A call that a test left pending never finishes, so the wait is limited.
    await Promise.race([this.worker.drain(), sleep(100)]);
    await this.store.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
