/** How bad a fact is, in the four words that security tools use. */
import type { Fact } from './fact.ts';

/** The levels, worst first. */
export const SEVERITY_LEVELS = ['critical', 'high', 'medium', 'low'] as const;
export type SeverityLevel = (typeof SEVERITY_LEVELS)[number];

/** Weights from here on belong to resources without data, and to doors that are not open to the whole world. */
const WITHOUT_DATA = 500;
const NOT_TO_THE_WORLD = 100;
const MEANT_FOR_EVERYBODY = 200;
/** Up to this weight, a service no longer does what it did. */
const STOPPED = 20;

/**
 * - critical: data is lost or would be, or something is open to the whole world that is not meant to be;
 * - high: another resource is lost, something is open to a public source, or somebody is allowed more;
 * - medium: other changes of who may do what, less protection of data, a web port that is open to everybody, a service
 *   that stopped or runs other code;
 * - low: everything else.
 */
export function levelOf({ kind, weight, widens }: Pick<Fact, 'kind' | 'weight' | 'widens'>): SeverityLevel {
  switch (kind) {
    case 'destroy':
      return weight < WITHOUT_DATA ? 'critical' : 'high';
    case 'exposure':
      if (weight < NOT_TO_THE_WORLD) return 'critical';
      return weight < MEANT_FOR_EVERYBODY ? 'high' : 'medium';
    case 'identity':
      return widens ? 'high' : 'medium';
    case 'data':
      return 'medium';
    case 'rest':
      return weight <= STOPPED ? 'medium' : 'low';
  }
}

/** The worst of the levels; undefined if there are none. */
export function worstLevel(levels: readonly SeverityLevel[]): SeverityLevel | undefined {
  return SEVERITY_LEVELS.find((level) => levels.includes(level));
}
