/** Keeps the policies up to date with their Git repositories. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { POLICY_RULES, type StaleBundle } from '../decisions/decision.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { Clock, PolicySource } from '../model/directory.ts';
import { shortCommit } from '../text/words.ts';
import { askPolicies } from './ask.ts';
import { type Bundle, PACKAGES, type RuleDefinition } from './bundle.ts';
import { type BundleCache, createBundleCache } from './cache.ts';
import { compilePolicy } from './compile.ts';
import type { Compiler } from './compiler.ts';
import { createLastGood, type LastGood } from './last-good.ts';
import { PolicyRefusal } from './refusal.ts';
import { policyDirectory } from './stage.ts';

/** The Git functions that policies need. Both reject with what was attempted and git's error text. */
export interface PolicyMirrors {
  /** Fetches now and resolves the ref. */
  fetch(url: string, ref: string): Promise<CodeVersion>;
  /** Makes `into` the tree of a commit fetched before. */
  checkout(url: string, commit: string, into: string): Promise<void>;
}

/** A bundle and the full commit it was compiled from. */
export interface PinnedBundle {
  readonly bundle: Bundle;
  readonly commit: string;
}

/** The state of a policy source. `pinned` is null where no commit was ever good. */
export interface SyncResult {
  readonly pinned: PinnedBundle | null;
  /** Set while the newest commit is refused or cannot be fetched; `pinned` is then the last good one. */
  readonly stale: StaleBundle | null;
}

export interface SyncOptions {
  readonly dir: string;
  /** The compiler, from its first use on. Rejects where opa cannot be run. */
  readonly compiler: () => Promise<Compiler>;
  readonly mirrors: PolicyMirrors;
  readonly log: Logger;
  readonly clock: Clock;
  /** Shortest time between two fetches of one repository, in ms. */
  readonly everyMs: number;
}

interface SourceState {
  syncedAt: number | null;
  last: SyncResult;
  /** Undefined: the last good commit of an earlier process has not been loaded yet. */
  lastGood: PinnedBundle | null | undefined;
  refused: { readonly commit: string; readonly error: string; readonly since: number } | null;
  unusableSince: number | null;
  running: Promise<SyncResult> | null;
}

interface Sync extends SyncOptions {
  readonly cache: BundleCache;
  readonly lastGood: LastGood;
  /** Like `mirrors.fetch`, but policies of one repository share a fetch. */
  readonly fetch: PolicyMirrors['fetch'];
}

/** Returns the current bundle of a policy source, fetched at most every `everyMs`. Never rejects. */
export function createPolicySync(options: SyncOptions): (source: PolicySource) => Promise<SyncResult> {
  const sync: Sync = {
    ...options,
    cache: createBundleCache(join(options.dir, 'compiled')),
    lastGood: createLastGood(join(options.dir, 'last-good')),
    fetch: sharedFetch(options.mirrors),
  };
  const states = new Map<string, SourceState>();
  let swept: Promise<void> | null = null;

  return async (source) => {
    swept ??= sweep(options);
    await swept;
    const key = keyOf(source);
    let state = states.get(key);
    if (state === undefined) {
      state = {
        syncedAt: null,
        last: { pinned: null, stale: null },
        lastGood: undefined,
        refused: null,
        unusableSince: null,
        running: null,
      };
      states.set(key, state);
    }
    if (state.running !== null) return state.running;
    const ago = state.syncedAt === null ? -1 : options.clock() - state.syncedAt;
    // After the clock was set back the last fetch must not count as recent.
    if (ago >= 0 && ago < options.everyMs) return state.last;
    const current = state;
    current.running = syncNow(sync, source, current).finally(() => {
      current.running = null;
    });
    return current.running;
  };
}

function keyOf(source: PolicySource): string {
  return JSON.stringify([source.git, source.ref, source.path]);
}

/** Deletes the temporary files of an earlier process. */
async function sweep(options: SyncOptions): Promise<void> {
  try {
    await rm(join(options.dir, 'scratch'), { recursive: true, force: true });
  } catch (error) {
    options.log.warn({ err: error }, 'temporary files of policies could not be deleted');
  }
}

/** Simultaneous fetches of one ref share one result. */
function sharedFetch(mirrors: PolicyMirrors): PolicyMirrors['fetch'] {
  const inFlight = new Map<string, Promise<CodeVersion>>();
  return (url, ref) => {
    const key = JSON.stringify([url, ref]);
    const running = inFlight.get(key);
    if (running !== undefined) return running;
    const fetched = mirrors.fetch(url, ref).finally(() => inFlight.delete(key));
    inFlight.set(key, fetched);
    return fetched;
  };
}

async function syncNow(sync: Sync, source: PolicySource, state: SourceState): Promise<SyncResult> {
  const now = sync.clock();
  let stale: StaleBundle | null;
  try {
    state.lastGood ??= await loadLastGood(sync, source);
    stale = await refresh(sync, source, state, now);
    state.unusableSince = null;
  } catch (error) {
    const text = errorText(error);
    // Logged once per outage, because it is tried every few seconds.
    if (state.unusableSince === null) {
      sync.log.warn({ policy: source.name, error: text }, 'policy repository not usable');
    }
    state.unusableSince ??= now;
    stale = { id: state.unusableSince.toString(16), error: text, since: state.unusableSince };
  }
  state.last = { pinned: state.lastGood ?? null, stale };
  state.syncedAt = sync.clock();
  return state.last;
}

/** Puts the newest commit's bundle into `state`, or returns why the commit is not used. */
async function refresh(
  sync: Sync,
  source: PolicySource,
  state: SourceState,
  now: number,
): Promise<StaleBundle | null> {
  const { commit } = await sync.fetch(source.git, source.ref);
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit)) throw new Error(`${commit} is no full commit`);
  if (state.lastGood?.commit === commit) {
    state.refused = null;
    return null;
  }
  if (state.refused?.commit !== commit) {
    try {
      const bundle = await bundleOf(sync, source, commit);
      await sync.lastGood.put(keyOf(source), commit);
      state.lastGood = { bundle, commit };
      state.refused = null;
      sync.log.info({ policy: source.name, commit }, 'policy bundle in use');
      return null;
    } catch (error) {
      // Only errors of the policy itself are remembered; a full disk or a missing opa is tried again.
      if (!(error instanceof PolicyRefusal)) throw error;
      state.refused = { commit, error: error.message, since: now };
      sync.log.warn({ policy: source.name, commit, error: error.message }, 'policy commit refused');
    }
  }
  const { error, since } = state.refused ?? { error: '', since: now };
  return { id: commit, error: `commit ${shortCommit(commit)} is refused: ${error}`, since };
}

/** The last good bundle of an earlier process; null where there is none or it cannot be loaded any more. */
async function loadLastGood(sync: Sync, source: PolicySource): Promise<PinnedBundle | null> {
  const commit = await sync.lastGood.get(keyOf(source));
  if (commit === null) return null;
  try {
    return { bundle: await bundleOf(sync, source, commit), commit };
  } catch (error) {
    sync.log.warn(
      { policy: source.name, commit, error: errorText(error) },
      'the last good policy commit cannot be loaded',
    );
    return null;
  }
}

async function bundleOf(sync: Sync, source: PolicySource, commit: string): Promise<Bundle> {
  const compiler = await sync.compiler();
  const key = { commit, path: source.path, opaVersion: await compiler.opa.version() };
  const cached = await sync.cache.get(key);
  if (cached !== undefined) return cached;
  const scratch = join(sync.dir, 'scratch');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(scratch, 'checkout-'));
  try {
    const tree = join(work, 'tree');
    await sync.mirrors.checkout(source.git, commit, tree);
    return await sync.cache.put(key, async (into, identity) => {
      const bundle = await compilePolicy(compiler, await policyDirectory(tree, source.path), into, identity);
      await proveBundle(compiler, bundle);
      return bundle;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** All that m0 evaluates, with the kind that it has where data or another package defines it. */
const EVERY_RULE = PACKAGES.flatMap((name) =>
  POLICY_RULES.map(
    (rule): RuleDefinition => ({
      ...{ package: name, rule, kind: 'value', title: null, mute: false },
      ...{ file: '', line: 0 },
    }),
  ),
);

/**
 * Asks a compiled policy about an empty plan, which proves that it runs, and that nothing but its rules has the name
 * of a rule: m0 asks rules only, so a `deny` in a data file or in package `m0.deny` would be lost. Throws a
 * PolicyRefusal.
 */
export async function proveBundle(compiler: Compiler, bundle: Bundle): Promise<void> {
  const input = { plan: {}, approvers: [], m0: { drift: true, run: 1, findings: [] } };
  const question = { run: 1, json: () => [JSON.stringify(input)] };
  const asked = { ...bundle, rules: EVERY_RULE, copies: {} };
  const [tried] = await askPolicies([{ bundle: asked, data: null }], question, { ...compiler, now: 0 });
  if (tried?.ok !== true) {
    throw new PolicyRefusal(`it does not run, not even on an empty plan: ${tried?.error ?? 'no answer'}`);
  }
  const own = new Set(bundle.rules.map((r) => `${r.package}.${r.rule}`));
  const other = Object.keys(tried.values).find((name) => !own.has(name));
  if (other === undefined) return;
  throw new PolicyRefusal(
    `a data file or a package defines ${other}, which m0 reads from rules only; rename it`,
  );
}
