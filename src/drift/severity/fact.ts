/** One thing that a finding means for people: data that is lost, an opened door, a right that was granted. */

/** The kinds, worst first. */
export const SEVERITY_KINDS = ['destroy', 'exposure', 'identity', 'data', 'rest'] as const;
export type SeverityKind = (typeof SEVERITY_KINDS)[number];

/** What one finding means, in words. */
export interface Fact {
  readonly kind: SeverityKind;
  /** `now`: it is so in the cloud. `apply`: an apply would do it. */
  readonly when: 'now' | 'apply';
  /** Orders facts of one kind, worst first; 0 to 999. */
  readonly weight: number;
  /** True if more can be reached, or more is allowed, than before. */
  readonly widens: boolean;
  /** A sentence without a full stop, on one line. `name`: what to call the resource. */
  words(name: string): string;
  /** What an apply does, after "that": `opens SSH (22) to the world (0.0.0.0/0)`; null for what is so already. */
  readonly effect: string | null;
  /** What an apply does about something that is so already: `close SSH again`; left out if there is no such word. */
  readonly undo?: string;
  /** What a new resource is, after its noun: `open to the world`, `that allows everything (*:*)`. */
  readonly quality?: string;
}

/** How bad a fact is, to compare with others: the lower, the worse. */
export function rankOf({ kind, when, weight }: Fact): number {
  const order = SEVERITY_KINDS.indexOf(kind) * 10_000;
  // What is lost matters more than when. Everywhere else, what is so already comes before what an apply would do.
  return kind === 'destroy'
    ? order + weight * 2 + (when === 'apply' ? 1 : 0)
    : order + (when === 'apply' ? 1000 : 0) + weight;
}

/** The worst of the facts, the first one of equals; undefined if there are none. */
export function worstFact(facts: readonly Fact[]): Fact | undefined {
  return facts.reduce<Fact | undefined>(
    (worst, fact) => (worst === undefined || rankOf(fact) < rankOf(worst) ? fact : worst),
    undefined,
  );
}

/** A verb in the three forms that sentences need. */
export interface Verb {
  readonly base: string;
  readonly third: string;
  readonly past: string;
  /** What undoes it, with the object. */
  readonly undo?: (object: string) => string;
}

export const OPEN: Verb = {
  ...{ base: 'open', third: 'opens', past: 'opened' },
  undo: (object) => `close ${object} again`,
};
export const ATTACH: Verb = {
  ...{ base: 'attach', third: 'attaches', past: 'attached' },
  undo: (object) => `detach ${object}`,
};
export const GRANT: Verb = {
  ...{ base: 'grant', third: 'grants', past: 'granted' },
  undo: (object) => `take ${object} back`,
};
export const ALLOW: Verb = { base: 'allow', third: 'allows', past: 'allowed' };

/**
 * A fact about something done to a thing: `SSH (22) opened to 203.0.113.7 on web` in the cloud, `applying the code
 * would open SSH (22) to 203.0.113.7 on web` for an apply. `rest` follows the object.
 */
export function actFact(
  base: Pick<Fact, 'kind' | 'when' | 'weight' | 'widens'> & { readonly quality?: string },
  verb: Verb,
  object: string,
  rest: string,
  where: (name: string) => string,
): Fact {
  const tail = rest === '' ? '' : ` ${rest}`;
  return {
    ...base,
    words: (name) =>
      base.when === 'now'
        ? `${object} ${verb.past}${tail}${where(name)}`
        : `applying the code would ${verb.base} ${object}${tail}${where(name)}`,
    ...(base.when === 'now' && verb.undo !== undefined ? { undo: verb.undo(object) } : {}),
    effect: base.when === 'now' ? null : `${verb.third} ${object}${tail}`,
  };
}
