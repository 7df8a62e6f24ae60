/**
 * The brake: healing that fights somebody asks a person. A finding that policies have put back twice within a day, or
 * an environment in which they have healed too much within an hour, waits for a person instead. Pure.
 */

/** A finding as the brake knows it: the same drift has the same address and fingerprint. */
interface HealedFinding {
  readonly address: string;
  readonly fingerprint: string;
}

/** The third heal of the same finding within this time asks a person. */
export const SAME_FINDING_MS = 24 * 60 * 60_000;
/** How many times policies put the same finding back in that time before a person is asked. */
export const HEALS_OF_A_FINDING = 2;
/** The time in which `healLimit` counts. */
export const HEAL_LIMIT_MS = 60 * 60_000;
/** How many runs policies apply in one environment in that time, where m0.yaml sets no `healLimit`. */
export const DEFAULT_HEAL_LIMIT = 20;

/** One finding of an apply that began. Times in ms since epoch. */
export interface Heal extends HealedFinding {
  readonly stack: string;
  readonly run: number;
  /** When the apply began. */
  readonly at: number;
  /** True if the policies alone decided it, false if a person approved it. */
  readonly byPolicy: boolean;
  /** When a later plan found exactly the same drift again; null if none did yet. */
  readonly seenAgainAt: number | null;
}

/** An apply that begins, as the store records it. `version`: that of the run in the state `applying`. */
export interface NewHeals {
  readonly stack: string;
  readonly environment: string;
  readonly run: number;
  readonly version: number;
  readonly at: number;
  readonly byPolicy: boolean;
  readonly scope: readonly HealedFinding[];
}

/** What the brake looks at. */
export interface HealHistory {
  /** The heals of the stack within SAME_FINDING_MS, oldest first. */
  readonly heals: readonly Heal[];
  /** How many runs the policies applied in the stack's environment within HEAL_LIMIT_MS. */
  readonly inEnvironment: number;
}

/** Why one finding asks a person although the policies allow it. */
export type Brake = HealedFinding &
  (
    | {
        readonly why: 'again';
        readonly heals: readonly Pick<Heal, 'at' | 'byPolicy' | 'run' | 'seenAgainAt'>[];
      }
    | { readonly why: 'limit'; readonly environment: string; readonly limit: number }
  );

function isSame(a: HealedFinding, b: HealedFinding): boolean {
  return a.address === b.address && a.fingerprint === b.fingerprint;
}

/** The policies' heals of this finding since a person last approved it, oldest first. */
function healsSinceAnswer(entry: HealedFinding, heals: readonly Heal[]): readonly Heal[] {
  const own = heals.filter((heal) => isSame(heal, entry));
  const answered = own.findLastIndex((heal) => !heal.byPolicy);
  return own.slice(answered + 1);
}

/**
 * Why each of these findings, which the policies allow, asks a person instead. Findings that may heal are left out.
 * `limit`: the `healLimit` of the stack.
 */
export function brakesOf(
  entries: readonly HealedFinding[],
  { heals, inEnvironment }: HealHistory,
  { environment, limit }: { readonly environment: string; readonly limit: number },
): readonly Brake[] {
  return entries.flatMap((entry): readonly Brake[] => {
    const { address, fingerprint } = entry;
    const own = healsSinceAnswer(entry, heals);
    if (own.length >= HEALS_OF_A_FINDING) {
      const facts = own.map(({ at, byPolicy, run, seenAgainAt }) => ({ at, byPolicy, run, seenAgainAt }));
      return [{ address, fingerprint, why: 'again', heals: facts }];
    }
    return inEnvironment >= limit ? [{ address, fingerprint, why: 'limit', environment, limit }] : [];
  });
}

/** The brake on this finding, if there is one. */
export function brakeOn(entry: HealedFinding, brakes: readonly Brake[] | undefined): Brake | undefined {
  return brakes?.find((brake) => isSame(brake, entry));
}

/** The reason of a brake, as m0 gives it beside the reasons of the policies. */
export function brakeReason(brake: Brake): string {
  if (brake.why === 'again') return 'it does not stay as it was put back, so a person decides';
  return `${brake.limit === 1 ? '1 run' : `${brake.limit} runs`} of ${brake.environment} healed within an hour, the most that healLimit allows, so a person decides`;
}
