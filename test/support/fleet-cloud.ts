/** The fake clouds, code and policies of a fleet of stacks, where plans and applies take time. */

import type { PolicyAnswer, PolicyMessage } from '../../src/decisions/decision.ts';
import type { Finding } from '../../src/drift/finding.ts';
import type { CodeVersion } from '../../src/model/code-version.ts';
import type { PolicySource, Stack } from '../../src/model/directory.ts';
import type { BundleStatus } from '../../src/model/policy-status.ts';
import type { SavedPlan } from '../../src/model/run.ts';
import type { PolicyPort, PolicyQuestion } from '../../src/ports/policy.ts';
import type { CodePort, PlanResult, Runner } from '../../src/ports/runner.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { plannedFrom } from './planned-changes.ts';
import { CODE } from './runs.ts';

const BUNDLE = 'a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4';

/** One plan or apply, from when the tool was started until it had ended. Times in ms since epoch. */
export interface Work {
  readonly what: 'plan' | 'apply';
  readonly stack: string;
  readonly begun: number;
  readonly ended: number;
}

export interface FleetCloudOptions {
  readonly clock: () => number;
  /** Resolves when the time that a plan or an apply takes has passed; rejects when the signal aborts. */
  readonly pass: (what: Work['what'], stack: string, signal: AbortSignal) => Promise<void>;
  /** Called with each plan and apply that ended. */
  readonly onWork: (work: Work) => void;
}

/**
 * The clouds of many stacks. A plan finds the drift at its start, an apply reverts what its plan touches,
 * a plan of a stack with an unreadable state fails, and the policy allows reverting tags and nothing else.
 */
export class FleetCloud implements Runner, CodePort, PolicyPort {
  readonly drift = new Map<string, readonly Finding[]>();
  readonly code = new Map<string, CodeVersion>();
  /** Stacks whose state backend can't be reached. */
  readonly unreadable = new Set<string>();
  readonly #options: FleetCloudOptions;
  readonly #kept = new Set<string>();
  #made = 0;

  constructor(options: FleetCloudOptions) {
    this.#options = options;
  }

  /** The number of saved plan files that were not deleted. */
  get kept(): number {
    return this.#kept.size;
  }

  async head(stack: Stack): Promise<CodeVersion> {
    return this.code.get(stack.name) ?? CODE;
  }

  async #work(what: Work['what'], stack: Stack, signal: AbortSignal): Promise<void> {
    const begun = this.#options.clock();
    try {
      await this.#options.pass(what, stack.name, signal);
    } catch (cause) {
      throw new RunnerError(what, `running terraform ${what}: it was stopped`, { stopped: 'aborted', cause });
    }
    this.#options.onWork({ what, stack: stack.name, begun, ended: this.#options.clock() });
  }

  async plan(
    stack: Stack,
    { only, signal }: { readonly only: readonly string[] | null; readonly signal: AbortSignal },
  ): Promise<PlanResult> {
    const code = await this.head(stack);
    const madeAt = this.#options.clock();
    const found = this.drift.get(stack.name) ?? [];
    const away = this.unreadable.has(stack.name);
    await this.#work('plan', stack, signal);
    if (away) {
      const why = 'Error refreshing state: dial tcp 10.0.4.12:443: connect: connection refused';
      throw new RunnerError('plan', `running terraform plan: ${why}`);
    }
    const findings = found.filter((f) => only === null || only.includes(f.address));
    this.#made += 1;
    const artifact = `plan-${this.#made}`;
    this.#kept.add(artifact);
    const n = findings.length;
    const counts = {
      ...{ findings: n, cloud: n, code: 0, both: 0, create: 0, update: n, delete: 0, replace: 0, noise: 0 },
    };
    return {
      code,
      plan: { artifact, madeAt, targets: only, touches: findings.map((f) => f.address) },
      analysis: { ...plannedFrom(findings), outputs: [], noise: [], counts, secrets: [], untold: [] },
      document: {},
    };
  }

  async apply(
    stack: Stack,
    plan: SavedPlan,
    signal: AbortSignal,
  ): Promise<{
    readonly log: string;
  }> {
    if (!this.#kept.has(plan.artifact)) throw new Error(`apply of ${plan.artifact}, which is not kept`);
    await this.#work('apply', stack, signal);
    const drift = this.drift.get(stack.name) ?? [];
    this.drift.set(
      stack.name,
      drift.filter((f) => !plan.touches.includes(f.address)),
    );
    return { log: '' };
  }

  /** Nothing to delete: plans exist only in memory. */
  async discardAllBut(): Promise<void> {}

  async discardOfIdle(): Promise<void> {}

  async discard(plan: SavedPlan): Promise<void> {
    this.#kept.delete(plan.artifact);
  }

  async ask({ stack, analysis }: PolicyQuestion): Promise<readonly PolicyAnswer[]> {
    const messages = analysis.findings.flatMap(({ address, attributes }): readonly PolicyMessage[] =>
      attributes.every((a) => a.path.startsWith('tags.'))
        ? [{ rule: 'allow', text: 'only tags, which code owns', address }]
        : [],
    );
    return stack.policies.map(({ name, mode }) => ({
      ...{ policy: name, mode, commit: BUNDLE, outcome: { ok: true, messages } },
    }));
  }

  async status(sources: readonly PolicySource[]): Promise<readonly BundleStatus[]> {
    return sources.map(({ name, mode }) => ({
      ...{ policy: name, mode, commit: BUNDLE, stale: null, readsApprovers: false, rules: [], leftOut: [] },
    }));
  }
}
