/** A cloud, the code of its stacks, Terraform and the policies, as they behave in a simulation. */
import type { PolicyAnswer, PolicyMessage } from '../../../src/decisions/decision.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import type { CodeVersion } from '../../../src/model/code-version.ts';
import type { PolicySource, Stack } from '../../../src/model/directory.ts';
import type { BundleStatus } from '../../../src/model/policy-status.ts';
import type { PolicyPort, PolicyQuestion } from '../../../src/ports/policy.ts';
import type { PlanResult } from '../../../src/ports/runner.ts';
import { plannedFrom } from '../planned-changes.ts';
import { CODE, withInputs } from '../runs.ts';

/** One attribute of one resource: what the code wants, what the state has, and what is there. */
interface Resource {
  desired: string;
  recorded: string;
  actual: string;
}

interface StackState {
  readonly resources: Map<string, Resource>;
  commit: number;
  /** Of the state; an apply of a plan that was made with another one is refused, as Terraform does. */
  serial: number;
  /** Who holds the lock of the state. */
  lockedBy: string | null;
}

export interface PlannedValue {
  readonly address: string;
  readonly fingerprint: string;
  readonly change: string;
  readonly to: string;
}

/** A saved plan file. */
export interface PlanFile {
  readonly stack: string;
  readonly run: number;
  readonly serial: number;
  readonly changes: readonly PlannedValue[];
}

/** What the policies allow, and what they forbid; about everything else a person decides. */
export const isAllowed = (address: string): boolean => address.endsWith('.tags');
const isDenied = (address: string): boolean => address.endsWith('.keys');

export const ADDRESSES: readonly string[] = [
  'aws_s3_bucket.tags',
  'aws_security_group.web',
  'aws_kms_key.keys',
];

export class SimCloud {
  readonly #stacks = new Map<string, StackState>();
  /** The plan files that were not deleted. */
  readonly plans = new Map<string, PlanFile>();
  #made = 0;

  constructor(stacks: readonly string[]) {
    for (const name of stacks) {
      const resources = new Map(ADDRESSES.map((a) => [a, { desired: 'v0', recorded: 'v0', actual: 'v0' }]));
      this.#stacks.set(name, { resources, commit: 1, serial: 1, lockedBy: null });
    }
  }

  of(stack: string): StackState {
    const state = this.#stacks.get(stack);
    if (state === undefined) throw new Error(`there is no stack ${stack}`);
    return state;
  }

  resource(stack: string, address: string): Resource {
    const resource = this.of(stack).resources.get(address);
    if (resource === undefined) throw new Error(`there is no ${address} in ${stack}`);
    return resource;
  }

  head(stack: string): CodeVersion {
    const { commit } = this.of(stack);
    return commit === 1
      ? CODE
      : { ...CODE, commit: String(commit).padStart(40, 'c'), author: 'Eve', authorEmail: 'eve@acme.dev' };
  }

  /** What differs in the stack now. */
  drift(stack: string): readonly Finding[] {
    return [...this.of(stack).resources].flatMap(([address, { desired, recorded, actual }]): Finding[] => {
      if (recorded === actual && actual === desired) return [];
      const origin = actual === recorded ? 'code' : desired === recorded ? 'cloud' : 'both';
      const isApplied = actual !== desired;
      const values = { recorded, actual, desired };
      return [
        {
          ...{ address, type: address.split('.')[0] ?? '', origin, action: isApplied ? 'update' : 'none' },
          actionable: isApplied,
          attributes: [{ path: 'value', origin, kind: 'changed', ...values, sensitive: false }],
          fingerprint: `f2:${address} ${recorded} ${actual} ${desired}`,
          ...(isApplied ? { change: `c1:${address} ${actual} > ${desired}` } : {}),
        } satisfies Finding,
      ];
    });
  }

  /** Plans the stack as it is at this moment, and saves the plan. */
  plan(stack: Stack, only: readonly string[] | null, run: number, madeAt: number): PlanResult {
    const found = this.drift(stack.name).filter((f) => only === null || only.includes(f.address));
    const { findings, changes } = plannedFrom(found);
    this.#made += 1;
    const artifact = `plan-${this.#made}`;
    const planned = findings.flatMap(({ address, fingerprint, change }) =>
      change === undefined
        ? []
        : [{ address, fingerprint, change, to: this.resource(stack.name, address).desired }],
    );
    this.plans.set(artifact, {
      stack: stack.name,
      run,
      serial: this.of(stack.name).serial,
      changes: planned,
    });
    const n = findings.length;
    return {
      code: withInputs(this.head(stack.name), stack.source),
      plan: { artifact, madeAt, targets: only, touches: planned.map(({ address }) => address) },
      analysis: {
        ...{ findings, changes, outputs: [], noise: [], untold: [], secrets: [] },
        counts: {
          findings: n,
          cloud: n,
          code: 0,
          both: 0,
          create: 0,
          update: n,
          delete: 0,
          replace: 0,
          noise: 0,
        },
        resourcesInState: ADDRESSES.length,
      },
      document: {},
    };
  }

  /** One change of an apply. */
  change(stack: string, { address, to }: PlannedValue): void {
    const resource = this.resource(stack, address);
    resource.actual = to;
    resource.recorded = to;
  }

  /** The end of an apply that has changed something. */
  saveState(stack: string): void {
    const state = this.of(stack);
    state.serial += 1;
    // The refresh of the apply records what is there.
    for (const resource of state.resources.values()) resource.recorded = resource.actual;
  }
}

/** The policies of all stacks, which never change. */
export const simPolicies: PolicyPort = {
  async ask({ stack, analysis }: PolicyQuestion): Promise<readonly PolicyAnswer[]> {
    const messages = analysis.findings.flatMap(({ address }): readonly PolicyMessage[] => {
      if (isAllowed(address)) return [{ rule: 'allow', text: 'only tags', address }];
      return isDenied(address) ? [{ rule: 'deny', text: 'keys stay', address }] : [];
    });
    return stack.policies.map(({ name, mode }) => ({
      ...{ policy: name, mode, commit: 'a1b2c3d4', outcome: { ok: true, messages } },
    }));
  },
  async status(sources: readonly PolicySource[]): Promise<readonly BundleStatus[]> {
    return sources.map(({ name, mode }) => ({
      ...{
        policy: name,
        mode,
        commit: 'a1b2c3d4',
        stale: null,
        readsApprovers: false,
        rules: [],
        leftOut: [],
      },
    }));
  },
};
