/** Ignore rules of m0.yaml: drift that is reported but never applied. */
import { covers, dotted, keyed } from './address-pattern.ts';
import { equal } from './canonical.ts';
import { countsOf } from './counts.ts';
import type { Analysis, AttributeDrift, Finding, IgnoredAttribute, Json } from './finding.ts';

/**
 * A rule that ignores drift. `match` is an address, or an address and an attribute's path joined by a dot, written
 * as in findings. `*` matches any characters except a separating dot.
 */
export interface IgnoreRule {
  readonly match: string;
  readonly reason: string;
}

interface Rule {
  readonly segments: readonly string[];
  readonly reason: string;
}

/** A rule whose address matches a finding. `path` is the rule's attribute; empty: the whole resource. */
interface Fit {
  readonly path: readonly string[];
  readonly reason: string;
}

/**
 * Returns the analysis with every ignored finding marked: not actionable, with the reason in `ignored`. Such
 * findings are still reported, but never applied. A rule with an attribute covers that attribute; it ignores a
 * finding only if all attributes are covered and the resource stays. Creates, deletes, replaces and forgets need a
 * rule for the whole resource. Fingerprints do not change; `counts` are updated.
 *
 * Where only some attributes of a finding are covered, it stays actionable: `leavesIgnored` then lists the covered
 * ones that an apply leaves as they are, and `revertsIgnored` those that it would change.
 */
export function ignoreFindings(analysis: Analysis, rules: readonly IgnoreRule[]): Analysis {
  if (rules.length === 0) return analysis;
  const split = rules.map(splitRule);
  const findings = analysis.findings.map((finding): Finding => {
    const fits = fitting(finding.address, split);
    if (fits.length === 0) return finding;
    const reason = reasonToIgnore(finding, fits);
    return reason === null
      ? { ...finding, ...coveredAttributes(finding, fits) }
      : { ...finding, actionable: false, ignored: reason };
  });
  return { ...analysis, findings, counts: countsOf(findings, analysis.noise) };
}

/**
 * Whether a rule covers an attribute by its path or, with the path null, the whole resource. Written as in findings.
 */
export type Ignores = (address: string, path: string | null) => boolean;

/** The rules as one question. */
export function ignoredBy(rules: readonly IgnoreRule[]): Ignores {
  const split = rules.map(splitRule);
  return (address, path) => {
    const fits = fitting(address, split);
    return path === null
      ? fits.some((fit) => fit.path.length === 0)
      : fits.length > 0 && fitFor(path, fits) !== undefined;
  };
}

/**
 * True if rules cover the attribute not only at this address but for every key that an instance of the resource or of
 * its modules may have.
 */
export function ignoresAllInstances(ignores: Ignores, address: string, path: string): boolean {
  const anyKey = dotted(address).map((segment) =>
    segment.replace(/\[.*\]$/, (key) => (key.startsWith('["') ? `["${ANY_KEY}"]` : `[${ANY_KEY}]`)),
  );
  return ignores(anyKey.join('.'), path);
}

/** A key that no rule names: only a wildcard matches it. */
const ANY_KEY = '\u0001';

/**
 * True if an apply changes the attribute of a resource that stays. A value that is known only after the apply counts
 * as changed, unless the provider computes it.
 */
export function applyChanges(attribute: AttributeDrift): boolean {
  if (attribute.computed === true || attribute.leftInPlace === true) return false;
  // Two hidden secrets look equal.
  return attribute.sensitive || !equal(attribute.actual as Json, attribute.desired as Json, 'plan');
}

/** True if `match` can be an address, or an address and a path. An address has at least a type and a name. */
export function isIgnoreMatch(match: string): boolean {
  const segments = dotted(match);
  return segments.length > 1 && segments.every((segment) => WHOLE_SEGMENT.test(segment));
}

/**
 * True if the rule's address matches the finding and, if the rule names an attribute, at least one drifted
 * attribute matches it.
 */
export function concerns(match: string, finding: Finding): boolean {
  const segments = dotted(match);
  const address = dotted(finding.address);
  if (!address.every((segment, i) => covers(segments[i], segment))) return false;
  const path = keyed(segments.slice(address.length));
  return (
    path.length === 0 ||
    finding.attributes.some((attribute) => {
      const actual = keyed(dotted(attribute.path));
      // `ingress` matches each of its rules, `ingress[*]`.
      const fits = (pattern: string, segment: string): boolean =>
        covers(pattern, segment) || covers(pattern, segment.replace(/\[[^\]]*\]$/, ''));
      return path.length <= actual.length && path.every((segment, i) => fits(segment, actual[i] ?? ''));
    })
  );
}

/** A name and any number of closed brackets. */
const WHOLE_SEGMENT = /^[^.[\]"\s]+(\[([^[\]"\s]+|"([^"\\]|\\.)*")\])*$/;

function splitRule({ match, reason }: IgnoreRule): Rule {
  return { segments: dotted(match), reason };
}

function fitting(at: string, rules: readonly Rule[]): readonly Fit[] {
  const address = dotted(at);
  return rules.flatMap(({ segments, reason }): Fit[] => {
    const fit = address.every((segment, i) => covers(segments[i], segment));
    return fit ? [{ path: keyed(segments.slice(address.length)), reason }] : [];
  });
}

function fitFor(attributePath: string, fits: readonly Fit[]): Fit | undefined {
  const path = keyed(dotted(attributePath));
  return fits.find(
    (f) => f.path.length === path.length && path.every((segment, i) => covers(f.path[i], segment)),
  );
}

function reasonToIgnore(finding: Finding, fits: readonly Fit[]): string | null {
  const whole = fits.find((fit) => fit.path.length === 0);
  if (whole !== undefined) return whole.reason;

  const stays = finding.action === 'update' || finding.action === 'none';
  // Without attributes, a rule about an attribute can't match.
  if (!stays || finding.deletedByHand === true || finding.attributes.length === 0) return null;
  const reasons = new Set<string>();
  for (const attribute of finding.attributes) {
    const fit = fitFor(attribute.path, fits);
    if (fit === undefined) return null;
    reasons.add(fit.reason);
  }
  return [...reasons].join(', ');
}

/** The covered attributes of a finding that an apply touches. */
function coveredAttributes(
  finding: Finding,
  fits: readonly Fit[],
): Pick<Finding, 'leavesIgnored' | 'revertsIgnored'> {
  if (!finding.actionable || (finding.action !== 'update' && finding.action !== 'replace')) return {};
  const covered = finding.attributes.flatMap((attribute) => {
    const fit = fitFor(attribute.path, fits);
    return fit === undefined ? [] : [{ attribute, reason: fit.reason }];
  });
  const listed = (changes: boolean): readonly IgnoredAttribute[] =>
    covered
      .filter(({ attribute }) => applyChanges(attribute) === changes)
      .map(({ attribute: { path, actual, desired }, reason }) => ({ path, reason, actual, desired }));
  const [leaves, reverts] = [listed(false), listed(true)];
  return {
    ...(leaves.length === 0 ? {} : { leavesIgnored: leaves }),
    ...(reverts.length === 0 ? {} : { revertsIgnored: reverts }),
  };
}
