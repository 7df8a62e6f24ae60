/** Findings as plain text for people. */
import type { Analysis, AttributeDrift, Finding } from './finding.ts';
import { oneLine } from './value-text.ts';

/** How many findings the sentence names; the others are counted. */
const MOST_NAMED = 3;

/**
 * One sentence about what drifted: "3 drifted in prod-network: 2 tags removed by hand on aws_s3_bucket.logs, …".
 * Plain text on one line, without markup. Actionable findings come first.
 */
export function summarize(findings: readonly Finding[], stack: string): string {
  const place = oneLine(stack);
  const actionable = findings.filter((finding) => finding.actionable);
  const left = findings.filter((finding) => !finding.actionable && finding.ignored === undefined);
  const ignored = findings.filter((finding) => finding.ignored !== undefined);
  if (findings.length === 0) return `Nothing drifted in ${place}`;
  if (actionable.length === 0 && left.length === 0) {
    return `${ignored.length} drifted in ${place} and ignored: ${listFindings(ignored)}`;
  }
  const aside = ignored.length > 0 ? `; ${ignored.length} more ignored` : '';
  if (actionable.length === 0) {
    return `${left.length} drifted in ${place} where an apply would change nothing: ${listFindings(left)}${aside}`;
  }
  const tail = `${left.length > 0 ? `; ${left.length} more where an apply would change nothing` : ''}${aside}`;
  return `${actionable.length} drifted in ${place}: ${listFindings(actionable)}${tail}`;
}

/**
 * The sentence of `summarize`, then one line for each reason why it may not be all: the plan is partial, or m0 does
 * not know everything in it. A plan with such a reason and without findings is never called free of drift.
 */
export function summarizeAnalysis(analysis: Analysis, stack: string): readonly [string, ...string[]] {
  const [partial, unknown] = [analysis.partial ?? [], analysis.notUnderstood ?? []].map((reasons) =>
    oneLine(reasons.join('; ')),
  );
  const reasons = [
    ...(partial ? [`the plan is partial: ${partial}`] : []),
    ...(unknown ? [`the plan is not fully understood: ${unknown}`] : []),
  ];
  if (analysis.findings.length === 0 && reasons.length > 0) {
    return [`Nothing found in ${oneLine(stack)}, but ${reasons.join('; and ')}`];
  }
  const lines = reasons.map((reason) => `But ${reason}`);
  const short = partial ? ' (the plan is partial)' : '';
  return [`${summarize(analysis.findings, stack)}${short}`, ...lines];
}

function listFindings(findings: readonly Finding[]): string {
  // If not all fit, changes that can't be undone come first.
  const weight = (finding: Finding): number =>
    finding.deletedByHand || finding.action === 'delete' || finding.action === 'replace' ? 0 : 1;
  const all = findings.length > MOST_NAMED;
  const ordered = all ? findings.toSorted((a, b) => weight(a) - weight(b)) : findings;
  const named = ordered.slice(0, MOST_NAMED).map((finding) => describeFinding(finding));
  const more = all ? ` and ${findings.length - MOST_NAMED} more` : '';
  return `${named.join(', ')}${more}`;
}

/** What happened to one finding, in a few words with its address: "2 tags removed by hand on aws_s3_bucket.logs". */
export function describeFinding(finding: Finding): string {
  const address = oneLine(finding.address);
  if (finding.deletedByHand) {
    return finding.action === 'create'
      ? `${address} deleted by hand`
      : `${address} deleted by hand${finding.origin === 'both' ? ' and removed from the code' : ''}`;
  }
  switch (finding.action) {
    case 'create':
      return `${address} new in the code`;
    case 'delete':
      return `${address} removed from the code${byHandToo(finding)}`;
    case 'forget':
      return `${address} to be forgotten by the code${byHandToo(finding)}`;
    default:
      break;
  }
  const replaced = finding.action === 'replace' ? ' (to be replaced)' : '';
  const moved = finding.previousAddress === undefined ? '' : ` (was ${oneLine(finding.previousAddress)})`;
  const parts = (['cloud', 'both', 'code', 'input'] as const).flatMap((mover) => {
    const some = finding.attributes.filter((attribute) => moverOf(attribute) === mover);
    return some.length === 0 ? [] : [`${changes(some)} ${CHANGED_BY[mover]}`];
  });
  const what = parts.length === 0 ? 'changed in the code' : parts.join(' and ');
  return `${what} on ${address}${replaced}${moved}`;
}

const CHANGED_BY = {
  cloud: 'by hand',
  code: 'in the code',
  both: 'by hand and in the code',
  input: 'in the code or what it reads',
} as const;

/** A value computed from a data source may have changed while the code did not. */
function moverOf({ origin, inputs }: AttributeDrift): keyof typeof CHANGED_BY {
  return origin === 'code' && inputs !== undefined ? 'input' : origin;
}

function byHandToo(finding: Finding): string {
  return finding.attributes.length > 0 ? ' after a change by hand' : '';
}

/** "2 tags removed", "1 rule added", "retention_in_days changed", "4 attributes changed". */
function changes(attributes: readonly AttributeDrift[]): string {
  const [first] = attributes;
  if (first === undefined) return 'nothing';
  const kinds = new Set(attributes.map((attribute) => attribute.kind));
  const kind = kinds.size === 1 ? first.kind : 'changed';
  const nouns = new Set(attributes.map(nounOf));
  const [noun] = nouns;
  if (nouns.size === 1 && noun !== undefined && noun !== 'attribute') {
    return `${attributes.length} ${noun}${attributes.length === 1 ? '' : 's'} ${kind}`;
  }
  if (attributes.length === 1) return `${oneLine(first.path)} ${kind}`;
  return `${attributes.length} attributes ${kind}`;
}

function nounOf(attribute: AttributeDrift): string {
  if (/^(tags|labels)[.[]/.test(attribute.path)) return attribute.path.startsWith('tags') ? 'tag' : 'label';
  return /^(ingress|egress)\b/.test(attribute.path) ? 'rule' : 'attribute';
}
