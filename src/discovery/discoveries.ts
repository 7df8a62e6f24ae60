/** Finds stacks in the repositories that m0.yaml names, and brings the directory to what they hold now. */
import { randomUUID } from 'node:crypto';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { RunGit } from '../git/dependencies.ts';
import { watchChangeCard } from '../messages/watch-change-card.ts';
import type { AuditAction } from '../model/audit-actions.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import type { LiveDirectory } from '../model/live-directory.ts';
import { M0 } from '../model/run.ts';
import type { Change, Store } from '../ports/store.ts';
import { codeName } from '../text/words.ts';
import type { Snapshot } from './folder.ts';
import type { KnownStack } from './names.ts';
import { readMoves, readSnapshot } from './read-snapshot.ts';
import type { Rule } from './rule.ts';
import { type StackChanges, stackChanges } from './stack-changes.ts';
import {
  type DiscoveryState,
  type GoneStack,
  type KnownWorkspaces,
  NOTHING_KNOWN,
  readState,
  stateChange,
} from './state.ts';
import { type Survey, sourceOf, survey } from './survey.ts';
import { viewsByPlace } from './watch-changes.ts';

/** The repositories, as `src/git/mirrors.ts` has them. */
export interface Repositories {
  fetch(url: string, ref: string): Promise<{ readonly commit: string }>;
  reading<T>(url: string, doing: string, work: (git: RunGit) => Promise<T>): Promise<T>;
}

export interface DiscoveryParts {
  readonly rules: readonly Rule[];
  /** The directory with the stacks that m0.yaml writes out, and without `watching` and `gone`. */
  readonly base: Directory;
  readonly repositories: Repositories;
  readonly store: Pick<Store, 'value' | 'commit' | 'alerts' | 'run' | 'exemptions'>;
  readonly keyOf: (address: string) => string;
  readonly shown: (address: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The workspaces that exist in the root of the stack; left out: `workspaces: auto` watches the default one. */
  readonly workspaces?: (stack: Stack, signal: AbortSignal) => Promise<readonly string[]>;
}

/** A change of the stacks that are watched, after it was stored and the directory was replaced. */
export interface FoundChange {
  readonly found: readonly Stack[];
  readonly gone: readonly string[];
}

export interface Discoveries {
  /** The repositories to watch. `pollMs` null: m0.yaml says that pushes are not looked for. */
  readonly sources: readonly { readonly git: string; readonly ref: string; readonly pollMs: number | null }[];
  /** The directory as it is known from the store, or after reading the repositories that were never read. */
  open(): Promise<Directory>;
  /**
   * Goes on with the rules and the stacks of another m0.yaml: reads the repositories that are new, stores what `also`
   * makes of all stacks with what changes, tells the stacks that appear and vanish, and replaces the directory. If it rejects, everything stays
   * as it was. Call after `follow`.
   */
  replace(
    next: Pick<DiscoveryParts, 'rules' | 'base'>,
    also: (stacks: readonly Stack[]) => readonly Change[],
  ): Promise<void>;
  /** The directory that `open` made goes on as this one. Call once, before `look`. */
  follow(live: LiveDirectory, onChange: (change: FoundChange) => Promise<void>): void;
  /**
   * Reads the repository at this head, if it is another one than before. Rejects if it can't be read or stored; then
   * everything stays as it was.
   */
  look(source: { readonly git: string; readonly ref: string }, commit: string): Promise<void>;
  /**
   * Lists the workspaces of the roots with `workspaces: auto` that are new, or were listed hours ago, one after the
   * other. Never rejects: a root that can't be listed keeps the workspaces it had.
   */
  listWorkspaces(): Promise<void>;
  /** Stops the listing of workspaces. */
  stop(): void;
}

/** How often the workspaces of a root are listed, and how often where that failed. */
const LIST_EVERY_MS = 6 * 3_600_000;
const LIST_AGAIN_MS = 3_600_000;

/** The same rules for one repository and ref, and how often it is polled. */
function sourcesOf(rules: readonly Rule[], keyOf: DiscoveryParts['keyOf']) {
  const bySource = Map.groupBy(rules, (rule) => sourceOf(rule.source, keyOf));
  return [...bySource].map(([key, same]) => {
    const polls = same.flatMap(({ pollMs }) => pollMs ?? []);
    const [{ source }] = same as [Rule, ...Rule[]];
    return { key, git: source.git, ref: source.ref, pollMs: polls.length === 0 ? null : Math.min(...polls) };
  });
}

export function createDiscoveries(parts: DiscoveryParts): Discoveries {
  const { repositories, store, keyOf, shown, clock, log } = parts;
  let { rules, base } = parts;
  let sources = sourcesOf(rules, keyOf);
  /** True once `state` is what the store has. Without rules it is not read. */
  let isRead = false;
  const unreadable = new Map<string, string>();
  let state: DiscoveryState = NOTHING_KNOWN;
  let current: Directory = base;
  let live: LiveDirectory | null = null;
  let onChange: ((change: FoundChange) => Promise<void>) | null = null;
  /** One change at a time, because each builds on the one before. */
  let queue: Promise<unknown> = Promise.resolve();
  let auto: Survey['auto'] = [];
  const stopped = new AbortController();

  const surveyOf = (snapshots: DiscoveryState['snapshots'], moves: ReadonlyMap<string, string>): Survey =>
    survey({
      ...{ rules, keyOf, shown, unreadable },
      written: base.stacks,
      snapshots: new Map(Object.entries(snapshots)),
      known: state.known,
      gone: state.gone,
      movedTo: (source, path) => moves.get(JSON.stringify([source, path])),
      workspacesOf: (source, path) => state.workspaces[source]?.[path] ?? null,
    });

  const directoryOf = ({ stacks, watching }: Survey, gone: readonly GoneStack[]): Directory => ({
    ...base,
    stacks,
    ...(rules.length === 0 ? {} : { watching }),
    gone: Object.fromEntries(gone.map((one) => [one.name, one.why])),
  });

  const changesTo = (next: Survey, snapshots: DiscoveryState['snapshots']): StackChanges =>
    stackChanges({ stacks: current.stacks, known: state.known }, next, { sources, snapshots, keyOf, shown });

  /** The stack as it was, or as its rule would make it, to know which channels it had. */
  function lastStackOf(one: KnownStack): Stack | null {
    const known = current.stacks.find((s) => s.name === one.name);
    if (known !== undefined) return known;
    const { path, workspace, templateName, environment } = one;
    const rule = rules.find((r) => sourceOf(r.source, keyOf) === one.source);
    return (
      rule?.stackOf({ path, workspace, templateName, environment, parts: [] }, one.name, null).stack ?? null
    );
  }

  /** Stores and tells what changed, and replaces the directory. */
  async function change(
    next: Survey,
    snapshots: DiscoveryState['snapshots'],
    code: readonly string[],
    also: readonly Change[] = [],
  ): Promise<void> {
    const changes = changesTo(next, snapshots);
    const fresh = changes.problems.filter((p) => !state.told.includes(`${p.where}: ${p.why}`));
    const names = new Set(next.stacks.map((s) => s.name));
    const nextState: DiscoveryState = {
      ...state,
      snapshots,
      known: next.known,
      gone: [...changes.gone, ...state.gone.filter((one) => !names.has(one.name))],
      told: changes.problems.map((p) => `${p.where}: ${p.why}`),
    };
    const views = await viewsByPlace({
      changes: { ...changes, problems: fresh },
      ...{ stacks: next.stacks, code, store, lastStackOf, now: clock() },
      pathOf: (stack) =>
        next.known.find((k) => k.name === stack)?.path ??
        next.stacks.find((s) => s.name === stack)?.source.path ??
        stack,
    });
    const at = clock();
    // Stored together with the state, so that each is stored once.
    const key = randomUUID();
    const messages = views.map(({ place, view }, i): Change => {
      const delivery = { type: 'post', place, card: watchChangeCard(view) } as const;
      return { type: 'outbox.add', key: `discovery:${key}:${i}`, delivery, at };
    });
    const about = { fingerprint: null, commit: null, place: null, bundles: null, scope: null, runId: null };
    const record = (stack: string, action: AuditAction, detail: string): Change => ({
      type: 'audit',
      entry: { ...about, at, actor: M0, action, stack, detail },
    });
    const entries = [
      ...changes.gone.map((one) => record(one.name, 'not-watched', one.why)),
      ...changes.moved.map(([name, from]) => record(name, 'moved', `its folder was ${from} before`)),
    ];
    const done = await store.commit([stateChange(nextState), ...messages, ...entries, ...also]);
    if (!done.ok) throw new Error('storing which stacks were found: the store refused it');
    state = nextState;
    current = directoryOf(next, nextState.gone);
    auto = next.auto;
    log.info(
      {
        ...{ found: changes.found.length, gone: changes.gone.map((one) => one.name) },
        ...{ moved: changes.moved.map(([name]) => name), stacks: next.stacks.length },
      },
      'the stacks that were found changed',
    );
    live?.replace(current);
    await onChange?.({ found: changes.found, gone: changes.gone.map((one) => one.name) });
  }

  async function read(
    source: { readonly key: string; readonly git: string },
    commit: string,
  ): Promise<{ readonly snapshot: Snapshot; readonly moves: ReadonlyMap<string, string> }> {
    const before = state.snapshots[source.key]?.commit;
    return repositories.reading(source.git, 'looking for stacks in', async (git) => {
      const moves = before === undefined ? new Map<string, string>() : await readMoves(git, before, commit);
      return {
        snapshot: await readSnapshot(git, commit),
        moves: new Map([...moves].map(([from, to]) => [JSON.stringify([source.key, from]), to])),
      };
    });
  }

  async function lookNow(source: (typeof sources)[number], commit: string): Promise<void> {
    const wasUnreadable = unreadable.delete(source.key);
    if (state.snapshots[source.key]?.commit === commit && !wasUnreadable) return;
    const { snapshot, moves } = await read(source, commit);
    const snapshots = { ...state.snapshots, [source.key]: snapshot };
    const code = [codeName({ repository: shown(source.git), commit })];
    await change(surveyOf(snapshots, moves), snapshots, code);
  }

  /** A repository that can't be read must not end the alerts of stacks that m0.yaml may only have moved there. */
  function refuseLoss(next: Survey, snapshots: DiscoveryState['snapshots']): void {
    const [trouble] = unreadable.values();
    const { gone } = changesTo(next, snapshots);
    if (trouble === undefined || gone.length === 0) return;
    const names = gone.map((one) => one.name).join(', ');
    throw new Error(
      `looking for stacks: ${trouble}. Without that repository these stacks would not be watched any more: ${names}`,
    );
  }

  /** Reads the repositories that `snapshots` does not have, and adds them. One that can't be read is logged. */
  async function readMissing(snapshots: Record<string, Snapshot>): Promise<readonly string[]> {
    const code: string[] = [];
    for (const source of sources.filter(({ key }) => snapshots[key] === undefined)) {
      try {
        const { commit } = await repositories.fetch(source.git, source.ref);
        snapshots[source.key] = (await read(source, commit)).snapshot;
        unreadable.delete(source.key);
        code.push(codeName({ repository: shown(source.git), commit }));
      } catch (error) {
        unreadable.set(source.key, errorText(error));
        log.error(
          { err: error, ref: source.ref },
          'no stacks can be found in a repository; it is tried again',
        );
      }
    }
    return code;
  }

  /** Reads what is stored and what is missing, applies the rules, and stores and tells what changed. */
  async function changeRules(also: (stacks: readonly Stack[]) => readonly Change[]): Promise<void> {
    if (!isRead) state = await readState(store);
    isRead = true;
    const keys = new Set(sources.map((s) => s.key));
    for (const key of unreadable.keys()) if (!keys.has(key)) unreadable.delete(key);
    const kept = Object.entries(state.snapshots).filter(([key]) => keys.has(key));
    const snapshots: Record<string, Snapshot> = Object.fromEntries(kept);
    const code = await readMissing(snapshots);
    const next = surveyOf(snapshots, new Map());
    refuseLoss(next, snapshots);
    await change(next, snapshots, code, also(next.stacks));
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  }

  function isListed(source: string, path: string): boolean {
    const known = state.workspaces[source]?.[path];
    if (known === undefined) return false;
    return clock() - known.at < (known.problem === null ? LIST_EVERY_MS : LIST_AGAIN_MS);
  }

  async function listed(stack: Stack, before: readonly string[] | undefined): Promise<KnownWorkspaces> {
    const at = clock();
    try {
      return { names: (await parts.workspaces?.(stack, stopped.signal)) ?? ['default'], at, problem: null };
    } catch (error) {
      const why = errorText(error).split('\n')[0] ?? '';
      log.warn({ err: error, stack: stack.name }, 'the workspaces of a root can’t be listed');
      return { names: before ?? ['default'], at, problem: why };
    }
  }

  /** Stores what was listed, and watches what it brings. */
  async function keepWorkspaces(source: string, path: string, found: KnownWorkspaces): Promise<void> {
    const before = state;
    state = {
      ...before,
      workspaces: { ...before.workspaces, [source]: { ...before.workspaces[source], [path]: found } },
    };
    try {
      const next = surveyOf(state.snapshots, new Map());
      await change(next, state.snapshots, []);
    } catch (error) {
      state = before;
      throw error;
    }
  }

  return {
    get sources() {
      return sources;
    },
    async listWorkspaces() {
      for (const { source, path, stack } of auto) {
        if (stopped.signal.aborted) return;
        if (isListed(source, path)) continue;
        const found = await listed(stack, state.workspaces[source]?.[path]?.names);
        if (stopped.signal.aborted) return;
        await inTurn(() => keepWorkspaces(source, path, found)).catch((error: unknown) => {
          log.error(
            { err: error, stack: stack.name },
            'listed workspaces could not be stored; it is tried again',
          );
        });
      }
    },
    stop: () => stopped.abort(),
    open: () =>
      inTurn(async () => {
        if (rules.length === 0) return base;
        await changeRules(() => []);
        return current;
      }),
    replace: (next, also) =>
      inTurn(async () => {
        const before = { rules, base, sources };
        ({ rules, base } = next);
        sources = sourcesOf(rules, keyOf);
        try {
          await changeRules(also);
        } catch (error) {
          ({ rules, base, sources } = before);
          throw error;
        }
      }),
    follow(directory, listener) {
      live = directory;
      onChange = listener;
    },
    look: ({ git, ref }, commit) =>
      inTurn(async () => {
        const key = sourceOf({ git, ref }, keyOf);
        const source = sources.find((one) => one.key === key);
        if (source !== undefined) await lookNow(source, commit);
      }),
  };
}
