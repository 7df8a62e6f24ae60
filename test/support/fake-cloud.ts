/** A cloud, its code and its policies in memory; implements the ports of the runner and of policies. */

import type { PolicyAnswer, PolicyMessage, StaleBundle } from '../../src/decisions/decision.ts';
import type { CheckResult, Finding } from '../../src/drift/finding.ts';
import type { Schema } from '../../src/drift/schema.ts';
import type { CodeVersion } from '../../src/model/code-version.ts';
import type { Clock, PolicySource, Stack } from '../../src/model/directory.ts';
import { limitsOf } from '../../src/model/limits.ts';
import type { CodePlace } from '../../src/model/links/forge.ts';
import type { StackLinks } from '../../src/model/order.ts';
import type { BundleStatus, LeftOut } from '../../src/model/policy-status.ts';
import type { RunState, SavedPlan } from '../../src/model/run.ts';
import type { PolicyPort, PolicyQuestion } from '../../src/ports/policy.ts';
import type { CodePort, PlanResult, Runner, ToolWatch } from '../../src/ports/runner.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import type { Store } from '../../src/ports/store.ts';
import { plannedFrom } from './planned-changes.ts';
import { CODE, withInputs } from './runs.ts';

type Doing = 'head' | 'plan' | 'apply' | 'ask' | 'bundles';

type Said = readonly PolicyMessage[] | Error;

/** The states in which a run makes a plan. */
const PLANNING: readonly RunState[] = ['planning', 'approved', 'verifying'];

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
  /** Where each stack's state is, and which others its code reads. */
  readonly links = new Map<string, StackLinks>();
  /** Stacks without a backend. */
  readonly stateOnlyHere = new Set<string>();
  /** The conditions of each stack's code that do not pass. */
  readonly checks = new Map<string, readonly CheckResult[]>();
  /** What every plan knows of the providers; null: nothing. */
  schema: Schema | null = null;
  /** The literal secrets of every plan. */
  secrets: readonly string[] = [];
  /** Addresses of each stack that can't be applied apart from each other, as the analysis of a plan tells them. */
  readonly coupled = new Map<string, readonly (readonly string[])[]>();
  /** Why nothing of a stack's plans may ever be applied. */
  readonly tellOnly = new Map<string, string>();
  /** Why the values of a stack's plans may be wrong. */
  readonly unsure = new Map<string, string>();
  /** Where each stack's resources are declared. */
  readonly places = new Map<string, Readonly<Record<string, CodePlace>>>();
  readonly code = new Map<string, CodeVersion>();
  readonly applies: Applied[] = [];
  readonly plans: {
    readonly stack: string;
    readonly only: readonly string[] | null;
    readonly except: readonly string[];
    /** Of a plan of given code. */
    readonly commit?: string;
  }[] = [];
  /** What a plan of a given commit finds in a stack, by `COMMIT STACK`, where it is not `drift`. */
  readonly driftAt = new Map<string, readonly Finding[]>();
  /** The commit since which the last plan asked for authors. */
  since: string | null = null;
  readonly kept = new Map<string, SavedPlan>();
  /** The stack of each plan that was ever kept. */
  readonly #stackOf = new Map<string, string>();
  /** The messages of each policy, or a function of the approvers that returns them; `Error` makes the policy fail. */
  readonly policies = new Map<string, Said | ((approvers: readonly (string | null)[]) => Said)>();
  /** Policies whose newest commit was refused, so an older one is in use. */
  readonly stale = new Map<string, StaleBundle>();
  /** What of a policy's folder has no effect. */
  readonly leftOut = new Map<string, readonly LeftOut[]>();
  /** Policies that read the list of approvers. */
  readonly readers = new Set<string>();
  /** Policies that read who caused a finding. */
  readonly causeReaders = new Set<string>();
  /** The causes in the last question to the policies about any finding. */
  causes: PolicyQuestion['causes'];
  /** False: no plan is kept, as after a start. */
  remembers = true;
  readonly #last = new Map<string, PlanResult>();
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
    { only, except = [], moved = [], since = null, run, code, signal, watch }: Parameters<Runner['plan']>[1],
  ): Promise<PlanResult> {
    const planning = await this.#store().runs({ stack: stack.name, states: PLANNING });
    // A plan of given code is beside the runs.
    if (code === undefined && !planning.some(({ id }) => id === run))
      throw new Error(`plan for run ${run}, which makes none`);
    this.plans.push({
      stack: stack.name,
      only,
      except,
      ...(code === undefined ? {} : { commit: code.commit }),
    });
    this.since = since;
    const madeAt = this.#clock();
    watch?.({ phase: 'plan', limitMs: limitsOf(stack).planMs });
    await this.#play('plan');
    signal.throwIfAborted();
    if (only?.length === 0) throw new Error('a plan of no address');
    const both = except.find((address) => only === null || only.includes(address));
    if (both !== undefined) throw new Error(`a plan of ${both} that is to leave it out`);
    const found =
      (code && this.driftAt.get(`${code.commit} ${stack.name}`)) ?? this.drift.get(stack.name) ?? [];
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
    const tellOnly = this.tellOnly.get(stack.name) ?? null;
    const saved = { artifact: `plan-${this.#made}`, madeAt, targets: only, touches };
    const plan: SavedPlan = tellOnly === null ? saved : { ...saved, tellOnly };
    this.kept.set(plan.artifact, plan);
    this.#stackOf.set(plan.artifact, stack.name);
    const n = findings.length;
    const counts = {
      ...{ findings: n, cloud: n, code: 0, both: 0, create: 0, update: n, delete: 0, replace: 0, noise: 0 },
    };
    const resourcesInState = this.resources.get(stack.name);
    const checks = this.checks.get(stack.name);
    const result: PlanResult = {
      code: withInputs(code ?? this.code.get(stack.name) ?? CODE, stack.source),
      plan,
      analysis: {
        ...{ ...plannedFrom(findings), outputs: [], noise: [], counts, untold: [] },
        secrets: this.secrets,
        ...(resourcesInState === undefined ? {} : { resourcesInState }),
        ...(checks === undefined ? {} : { checks }),
        ...(this.coupled.has(stack.name) ? { coupled: this.coupled.get(stack.name) ?? [] } : {}),
      },
      document: {},
      ...(this.schema === null ? {} : { schema: this.schema }),
      ...(this.links.has(stack.name)
        ? { links: this.links.get(stack.name) ?? { state: null, reads: [] } }
        : {}),
      ...(this.stateOnlyHere.has(stack.name) ? { stateOnlyHere: true } : {}),
      ...(this.unsure.has(stack.name) ? { unsure: this.unsure.get(stack.name) ?? null } : {}),
      ...(this.places.has(stack.name) ? { places: this.places.get(stack.name) ?? {} } : {}),
    };
    if (code === undefined) {
      if (only === null) this.#last.set(stack.name, result);
      else this.#last.delete(stack.name);
    }
    return result;
  }

  async lastPlan(stack: Stack): Promise<PlanResult | null> {
    return this.remembers ? (this.#last.get(stack.name) ?? null) : null;
  }

  async apply(
    stack: Stack,
    plan: SavedPlan,
    _signal?: AbortSignal,
    watch?: ToolWatch,
    forRun?: number,
  ): Promise<{ readonly log: string }> {
    if (this.kept.get(plan.artifact)?.touches !== plan.touches && !this.kept.has(plan.artifact)) {
      throw new Error(`apply of ${plan.artifact}, which is not kept`);
    }
    if (plan.tellOnly) throw new Error(`apply of ${plan.artifact}, which is only told`);
    const [run, ...more] = await this.#store().runs({ stack: stack.name, states: ['applying'] });
    if (!run || more.length > 0) throw new Error(`apply of ${stack.name} without one run that is applying`);
    // The run is part of the names of sessions in the cloud, by which its logs tell who did what.
    if (forRun !== run.id) throw new Error(`apply of run ${run.id} for run ${forRun}`);
    this.applies.push({
      stack: stack.name,
      run: run.id,
      touched: [...plan.touches].sort(),
      scope: run.scope.map((s) => s.address).sort(),
    });
    watch?.({ phase: 'apply', limitMs: limitsOf(stack).applyMs });
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

  async discardAllBut(artifacts: readonly string[], stack?: string): Promise<void> {
    for (const artifact of this.kept.keys()) {
      const isMeant = stack === undefined || this.#stackOf.get(artifact) === stack;
      if (isMeant && !artifacts.includes(artifact)) this.kept.delete(artifact);
    }
  }

  async discardOfIdle(busyStacks: () => Promise<readonly string[]>): Promise<void> {
    const made = [...this.kept.keys()];
    const busy = await busyStacks();
    for (const artifact of made) {
      if (!busy.includes(this.#stackOf.get(artifact) ?? '')) this.kept.delete(artifact);
    }
  }

  async ask(question: Parameters<PolicyPort['ask']>[0]): Promise<readonly PolicyAnswer[]> {
    await this.#play('ask');
    if ((question.causes?.size ?? 0) > 0) this.causes = question.causes;
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
        ...(this.causeReaders.has(name) ? { readsCause: true } : {}),
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
      leftOut: this.leftOut.get(name) ?? [],
    }));
  }
}
