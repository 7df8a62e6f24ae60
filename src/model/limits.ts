/** How long a tool may work on a stack before m0 stops it. */

/** Times in ms. */
export interface Limits {
  /** For each `plan` of the tool. */
  readonly planMs: number;
  /** For each `apply` of the tool. */
  readonly applyMs: number;
}

const MINUTE = 60_000;

/** The limits of a stack that sets none. */
export const DEFAULT_LIMITS: Limits = { planMs: 15 * MINUTE, applyMs: 60 * MINUTE };

/** The limits that count for the stack. */
export function limitsOf({ limits }: { readonly limits?: Limits }): Limits {
  return limits ?? DEFAULT_LIMITS;
}
