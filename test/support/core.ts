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
import type { ScheduleOnCall } from '../../src/model/rota.ts';
import { type Actor, M0, type Run, type RunState, type Trigger } from '../../src/model/run.ts';
import type { OnCall } from '../../src/people/on-call.ts';
import type { ChatPort, CommandHandler } from '../../src/ports/chat.ts';
import type { MetricsPort } from '../../src/ports/meter.ts';
import type { Worker } from '../../src/runs/worker-parts.ts';
import { openStore } from '../../src/store/open.ts';
import type { AuditedStore } from '../../src/store/sqlite.ts';
import { directory as aDirectory, stack as aStack } from './directory.ts';
import { buttonsOf, FakeChat, textOf } from './fake-chat.ts';
import { FakeCloud } from './fake-cloud.ts';
import { DANA, NOON } from './runs.ts';

export const EVE: Actor = { person: 'eve', platform: 'slack', userId: 'U0EVE', name: 'Eve' };
export const STACK = 'prod-network';
const BUSY: readonly RunState[] = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];

/** A stack whose one policy allows what a test lets it allow. */
export function stackWith(change: Partial<Stack> = {}): Stack {
  const policies = [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' as const }];
  return aStack({ policies, ...change });
}

/** m0's core with its real memory, on a cloud and a chat of the test's making. */
export class Core {
  readonly store: AuditedStore;
  readonly cloud: FakeCloud;
  readonly chat = new FakeChat(['C0OPS', 'C0DEV']);
  /** Chats beside that one. */
  readonly chats = new Map<Platform, ChatPort>([['slack', this.chat]]);
  readonly #dir: string;
  /** Lines of the log, as they would stand on stdout. */
  readonly lines: string[] = [];
  readonly log = createLogger('debug', { write: (line) => void this.lines.push(line) });
  /** Set before a `boot`: whom the core tells of its work. */
  meter: MetricsPort | undefined;
  directory: Directory;
  now = NOON;
  #built!: BuiltCore;
  /** Its schedules; where a test has none, nobody should ask. */
  pagerduty: ScheduleOnCall = async (id) => {
    throw new Error(`nobody told what is on schedule ${id}`);
  };
  /** Stands between the core and its memory, so that a test can break it. */
  broken: ((method: string) => Error | null) | null = null;

  private constructor(dir: string, store: AuditedStore, directory: Directory) {
    this.#dir = dir;
    this.directory = directory;
    this.store = this.#guarded(store);
    this.cloud = new FakeCloud(
      () => store,
      () => this.now,
    );
  }

  /** The file of its memory. */
  get file(): string {
    return join(this.#dir, 'm0.db');
  }

  /** `memory`: a file to begin with a copy of, as after a restore; without one it knows nothing. */
  static async open(
    stacks: readonly Stack[] = [stackWith()],
    more: Partial<Directory> = {},
    memory: string | null = null,
  ): Promise<Core> {
    const dir = await mkdtemp(join(tmpdir(), 'm0-core-'));
    if (memory !== null) await copyFile(memory, join(dir, 'm0.db'));
    const store = await openStore({ url: `file:${join(dir, 'm0.db')}`, log: createLogger('silent') });
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
          const error = this.broken?.(String(name)) ?? null;
          return error ? Promise.reject(error) : Reflect.apply(method, target, args);
        };
      },
    });
  }

  /** The first of the stacks. */
  get stack(): Stack {
    const [stack] = this.directory.stacks;
    if (!stack) throw new Error('there is no stack');
    return stack;
  }

  /** A new process on the same memory: whatever the one before was doing, it does no more. */
  boot(): void {
    const { store, cloud, chats, directory, log, meter } = this;
    this.#built = createCore({
      ...{ store, runner: cloud, policies: cloud, directory, chats, log, meter, concurrency: 4 },
      clock: () => this.now,
      usergroup: (id) => this.#slack.usergroup(id),
      pagerduty: (id) => this.pagerduty(id),
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
    await this.rest();
  }

  /** Resolves when no run has anything under way. */
  async rest(stack?: string): Promise<void> {
    for (let i = 0; i < 500; i += 1) {
      const runs = await this.store.runs({ states: BUSY, ...(stack === undefined ? {} : { stack }) });
      if (runs.length === 0) return;
      await sleep(3);
    }
    const runs = await this.store.runs({ states: BUSY });
    throw new Error(`never rests: ${runs.map((r) => `#${r.id} ${r.state}`).join(', ')}`);
  }

  /** Resolves once a run of the stack is in the state. */
  async reaches(state: RunState, stack = STACK): Promise<Run> {
    for (let i = 0; i < 500; i += 1) {
      const [run] = await this.store.runs({ stack, states: [state] });
      if (run) return run;
      await sleep(3);
    }
    throw new Error(`no run of ${stack} is ever ${state}`);
  }

  /** Queues a check and walks it, and whatever follows from it, to its rest. */
  async check(trigger: Trigger = 'schedule', name = STACK): Promise<Run> {
    const stack = this.directory.stacks.find((s) => s.name === name) as Stack;
    const run = await this.worker.check(stack, trigger, M0);
    await this.rest(name);
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

  /** What m0 does every few seconds: ends of snoozes, and what waits unanswered; and tells of it. */
  async look(): Promise<void> {
    await this.#built.checkWaiting();
    await this.rest();
    await this.deliver();
  }

  /** Delivers what is due now, each once. */
  deliver(): Promise<void> {
    return this.#built.dispatcher.deliver();
  }

  /** The answer to typed words, or to a click where `clicked`. Null: nothing to say. */
  async say(text: string, actor: Actor = DANA, clicked = false): Promise<Card | null> {
    const reply = await this.handler({
      text,
      actor,
      place: { platform: 'slack', channel: 'C0OPS' },
      answers: null,
      from: clicked ? { channel: 'C0OPS', messageId: 'ts-1' } : null,
    });
    if (reply.type === 'none') return null;
    // Everything these tests say is answered to its sender alone.
    expect(reply.type).toBe('private');
    return reply.type === 'private' ? reply.card : null;
  }

  /** As `say`, as one text; '' where there is nothing to say. */
  async told(text: string, actor: Actor = DANA, clicked = false): Promise<string> {
    const card = await this.say(text, actor, clicked);
    return card === null ? '' : textOf(card);
  }

  /** Clicks the button of the newest card in #ops whose command begins so. */
  async click(command: string, actor: Actor = DANA): Promise<Card | null> {
    const button = this.chat
      .in('C0OPS')
      .flatMap((m) => buttonsOf(m.card))
      .findLast((b) => b.command.startsWith(command));
    if (!button) throw new Error(`no card has a button for ${command}`);
    return this.say(button.command, actor, true);
  }

  /** What always holds: an apply touches what was decided, all of it and nothing else, and no plan file stays. */
  async holds(): Promise<void> {
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
    this.broken = null;
    // What a test left hanging never ends.
    await Promise.race([this.worker.drain(), sleep(100)]);
    await this.store.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
