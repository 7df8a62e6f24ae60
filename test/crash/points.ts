/** The points at which m0 can be killed: before and after every effect, and in the middle of each commit. */
import type { ChatPort } from '../../src/ports/chat.ts';
import type { PolicyPort } from '../../src/ports/policy.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import type { Change, Store } from '../../src/ports/store.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';

/** One instant of a story. */
export interface Mark {
  /** Instants with no change outside the process between them share a number: they are one point. */
  readonly point: number;
  /** True for the first instant of its point. */
  readonly first: boolean;
  readonly name: string;
  readonly side: 'before' | 'within' | 'after';
  /** State transitions that the effect stores, such as `queued→planning`. */
  readonly moves: readonly string[];
}

/** Called synchronously at each mark; `open`: the changes of the transaction that is open at that instant. */
export type OnMark = (mark: Mark, open: readonly Change[] | null) => void;

export interface Points {
  readonly marks: readonly Mark[];
  /** Stops counting. */
  stop(): void;
  /** Makes marks before and after an effect. */
  around<T>(
    name: string,
    effect: () => Promise<T>,
    movesOf?: (result: T | null) => readonly string[],
  ): Promise<T>;
  /** Makes marks around a call that only reads. */
  asking<T>(name: string, question: () => Promise<T>): Promise<T>;
  /** Makes a mark in the middle of an effect; `open` as for OnMark. */
  within(name: string, open?: readonly Change[]): void;
  /** Like `around`, for an effect that writes to the database. */
  storing<T>(
    name: string,
    effect: () => Promise<T>,
    movesOf?: (result: T | null) => readonly string[],
  ): Promise<T>;
  /** To be called after each database write: makes a mark within a `storing` effect, else counts it as unmarked. */
  written(): void;
  /** The number of writes since the first mark outside any effect. Each is a point that is not tested. */
  unmarkedWrites(): number;
}

/** Counts the points of one process. */
export function createPoints(onMark: OnMark): Points {
  const marks: Mark[] = [];
  let point = 0;
  let stopped = false;
  /** The number of database effects in progress. */
  let storing = 0;
  let unmarked = 0;
  /** True if the last mark was made right after a write. */
  let justWritten = false;

  function add(
    side: Mark['side'],
    name: string,
    changed: boolean,
    { moves = [], open = null }: { moves?: readonly string[]; open?: readonly Change[] | null } = {},
  ): void {
    if (stopped) return;
    const first = point === 0 || changed;
    if (first) point += 1;
    const mark: Mark = { point, first, name: `${side} ${name}`, side, moves };
    marks.push(mark);
    justWritten = false;
    onMark(mark, open);
  }

  return {
    marks,
    stop() {
      stopped = true;
    },
    async around(name, effect, movesOf = () => []) {
      add('before', name, false, { moves: movesOf(null) });
      const result = await effect();
      add('after', name, true, { moves: movesOf(result) });
      return result;
    },
    async asking(name, question) {
      add('before', name, false);
      const result = await question();
      add('after', name, false);
      return result;
    },
    within: (name, open) => add('within', name, true, open === undefined ? {} : { open }),
    async storing(name, effect, movesOf = () => []) {
      add('before', name, false, { moves: movesOf(null) });
      storing += 1;
      try {
        const result = await effect();
        add('after', name, !justWritten, { moves: movesOf(result) });
        return result;
      } finally {
        storing -= 1;
      }
    },
    written() {
      if (storing > 0) {
        add('within', 'a write: it is on the disk', true);
        justWritten = true;
      } else if (point > 0 && !stopped) unmarked += 1;
    },
    unmarkedWrites: () => unmarked,
  };
}

/** Ends this process with SIGKILL: no more code of m0 runs. */
export function killThisProcess(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) {
    // Waits for the signal.
  }
}

export function movesOf(changes: readonly Change[]): readonly string[] {
  return changes.flatMap((c) => (c.type === 'run.update' ? [`${c.was.state}→${c.run.state}`] : []));
}

/** The key without its timestamp, which differs each time. */
function timeless(key: string): string {
  return key.replace(/:\d{13}\b/, ':…');
}

function nameOf(changes: readonly Change[]): string {
  const parts = changes.map((c) => {
    if (c.type === 'run.update') return `#${c.run.id} ${c.was.state}→${c.run.state}`;
    if (c.type === 'audit') return `audit ${c.entry.action}`;
    if (c.type === 'outbox.add') return timeless(c.key);
    if (c.type === 'value.set') return `value ${c.name}`;
    return c.type === 'tick.set' || c.type === 'digest.set' ? `${c.type} ${c.name}` : c.type;
  });
  return `commit [${parts.join(', ')}]`;
}

/** The same changes; calls `onFirst` when the first is written and the transaction is still open. */
export function watched(changes: readonly Change[], onFirst: () => void): readonly Change[] {
  const list = [...changes];
  list[Symbol.iterator] = function* (): Generator<Change, undefined> {
    for (let i = 0; i < changes.length; i += 1) {
      if (i === 1) onFirst();
      yield changes[i] as Change;
    }
    if (changes.length === 1) onFirst();
    return undefined;
  };
  return list;
}

/** The writing methods of the store, without `commit`. */
type Writes =
  | 'outboxDone'
  | 'outboxFailed'
  | 'beginPost'
  | 'addMessage'
  | 'replaceMessage'
  | 'endPost'
  | 'setValue'
  | 'addRefusal'
  | 'removeRefusal'
  | 'setReachable'
  | 'addLostChannel'
  | 'removeLostChannel';

export function pointedStore(store: AuditedStore, points: Points): AuditedStore {
  const named = <K extends Writes>(method: K, name: (...args: Parameters<Store[K]>) => string): Store[K] =>
    ((...args: Parameters<Store[K]>) =>
      points.storing(name(...args), () =>
        (store[method] as (...a: typeof args) => Promise<void>)(...args),
      )) as Store[K];
  return {
    ...store,
    commit(changes) {
      const name = nameOf(changes);
      const list = watched(changes, () => points.within(name, changes));
      const moves = movesOf(changes);
      return points.storing(
        name,
        () => store.commit(list),
        (result) => (result?.ok === false ? [] : moves),
      );
    },
    overview: (stacks, now) => points.asking('overview', () => store.overview(stacks, now)),
    outboxDone: named('outboxDone', (id) => `delivery ${id} is done`),
    outboxFailed: named('outboxFailed', (id) => `delivery ${id} is put off`),
    beginPost: named('beginPost', (post) => `the chat is asked to post ${timeless(post.key)}`),
    addMessage: named('addMessage', (m) => `storing where alert ${m.alertId} is in ${m.channel}`),
    replaceMessage: named(
      'replaceMessage',
      (id, m) => `storing that message ${id} is another in ${m.channel}`,
    ),
    endPost: named('endPost', (_, key) => `the post ${timeless(key)} is ended`),
    setValue: named('setValue', (name) => `value ${name}`),
    addRefusal: named('addRefusal', ({ person }) => `refusal of ${person}`),
    removeRefusal: named('removeRefusal', (person) => `no refusal of ${person} any more`),
    setReachable: named('setReachable', (person) => `${person} is reachable`),
    addLostChannel: named('addLostChannel', ({ channel }) => `lost channel ${channel}`),
    removeLostChannel: named('removeLostChannel', (_, channel) => `no lost channel ${channel} any more`),
  };
}

/** `isKept`: whether a plan file exists, so that discarding it is an effect. */
export function pointedRunner(
  runner: Runner & CodePort,
  points: Points,
  isKept: (artifact: string) => boolean,
): Runner & CodePort {
  return {
    ...runner,
    head: (stack) => points.asking('head', () => runner.head(stack)),
    plan: (stack, options) =>
      points.around(`plan of ${options.only?.join(' ') ?? 'all'}`, () => runner.plan(stack, options)),
    apply: (stack, plan, signal) =>
      points.around(`apply of ${plan.artifact}`, () => runner.apply(stack, plan, signal)),
    discard: (plan) =>
      points[isKept(plan.artifact) ? 'around' : 'asking'](`discard of ${plan.artifact}`, () =>
        runner.discard(plan),
      ),
  };
}

export function pointedPolicies(policies: PolicyPort, points: Points): PolicyPort {
  return {
    ask: (question) => points.asking('asking the policies', () => policies.ask(question)),
    status: (sources) => points.asking('looking at the policies', () => policies.status(sources)),
  };
}

export function pointedChat(chat: ChatPort, points: Points): ChatPort {
  return {
    ...chat,
    post: (place, card, key) => points.around(`post ${timeless(key)}`, () => chat.post(place, card, key)),
    update: (channel, id, card) =>
      points.around(`update of ${channel} ${id}`, () => chat.update(channel, id, card)),
    reply: (channel, id, text, key) =>
      points.around(`reply ${key}`, () => chat.reply(channel, id, text, key)),
  };
}
