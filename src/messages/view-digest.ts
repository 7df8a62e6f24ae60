/** What the digest card is made from. Times in ms since epoch. */
import type { Named } from './view.ts';

export interface DigestOpen {
  readonly stack: string;
  /** Findings that are neither put back nor kept, and those of them that wait for a person. */
  readonly open: number;
  readonly waiting: number;
  readonly since: number;
  readonly runId: number;
  /** Groups and people of m0.yaml who may decide, whoever is on call by name. */
  readonly waitsFor: readonly string[];
}

export interface DigestView {
  /** As m0.yaml or somebody named them; empty: every stack. */
  readonly targets: readonly string[];
  /** When the digest before was made; null: none was. */
  readonly since: number | null;
  readonly stacks: number;
  /** Oldest first. */
  readonly open: readonly DigestOpen[];
  /** Findings put back since then, by the policies alone and after an approval. */
  readonly healed: number;
  readonly approved: number;
  readonly snoozesEnding: readonly {
    readonly stack: string;
    readonly address: string | null;
    readonly until: number;
    readonly by: Named;
  }[];
  readonly failing: readonly { readonly stack: string; readonly since: number }[];
  /** Policies whose newest commit is no good. */
  readonly brokenPolicies: readonly string[];
  /** Stacks open in the digest before; null: there was none. */
  readonly openBefore: number | null;
  readonly now: number;
  readonly zone: string;
}
