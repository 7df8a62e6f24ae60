/** The environment that outlives a killed m0: the cloud, its code and policies, the chat, and what people did. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyMessage, StaleBundle } from '../../src/decisions/decision.ts';
import type { Finding } from '../../src/drift/finding.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Clock, Place } from '../../src/model/directory.ts';
import type { Actor, SavedPlan } from '../../src/model/run.ts';
import { CODE, NOON } from '../support/runs.ts';

/** The calls of m0 during which a story can do something. */
/** `lock`: a tool takes the state's lock for its apply. */
export type Doing = 'head' | 'plan' | 'lock' | 'apply' | 'ask' | 'commit';

/** An event outside m0. */
export type Happening =
  | { readonly type: 'drift'; readonly stack: string; readonly findings: readonly Finding[] }
  | { readonly type: 'code'; readonly commit: string }
  /** How many objects the stack's state records from now on. */
  | { readonly type: 'state'; readonly stack: string; readonly resources: number }
  /** The conditions of the stack's code that fail from now on. */
  | { readonly type: 'conditions'; readonly stack: string; readonly failing: readonly string[] }
  /** `onceApproved`: the policy's answer after somebody has approved. */
  | {
      readonly type: 'policy';
      readonly name: string;
      readonly says: readonly PolicyMessage[];
      readonly onceApproved?: readonly PolicyMessage[];
    }
  | { readonly type: 'stale'; readonly name: string; readonly stale: StaleBundle | null }
  /** Slack refuses direct messages to that user from now on, or accepts them again. */
  | { readonly type: 'unreachable'; readonly user: string; readonly now: boolean }
  | { readonly type: 'later'; readonly ms: number };

export type Line =
  | Happening
  | {
      readonly type: 'planned';
      readonly stack: string;
      readonly plan: SavedPlan;
      readonly only: readonly string[] | null;
    }
  | { readonly type: 'discarded'; readonly artifact: string }
  | {
      readonly type: 'apply-began';
      readonly artifact: string;
      readonly stack: string;
      readonly run: number;
      readonly touched: readonly string[];
      /** What was decided, by the store, when the tool started. */
      readonly scope: readonly string[];
    }
  | { readonly type: 'put-back'; readonly stack: string; readonly address: string }
  | { readonly type: 'apply-ended'; readonly artifact: string }
  | {
      readonly type: 'posted';
      readonly channel: string;
      readonly id: string;
      readonly key: string;
      readonly card: Card;
    }
  | { readonly type: 'updated'; readonly channel: string; readonly id: string; readonly card: Card }
  | {
      readonly type: 'replied';
      readonly channel: string;
      readonly id: string;
      readonly key: string;
      readonly text: string;
    }
  /** A step of the story is finished. */
  | { readonly type: 'done'; readonly step: number }
  /** `armed`: the step will be played the next time m0 is doing this; `played`: it was played. */
  | { readonly type: 'armed' | 'played'; readonly step: number }
  | {
      readonly type: 'typed';
      readonly step: number;
      readonly by: Actor;
      readonly text: string;
      readonly from: { readonly channel: string; readonly messageId: string } | null;
    }
  /** `again`: the command had to be repeated. */
  | { readonly type: 'answered'; readonly step: number; readonly answer: string; readonly again: boolean };

export type LineOf<W extends Line['type']> = Extract<Line, { readonly type: W }>;

export interface Message {
  readonly channel: string;
  readonly id: string;
  readonly key: string;
  card: Card;
  readonly replies: { readonly key: string; readonly text: string }[];
}

export interface Apply extends LineOf<'apply-began'> {
  ended: boolean;
}

/** The longest duration of a start, in the story's time, in ms. */
const START_MS = 1_000;

/**
 * A log of all events, one line each in a file, and the state derived from it. An event is written before its author
 * gets an answer, so a kill at any instant loses none.
 */
export class World {
  readonly lines: Line[] = [];
  readonly drift = new Map<string, readonly Finding[]>();
  readonly resources = new Map<string, number>();
  readonly failing = new Map<string, readonly string[]>();
  readonly policies = new Map<string, LineOf<'policy'>>();
  readonly stale = new Map<string, StaleBundle>();
  readonly unreachable = new Set<string>();
  readonly plans = new Map<string, SavedPlan>();
  readonly applies: Apply[] = [];
  readonly messages: Message[] = [];
  commit = CODE.commit;
  readonly clock: Clock;
  readonly #file: string;
  #now = NOON;
  #begun = performance.now();

  /** `offset`: the error of this process's clock, in ms. */
  constructor(dir: string, offset = 0) {
    this.#file = join(dir, 'world.jsonl');
    if (existsSync(this.#file)) {
      for (const text of readFileSync(this.#file, 'utf8').split('\n')) {
        if (text === '') continue;
        const { at, ...line } = JSON.parse(text) as Line & { readonly at: number };
        this.#fold(line);
        this.#now = at;
      }
    }
    this.#now += START_MS;
    this.#begun = performance.now();
    this.clock = () => Math.round(this.#time() + offset);
  }

  /** Time passes while m0 runs and when a story says so, but not between two processes of a test. */
  #time(): number {
    return this.#now + (performance.now() - this.#begun);
  }

  add(line: Line): void {
    this.#fold(line);
    appendFileSync(this.#file, `${JSON.stringify({ ...line, at: this.#time() })}\n`);
  }

  of<W extends Line['type']>(type: W): readonly LineOf<W>[] {
    return this.lines.filter((line): line is LineOf<W> => line.type === type);
  }

  has(type: 'done' | 'armed' | 'played' | 'typed' | 'answered', step: number): boolean {
    return this.of(type).some((line) => line.step === step);
  }

  channelOf(place: Place): string {
    return 'channel' in place ? place.channel : `D${place.user}`;
  }

  /** Root messages of a channel, oldest first. */
  in(channel: string): readonly Message[] {
    return this.messages.filter((m) => m.channel === channel);
  }

  message(channel: string, id: string): Message {
    const found = this.messages.find((m) => m.channel === channel && m.id === id);
    if (!found) throw new Error(`there is no message ${id} in ${channel}`);
    return found;
  }

  #fold(line: Line): void {
    this.lines.push(line);
    switch (line.type) {
      case 'drift':
        this.drift.set(line.stack, line.findings);
        return;
      case 'state':
        this.resources.set(line.stack, line.resources);
        return;
      case 'conditions':
        this.failing.set(line.stack, line.failing);
        return;
      case 'code':
        this.commit = line.commit;
        return;
      case 'policy':
        this.policies.set(line.name, line);
        return;
      case 'stale':
        if (line.stale) this.stale.set(line.name, line.stale);
        else this.stale.delete(line.name);
        return;
      case 'unreachable':
        if (line.now) this.unreachable.add(line.user);
        else this.unreachable.delete(line.user);
        return;
      case 'later':
        this.#now += line.ms;
        return;
      case 'planned':
        this.plans.set(line.plan.artifact, line.plan);
        return;
      case 'discarded':
        this.plans.delete(line.artifact);
        return;
      case 'apply-began':
        this.applies.push({ ...line, ended: false });
        return;
      case 'put-back': {
        const left = (this.drift.get(line.stack) ?? []).filter((f) => f.address !== line.address);
        this.drift.set(line.stack, left);
        return;
      }
      case 'apply-ended':
        for (const apply of this.applies) if (apply.artifact === line.artifact) apply.ended = true;
        return;
      case 'posted':
        this.messages.push({ ...line, replies: [] });
        return;
      case 'updated':
        this.message(line.channel, line.id).card = line.card;
        return;
      case 'replied':
        this.message(line.channel, line.id).replies.push({ key: line.key, text: line.text });
        return;
      default:
        // What people did changes no state; it is only listed.
        return;
    }
  }
}
