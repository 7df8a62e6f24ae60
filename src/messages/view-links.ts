/** What the links of cards are built from. */
import type { CodePlace, Forge } from '../model/links/forge.ts';

/** What the links of a card are built from. A host that m0 does not know is left out. */
export interface LinkFacts {
  /** The repository of the stack's code; null if it is on no known host. */
  readonly code: Forge | null;
  /** Where resources are declared, by the address of their block. */
  readonly places: Readonly<Record<string, CodePlace>>;
  /** The repositories of the stack's policies by name, with the policy's folder. */
  readonly policies: Readonly<Record<string, { readonly forge: Forge; readonly folder: string }>>;
}
