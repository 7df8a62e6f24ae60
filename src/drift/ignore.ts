/** Ignore rules of m0.yaml: drift that is reported but never applied. */
import { countsOf } from './counts.ts';
import type { Analysis, Finding } from './finding.ts';

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
 */
export function ignoreFindings(analysis: Analysis, rules: readonly IgnoreRule[]): Analysis {
  if (rules.length === 0) return analysis;
  const split = rules.map(({ match, reason }) => ({ segments: dotted(match), reason }));
  const findings = analysis.findings.map((finding): Finding => {
    const reason = reasonToIgnore(finding, split);
    return reason === null ? finding : { ...finding, actionable: false, ignored: reason };
  });
  return { ...analysis, findings, counts: countsOf(findings, analysis.noise) };
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

function reasonToIgnore(finding: Finding, rules: readonly Rule[]): string | null {
  const address = dotted(finding.address);
  const fits = rules.flatMap(({ segments, reason }): Fit[] => {
    const fit = address.every((segment, i) => covers(segments[i], segment));
    return fit ? [{ path: keyed(segments.slice(address.length)), reason }] : [];
  });
  const whole = fits.find((fit) => fit.path.length === 0);
  if (whole !== undefined) return whole.reason;

  if (fits.length === 0) return null;
  const stays = finding.action === 'update' || finding.action === 'none';
  // Without attributes, a rule about an attribute can't match.
  if (!stays || finding.deletedByHand === true || finding.attributes.length === 0) return null;
  const reasons = new Set<string>();
  for (const attribute of finding.attributes) {
    const path = keyed(dotted(attribute.path));
    const fit = fits.find(
      (f) => f.path.length === path.length && path.every((segment, i) => covers(f.path[i], segment)),
    );
    if (fit === undefined) return null;
    reasons.add(fit.reason);
  }
  return [...reasons].join(', ');
}

/** The parts between the dots. A dot in brackets or quotes is part of a key. */
function dotted(path: string): readonly string[] {
  const segments: string[] = [];
  let from = 0;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < path.length; i++) {
    const character = path[i];
    if (quoted) {
      if (character === '\\') i += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '[') depth += 1;
    else if (character === ']') depth -= 1;
    else if (character === '.' && depth === 0) {
      segments.push(path.slice(from, i));
      from = i + 1;
    }
  }
  return [...segments, path.slice(from)];
}

/** Splits off each key in brackets, so that `tags.Owner` and `tags["a.b/c"]` both have two parts. */
function keyed(segments: readonly string[]): readonly string[] {
  return segments.flatMap((segment) => segment.split(/(?=\[")/));
}

/** True if the pattern matches the whole text. `*` matches any characters. */
function covers(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return false;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === text;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let middle = text.slice(head.length, text.length - tail.length);
  for (const part of rest) {
    const at = middle.indexOf(part);
    if (at === -1) return false;
    middle = middle.slice(at + part.length);
  }
  return true;
}
