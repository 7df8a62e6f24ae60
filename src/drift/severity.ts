/** How bad a finding is, and what a careful colleague would say about it in one sentence. */
import { count } from '../text/words.ts';
import { invokesWords } from './beside.ts';
import { describeFinding } from './describe.ts';
import type { AttributeDrift, ContentEntry, Finding } from './finding.ts';
import { readableAttributes } from './readable.ts';
import { accessFacts } from './severity/access.ts';
import { type Fact, rankOf, type SeverityKind, worstFact } from './severity/fact.ts';
import { firewallFacts } from './severity/firewall.ts';
import { levelOf, type SeverityLevel, worstLevel } from './severity/level.ts';
import { placesOf } from './severity/places.ts';
import { isIdentity, isObjectInCloud, isStateful, nounOf } from './severity/resource-kinds.ts';
import { switchFacts, unblockFacts } from './severity/switches.ts';
import { oneLine } from './value-text.ts';

/** The worst that a finding means. */
export interface Severity {
  readonly kind: SeverityKind;
  /** `now`: it is so in the cloud. `apply`: an apply would do it. */
  readonly when: 'now' | 'apply';
  /** Compares findings: the lower, the worse. */
  readonly rank: number;
  /** The worst level of all that the finding means. */
  readonly level: SeverityLevel;
  /** False if the words only say what changed, because m0 knows nothing worse about it. */
  readonly specific: boolean;
  /** One sentence without a full stop, on one line of plain text. `name`: what to call the resource. */
  words(name: string): string;
}

/**
 * The worst that a finding means: it destroys something (what holds data first), it lets somebody in from outside,
 * it changes who may do what, it makes data less safe, or none of it. Within a kind, what is so in the cloud by now
 * comes before what an apply would do. Narrower access, sources in private networks and changed tags are the rest.
 */
export function severityOf(finding: Finding): Severity {
  const facts = factsOf(finding);
  const known = worstFact(facts);
  const fact = known ?? restOf(finding);
  const { kind, when } = fact;
  const invokes = invokesWords(finding);
  return {
    ...{ kind, when, rank: rankOf(fact), level: levelOfAll(finding, [...facts, fact]) },
    // What an action does is not known from its name, so it is always told.
    specific: known !== undefined || invokes !== '',
    words: (name) => `${fact.words(name)}${invokes}`,
  };
}

/** Whatever is lost is never low, also where nobody stores data in it: without its DNS record, a service is gone. */
function levelOfAll({ action, deletedByHand }: Finding, facts: readonly Fact[]): SeverityLevel {
  const lost = deletedByHand === true || action === 'delete' || action === 'replace';
  return worstLevel([...facts.map(levelOf), ...(lost ? (['medium'] as const) : [])]) ?? 'low';
}

/** True if the change in the cloud lets somebody in, or allows somebody more, than before. */
export function widensAccess(finding: Finding): boolean {
  return factsOf(finding).some((fact) => fact.widens && fact.when === 'now');
}

/**
 * The attributes that let somebody in or allow somebody more than before, in the cloud by now or by an apply. If only
 * several of them together do, all of them.
 */
export function wideningAttributes(
  finding: Finding,
  attributes: readonly AttributeDrift[],
): ReadonlySet<AttributeDrift> {
  if (!widens(finding)) return new Set();
  const alone = attributes.filter((attribute) =>
    widens({ ...finding, attributes: [attribute], contents: [] }),
  );
  const inContents = widens({ ...finding, attributes: [] });
  return new Set(alone.length > 0 || inContents ? alone : attributes);
}

/** True if what a resource is created with lets somebody in. `entries` are read together: the values of one rule. */
export function contentWidens(finding: Finding, entries: readonly ContentEntry[]): boolean {
  return widens(finding) && widens({ ...finding, attributes: [], contents: entries });
}

function widens(finding: Finding): boolean {
  return factsOf(finding).some((fact) => fact.widens);
}

/**
 * What an apply of the finding opens or allows beyond before, worst first: `opens SSH (22) to the world
 * (0.0.0.0/0)`. Empty if it opens nothing.
 */
export function openedByApply(finding: Finding): readonly string[] {
  const facts = factsOf(finding).filter((fact) => fact.widens && fact.when === 'apply');
  return [...new Set(facts.toSorted((a, b) => rankOf(a) - rankOf(b)).flatMap((fact) => fact.effect ?? []))];
}

/**
 * What an apply of the finding undoes, if that is the worst of it: `close SSH (22) again`. Null if an apply leaves it, or
 * does something else as well.
 */
export function undoneByApply(finding: Finding): string | null {
  const reverts = finding.actionable && finding.action === 'update' && finding.origin === 'cloud';
  if (!reverts || finding.attributes.some((attribute) => attribute.leftInPlace === true)) return null;
  return worstFact(factsOf(finding))?.undo ?? null;
}

/**
 * Resources that are new in the code, by what they are, worst first: `1 IAM policy that allows everything (*:*), 1
 * group open to the world, 2 queues`.
 */
export function newResources(findings: readonly Finding[]): readonly string[] {
  const groups = new Map<string, { noun: string; quality: string; n: number; rank: number }>();
  for (const finding of findings) {
    const worst = worstFact(factsOf(finding).filter((fact) => fact.quality !== undefined));
    const noun = oneLine(nounOf(finding.type));
    const quality = worst?.quality === undefined ? '' : ` ${worst.quality}`;
    const group = groups.get(noun + quality) ?? {
      noun,
      quality,
      n: 0,
      rank: rankOf(worst ?? restOf(finding)),
    };
    groups.set(noun + quality, { ...group, n: group.n + 1 });
  }
  return [...groups.values()]
    .sort((a, b) => a.rank - b.rank)
    .map(({ noun, quality, n }) => `${count(n, noun, plural(noun))}${quality}`);
}

function plural(noun: string): string {
  // The type itself, which has no plural.
  if (noun.includes('_')) return noun;
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

const LABELS = /^(tags|tags_all|labels|annotations|description)\b/;

/** The facts of each finding that was asked for: a card asks many times, and findings never change. */
const factsByFinding = new WeakMap<Finding, readonly Fact[]>();

function factsOf(finding: Finding): readonly Fact[] {
  const known = factsByFinding.get(finding);
  if (known !== undefined) return known;
  const facts = findFacts(finding);
  factsByFinding.set(finding, facts);
  return facts;
}

function findFacts(given: Finding): readonly Fact[] {
  const { action } = given;
  let finding = given;
  const destroyed = destroyFacts(finding);
  if (finding.deletedByHand === true || action === 'delete' || action === 'forget') {
    return [...destroyed, ...unblockFacts(finding)];
  }
  // Most drift is about labels, and a plan may have thousands of such findings.
  if (action !== 'create' && finding.attributes.every(({ path }) => LABELS.test(path))) return destroyed;
  // A change inside a firewall rule tells what it opens only together with the rest of the rule.
  finding = { ...given, attributes: readableAttributes(given.attributes) };
  const places = placesOf(finding);
  return [
    ...destroyed,
    ...firewallFacts(finding, places),
    ...switchFacts(finding),
    ...accessFacts(finding, places),
    ...stateFacts(finding),
  ];
}

/** What is lost: gone from the cloud by hand, or deleted by an apply. */
function destroyFacts(finding: Finding): readonly Fact[] {
  const byHand = finding.deletedByHand === true;
  if (!byHand && finding.action !== 'delete' && finding.action !== 'replace') return [];
  if (!isObjectInCloud(finding.type)) return [];
  return [
    {
      ...({ kind: 'destroy', when: byHand ? 'now' : 'apply', widens: false, effect: null } as const),
      weight: isStateful(finding.type) ? 0 : 500,
      words: (name) => describeFinding(finding, name),
    },
  ];
}

/** What a service does now: stopped, or running other code. */
function stateFacts(finding: Finding): readonly Fact[] {
  return finding.attributes.flatMap(({ path, origin, actual }): readonly Fact[] => {
    if (origin === 'code' || typeof actual !== 'string') return [];
    const stopped = /^(instance_state|state|status|power_state|desired_status)$/.test(path);
    const words =
      stopped && /^(stopped|stopping|terminated|deallocated|suspended|paused)$/i.test(actual)
        ? (name: string) => `${name} ${oneLine(actual.toLowerCase())} outside of the code`
        : /^(code_sha256|source_code_hash|source_code_size|image_digest)$/.test(path)
          ? (name: string) => `the code of ${name} replaced outside of the code`
          : undefined;
    if (words === undefined) return [];
    return [{ kind: 'rest', when: 'now', weight: stopped ? 10 : 20, widens: false, words, effect: null }];
  });
}

/** A finding without any of these facts: what it is about by its type. */
function restOf(finding: Finding): Fact {
  const onlyLabels = finding.action === 'update' && finding.attributes.every(({ path }) => LABELS.test(path));
  const kind: SeverityKind = onlyLabels
    ? 'rest'
    : isIdentity(finding.type)
      ? 'identity'
      : isStateful(finding.type) && finding.action !== 'create'
        ? 'data'
        : 'rest';
  return {
    ...({ kind, when: finding.origin === 'code' ? 'apply' : 'now', widens: false, effect: null } as const),
    weight: kind === 'rest' ? (onlyLabels ? 900 : 800) : 900,
    words: (name) => describeFinding(finding, name),
  };
}
