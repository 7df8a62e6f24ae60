/** The data of the digest card. Times in ms since epoch. */
import type { PersonName } from './view.ts';
import type { StackTrouble } from './view-plan-alerts.ts';

/** A stack with open drift. */
export interface DigestOpen {
  readonly stack: string;
  /** `open`: findings that are neither put back nor exempt. `waiting`: those of them that wait for a person. */
  readonly open: number;
  readonly waiting: number;
  readonly since: number;
  readonly runId: number;
  /** Groups and people of m0.yaml who may decide; people on call by name. */
  readonly waitsFor: readonly string[];
}

export interface DigestView {
  /** As m0.yaml or a person named them; empty: every stack. */
  readonly targets: readonly string[];
  /** When the previous digest was made; null if there was none. */
  readonly since: number | null;
  readonly stacks: number;
  /** Oldest first. */
  readonly open: readonly DigestOpen[];
  /** Findings put back since then: by the policies alone, and after an approval. */
  readonly healed: number;
  readonly approved: number;
  readonly snoozesEnding: readonly {
    readonly stack: string;
    readonly address: string | null;
    readonly until: number;
    readonly by: PersonName;
  }[];
  readonly failing: readonly { readonly stack: string; readonly since: number }[];
  /** Stacks that are not aligned for another reason than drift, oldest first. */
  readonly troubles?: readonly StackTrouble[];
  /** Policies whose newest commit can't be used. */
  readonly brokenPolicies: readonly string[];
  /** Number of stacks that were open in the previous digest; null if there was none. */
  readonly openBefore: number | null;
  readonly now: number;
  readonly zone: string;
}
