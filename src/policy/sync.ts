import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import type { Clock, PolicySource } from '../runs/ports.ts';
import type { CodeVersion } from '../runs/run.ts';
import type { Bundle } from './bundle.ts';
import { type BundleCache, createBundleCache } from './cache.ts';
import { type CompiledFiles, compilePolicy, loadBundle } from './compile.ts';
import { type EvaluationLimits, evaluate } from './evaluate.ts';
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

/** The newest commit's bundle, or why there is none: then nothing is decided without a person. */
export type SyncResult =
  | { readonly ok: true; readonly pinned: PinnedBundle }
  | { readonly ok: false; readonly error: string };

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
  lastGood: PinnedBundle | null;
  refused: { readonly commit: string; readonly error: string } | null;
  looking: Promise<SyncResult> | null;
}

/** Keeps a bundle for each policy source up to date. Never rejects. */
export function createPolicySync(options: SyncOptions): (source: PolicySource) => Promise<SyncResult> {
  const cache = createBundleCache(join(options.dir, 'compiled'));
  const states = new Map<string, SourceState>();

  return async (source) => {
    const key = JSON.stringify([source.git, source.ref, source.path]);
    let state = states.get(key);
    if (state === undefined) {
      state = {
        lookedAt: null,
        last: { ok: false, error: 'not fetched yet' },
        lastGood: null,
        refused: null,
        looking: null,
      };
      states.set(key, state);
    }
    if (state.looking !== null) return state.looking;
    const ago = state.lookedAt === null ? -1 : options.clock() - state.lookedAt;
    // A clock that was set back must not keep an old look alive.
    if (ago >= 0 && ago < options.everyMs) return state.last;
    const current = state;
    current.looking = look(options, cache, source, current).finally(() => {
      current.looking = null;
    });
    return current.looking;
  };
}

async function look(
  options: SyncOptions,
  cache: BundleCache,
  source: PolicySource,
  state: SourceState,
): Promise<SyncResult> {
  let result: SyncResult;
  try {
    result = await refresh(options, cache, source, state);
  } catch (error) {
    result = { ok: false, error: withLastGood(messageOf(error), state.lastGood) };
    options.log.warn({ policy: source.name, error: messageOf(error) }, 'policy repository not usable');
  }
  state.last = result;
  state.lookedAt = options.clock();
  return result;
}

async function refresh(
  options: SyncOptions,
  cache: BundleCache,
  source: PolicySource,
  state: SourceState,
): Promise<SyncResult> {
  const { commit } = await options.mirrors.fetch(source.git, source.ref);
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit)) throw new Error(`${commit} is no full commit`);
  if (state.lastGood?.commit === commit) return { ok: true, pinned: state.lastGood };
  if (state.refused?.commit !== commit) {
    try {
      const bundle = await bundleOf(options, cache, source, commit);
      state.lastGood = { bundle, commit };
      state.refused = null;
      options.log.info({ policy: source.name, commit }, 'policy bundle in use');
      return { ok: true, pinned: state.lastGood };
    } catch (error) {
      // Only the policy's own fault is remembered; a full disk or a missing opa is tried again.
      if (!(error instanceof PolicyRefusal)) throw error;
      state.refused = { commit, error: error.message };
      options.log.warn({ policy: source.name, commit, error: error.message }, 'policy commit refused');
    }
  }
  const error = `commit ${short(commit)} is refused: ${state.refused?.error ?? ''}`;
  return { ok: false, error: withLastGood(error, state.lastGood) };
}

/** Says what stays, and that it decides nothing: a stale policy must not wave anything through. */
function withLastGood(error: string, lastGood: PinnedBundle | null): string {
  if (lastGood === null) return error;
  return `${error} (stale: the last good commit is ${short(lastGood.commit)}, and a person decides until this is mended)`;
}

async function bundleOf(
  options: SyncOptions,
  cache: BundleCache,
  source: PolicySource,
  commit: string,
): Promise<Bundle> {
  const key = { commit, path: source.path, opaVersion: await options.opa.version() };
  const cached = await cache.get(key);
  if (cached !== undefined) return loadBundle(cached);
  const scratch = join(options.dir, 'scratch');
  await mkdir(scratch, { recursive: true });
  const work = await mkdtemp(join(scratch, 'checkout-'));
  try {
    const tree = join(work, 'tree');
    await options.mirrors.checkout(source.git, commit, tree);
    const compiled = await compilePolicy(options.opa, await policyDirectory(tree, source.path), scratch);
    const bundle = await proveBundle(compiled, options.limits);
    await cache.put(key, compiled);
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

function short(commit: string): string {
  return commit.slice(0, 7);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
