import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import type { StaleBundle } from '../decisions/decision.ts';
import type { Clock, PolicySource } from '../model/directory.ts';
import type { CodeVersion } from '../model/run.ts';
import { shortCommit } from '../text/words.ts';
import type { Bundle } from './bundle.ts';
import { type BundleCache, createBundleCache } from './cache.ts';
import { type CompiledFiles, compilePolicy, loadBundle } from './compile.ts';
import { type EvaluationLimits, evaluate } from './evaluate.ts';
import { createLastGood, type LastGood } from './last-good.ts';
import type { Opa } from './opa.ts';
import { PolicyRefusal } from './refusal.ts';
import { policyDirectory } from './stage.ts';

/** What policies need of Git. Rejects with what was being done and git's own words. */
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

/** What a policy source has to offer now. `pinned` null: no commit of it was ever good. */
export interface SyncResult {
  readonly pinned: PinnedBundle | null;
  /** Set while the newest commit is refused or not to be had; then `pinned` is the last good one. */
  readonly stale: StaleBundle | null;
}

export interface SyncOptions {
  readonly dir: string;
  readonly opa: Opa;
  readonly mirrors: PolicyMirrors;
  readonly log: Logger;
  readonly clock: Clock;
  /** Least ms between two looks at one repository. */
  readonly everyMs: number;
  readonly limits: EvaluationLimits;
}

interface SourceState {
  lookedAt: number | null;
  last: SyncResult;
  /** Undefined: not yet asked for what an earlier process left. */
  lastGood: PinnedBundle | null | undefined;
  refused: { readonly commit: string; readonly error: string; readonly since: number } | null;
  awaySince: number | null;
  looking: Promise<SyncResult> | null;
}

interface Sync extends SyncOptions {
  readonly cache: BundleCache;
  readonly lastGood: LastGood;
  /** As `mirrors.fetch`, but several policies of one repository look at it once. */
  readonly fetch: PolicyMirrors['fetch'];
}

/** Keeps a bundle for each policy source up to date. Never rejects. */
export function createPolicySync(options: SyncOptions): (source: PolicySource) => Promise<SyncResult> {
  const sync: Sync = {
    ...options,
    cache: createBundleCache(join(options.dir, 'compiled')),
    lastGood: createLastGood(join(options.dir, 'last-good')),
    fetch: fetchedTogether(options.mirrors),
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
        lookedAt: null,
        last: { pinned: null, stale: null },
        lastGood: undefined,
        refused: null,
        awaySince: null,
        looking: null,
      };
      states.set(key, state);
    }
    if (state.looking !== null) return state.looking;
    const ago = state.lookedAt === null ? -1 : options.clock() - state.lookedAt;
    // A clock that was set back must not keep an old look alive.
    if (ago >= 0 && ago < options.everyMs) return state.last;
    const current = state;
    current.looking = look(sync, source, current).finally(() => {
      current.looking = null;
    });
    return current.looking;
  };
}

function keyOf(source: PolicySource): string {
  return JSON.stringify([source.git, source.ref, source.path]);
}

/** Whatever an earlier process was at when it ended lies there for nothing. */
async function sweep(options: SyncOptions): Promise<void> {
  try {
    await rm(join(options.dir, 'scratch'), { recursive: true, force: true });
  } catch (error) {
    options.log.warn({ err: error }, 'the scratch space of policies could not be emptied');
  }
}

/** Those who ask for one ref at the same time share one fetch. */
function fetchedTogether(mirrors: PolicyMirrors): PolicyMirrors['fetch'] {
  const under = new Map<string, Promise<CodeVersion>>();
  return (url, ref) => {
    const key = JSON.stringify([url, ref]);
    const running = under.get(key);
    if (running !== undefined) return running;
    const fetched = mirrors.fetch(url, ref).finally(() => under.delete(key));
    under.set(key, fetched);
    return fetched;
  };
}

async function look(sync: Sync, source: PolicySource, state: SourceState): Promise<SyncResult> {
  const now = sync.clock();
  let stale: StaleBundle | null;
  try {
    state.lastGood ??= await remembered(sync, source);
    stale = await refresh(sync, source, state, now);
    state.awaySince = null;
  } catch (error) {
    const text = errorText(error);
    // One log line for each time it goes away: it is looked at every few seconds.
    if (state.awaySince === null) {
      sync.log.warn({ policy: source.name, error: text }, 'policy repository not usable');
    }
    state.awaySince ??= now;
    stale = { id: state.awaySince.toString(16), error: text, since: state.awaySince };
  }
  state.last = { pinned: state.lastGood ?? null, stale };
  state.lookedAt = sync.clock();
  return state.last;
}

/** Puts the newest commit's bundle into `state`, or says why it stays as it is. */
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
      // Only the policy's own fault is remembered; a full disk or a missing opa is tried again.
      if (!(error instanceof PolicyRefusal)) throw error;
      state.refused = { commit, error: error.message, since: now };
      sync.log.warn({ policy: source.name, commit, error: error.message }, 'policy commit refused');
    }
  }
  const { error, since } = state.refused ?? { error: '', since: now };
  return { id: commit, error: `commit ${shortCommit(commit)} is refused: ${error}`, since };
}

/** The last good bundle of an earlier process. One that can't be had any more is none. */
async function remembered(sync: Sync, source: PolicySource): Promise<PinnedBundle | null> {
  const commit = await sync.lastGood.get(keyOf(source));
  if (commit === null) return null;
  try {
    return { bundle: await bundleOf(sync, source, commit), commit };
  } catch (error) {
    sync.log.warn(
      { policy: source.name, commit, error: errorText(error) },
      'last good policy commit is gone',
    );
    return null;
  }
}

async function bundleOf(sync: Sync, source: PolicySource, commit: string): Promise<Bundle> {
  const key = { commit, path: source.path, opaVersion: await sync.opa.version() };
  const cached = await sync.cache.get(key);
  if (cached !== undefined) return loadBundle(cached);
  const scratch = join(sync.dir, 'scratch');
  await mkdir(scratch, { recursive: true });
  const work = await mkdtemp(join(scratch, 'checkout-'));
  try {
    const tree = join(work, 'tree');
    await sync.mirrors.checkout(source.git, commit, tree);
    const compiled = await compilePolicy(sync.opa, await policyDirectory(tree, source.path), scratch);
    const bundle = await proveBundle(compiled, sync.limits);
    await sync.cache.put(key, compiled);
    return bundle;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const PROOF_MS = 10_000;

/** A bundle that has shown once that it runs and that input and data reach it. Throws a PolicyRefusal. */
export async function proveBundle(compiled: CompiledFiles, limits: EvaluationLimits): Promise<Bundle> {
  const bundle = loadBundle(compiled);
  const run = 1;
  const input = { plan: {}, approvers: [], m0: { drift: true, run, findings: [] } };
  // Longer than an evaluation may take: a busy moment at sync must not refuse a commit for good.
  const timeMs = Math.max(limits.timeMs, PROOF_MS);
  const tried = await evaluate(bundle, { run, json: JSON.stringify(input) }, 0, { ...limits, timeMs });
  if (!tried.ok) throw new PolicyRefusal(`it does not run, not even on an empty plan: ${tried.error}`);
  return bundle;
}
