/** A cloud, its code and its policies in memory; implements the ports of the runner and of policies. */

import type { PolicyAnswer, PolicyMessage, StaleBundle } from '../../src/decisions/decision.ts';
import type { CheckResult, Finding } from '../../src/drift/finding.ts';
import type { Clock, PolicySource, Stack } from '../../src/model/directory.ts';
import type { BundleStatus } from '../../src/model/policy-status.ts';
import type { CodeVersion, SavedPlan } from '../../src/model/run.ts';
import type { PolicyPort } from '../../src/ports/policy.ts';
import type { CodePort, PlanResult, Runner } from '../../src/ports/runner.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import type { Store } from '../../src/ports/store.ts';
import { plannedFrom } from './planned-changes.ts';
import { CODE } from './runs.ts';

type Doing = 'head' | 'plan' | 'apply' | 'ask' | 'bundles';

type Said = readonly PolicyMessage[] | Error;

/** One apply that reached the cloud. */
export interface Applied {
  readonly stack: string;
  readonly run: number;
  readonly touched: readonly string[];
  /** What the store said was decided when the tool started. */
  readonly scope: readonly string[];
}

/**
 * A cloud, its code and its policies: a plan finds the drift that the test has set, and an apply reverts what its plan
 * touches. An apply is an error unless its plan file is still kept and its run is stored as applying.
 */
export class FakeCloud implements Runner, CodePort, PolicyPort {
  readonly drift = new Map<string, readonly Finding[]>();
  /** How many objects each stack's state records; a stack without a number has one that plans do not tell. */
  readonly resources = new Map<string, number>();
  /** The conditions of each stack's code that do not pass. */
  readonly checks = new Map<string, readonly CheckResult[]>();
  readonly code = new Map<string, CodeVersion>();
  readonly applies: Applied[] = [];
  readonly plans: {
    readonly stack: string;
    readonly only: readonly string[] | null;
    readonly except: readonly string[];
  }[] = [];
  readonly kept = new Map<string, SavedPlan>();
  /** The messages of each policy, or a function of the approvers that returns them; `Error` makes the policy fail. */
  readonly policies = new Map<string, Said | ((approvers: readonly (string | null)[]) => Said)>();
  /** Policies whose newest commit was refused, so an older one is in use. */
  readonly stale = new Map<string, StaleBundle>();
  /** Policies that read the list of approvers. */
  readonly readers = new Set<string>();
  commit: string | null = 'a1b2c3d4';
  /** Addresses that a plan touches besides the drift it found. */
  alsoTouches: (only: readonly string[] | null) => readonly string[] = () => [];
  /** Addresses that an apply does not change. */
  stubborn = new Set<string>();
  readonly #store: () => Store;
  readonly #clock: Clock;
  readonly #scripts: { readonly doing: Doing; readonly act: () => Promise<void> | void }[] = [];
  #made = 0;

  constructor(store: () => Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Runs `act` before the next call of this kind. `act` may change the cloud, throw, or never resolve. */
  next(doing: Doing, act: () => Promise<void> | void): void {
    this.#scripts.push({ doing, act });
  }

  async #play(doing: Doing): Promise<void> {
    const at = this.#scripts.findIndex((s) => s.doing === doing);
    if (at === -1) return;
    const [script] = this.#scripts.splice(at, 1);
    await script?.act();
  }

  async head(stack: Stack): Promise<CodeVersion> {
    await this.#play('head');
    return this.code.get(stack.name) ?? CODE;
  }

  async plan(
    stack: Stack,
    { only, except = [], moved = [], signal }: Parameters<Runner['plan']>[1],
  ): Promise<PlanResult> {
    this.plans.push({ stack: stack.name, only, except });
    const madeAt = this.#clock();
    await this.#play('plan');
    signal.throwIfAborted();
    if (only?.length === 0) throw new Error('a plan of no address');
    const both = except.find((address) => only === null || only.includes(address));
    if (both !== undefined) throw new Error(`a plan of ${both} that is to leave it out`);
    const found = this.drift.get(stack.name) ?? [];
    const due = found.flatMap((f) => (f.previousAddress === undefined ? [] : [f.previousAddress, f.address]));
    if (only !== null && due.some((address) => ![...only, ...moved].includes(address))) {
      throw new RunnerError('plan', 'Moved resource instances excluded by targeting');
    }
    const findings = found.filter((f) => only === null || [...only, ...moved].includes(f.address));
    const touches = [
      ...findings.filter((f) => f.action !== 'none').map((f) => f.address),
      ...this.alsoTouches(only),
    ];
    this.#made += 1;
    const plan: SavedPlan = { artifact: `plan-${this.#made}`, madeAt, targets: only, touches };
    this.kept.set(plan.artifact, plan);
    const n = findings.length;
    const counts = {
      ...{ findings: n, cloud: n, code: 0, both: 0, create: 0, update: n, delete: 0, replace: 0, noise: 0 },
    };
    const resourcesInState = this.resources.get(stack.name);
    const checks = this.checks.get(stack.name);
    return {
      code: this.code.get(stack.name) ?? CODE,
      plan,
      analysis: {
        ...{ ...plannedFrom(findings), outputs: [], noise: [], counts, secrets: [], untold: [] },
        ...(resourcesInState === undefined ? {} : { resourcesInState }),
        ...(checks === undefined ? {} : { checks }),
      },
      document: {},
    };
  }

  async apply(stack: Stack, plan: SavedPlan): Promise<{ readonly log: string }> {
    if (this.kept.get(plan.artifact)?.touches !== plan.touches && !this.kept.has(plan.artifact)) {
      throw new Error(`apply of ${plan.artifact}, which is not kept`);
    }
    const [run, ...more] = await this.#store().runs({ stack: stack.name, states: ['applying'] });
    if (!run || more.length > 0) throw new Error(`apply of ${stack.name} without one run that is applying`);
    this.applies.push({
      stack: stack.name,
      run: run.id,
      touched: [...plan.touches].sort(),
      scope: run.scope.map((s) => s.address).sort(),
    });
    await this.#play('apply');
    const drift = this.drift.get(stack.name) ?? [];
    this.drift.set(
      stack.name,
      drift.filter((f) => !plan.touches.includes(f.address) || this.stubborn.has(f.address)),
    );
    return { log: '' };
  }

  async discard(plan: SavedPlan): Promise<void> {
    this.kept.delete(plan.artifact);
  }

  async discardAllBut(artifacts: readonly string[]): Promise<void> {
    for (const artifact of this.kept.keys()) if (!artifacts.includes(artifact)) this.kept.delete(artifact);
  }

  async ask(question: Parameters<PolicyPort['ask']>[0]): Promise<readonly PolicyAnswer[]> {
    await this.#play('ask');
    return question.stack.policies.map(({ name, mode }) => {
      const rules = this.policies.get(name) ?? [];
      const said = typeof rules === 'function' ? rules(question.approvers.map((a) => a.person)) : rules;
      const stale = this.stale.get(name);
      const outcome =
        said instanceof Error
          ? ({ ok: false, error: said.message } as const)
          : ({ ok: true, messages: said } as const);
      return {
        ...{ policy: name, mode, commit: this.commit, outcome },
        ...(stale === undefined ? {} : { stale }),
        ...(this.readers.has(name) ? { readsApprovers: true } : {}),
      };
    });
  }

  async status(sources: readonly PolicySource[]): Promise<readonly BundleStatus[]> {
    await this.#play('bundles');
    return sources.map(({ name, mode }) => ({
      policy: name,
      mode,
      commit: this.commit,
      stale: this.stale.get(name) ?? null,
      readsApprovers: this.readers.has(name),
      rules: [],
    }));
  }
}
