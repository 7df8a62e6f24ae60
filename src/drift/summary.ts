/** Findings as plain text for people. */
import { listed, withSeparators } from '../text/words.ts';
import { isStateOnly } from './action-reason.ts';
import { invocationText } from './beside.ts';
import type { Analysis, Finding } from './finding.ts';
import { type Severity, severityOf, widensAccess } from './severity.ts';
import { oneLine } from './value-text.ts';

/** How many findings the sentence names; the others are counted. */
const MOST_NAMED = 3;

/**
 * One sentence about what drifted, the worst first: "3 drifted in prod-network: SSH (22) opened to 203.0.113.7 on
 * aws_security_group.web, 2 tags removed by hand on aws_s3_bucket.logs, …". Plain text on one line, without markup.
 * Actionable findings come first.
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
  const state = left.filter(isStateOnly);
  const kept = left.filter((finding) => !isStateOnly(finding));
  const states = state.length === 0 ? '' : `; ${state.length} more where an apply only writes the state`;
  if (actionable.length === 0 && kept.length === 0) {
    return `${state.length} in ${place} where an apply only writes the state: ${listFindings(state)}${aside}`;
  }
  if (actionable.length === 0) {
    return `${kept.length} drifted in ${place} where an apply would change nothing: ${listFindings(kept)}${states}${aside}`;
  }
  const first = worseOf(kept, actionable);
  const told = first === undefined ? '' : `${severityOf(first).words(oneLine(first.address))}. `;
  return `${told}${actionable.length} drifted in ${place}: ${listFindings(actionable)}${keptWords(kept, first)}${states}${aside}`;
}

/** What opens or allows something though an apply would not change it, if that is worse than all that it changes. */
function worseOf(kept: readonly Finding[], actionable: readonly Finding[]): Finding | undefined {
  const [wider] = worstFirst(kept.filter(widensAccess));
  const [worst] = worstFirst(actionable);
  return wider !== undefined && worst !== undefined && wider.severity.rank < worst.severity.rank
    ? wider.finding
    : undefined;
}

/** Findings that an apply does not change are counted; those that open or allow something are named. */
function keptWords(kept: readonly Finding[], told: Finding | undefined): string {
  if (kept.length === 0) return '';
  const wider = kept.filter((finding) => finding !== told && widensAccess(finding));
  const names = wider.length === 0 ? '' : `: ${listFindings(wider)}`;
  return `; ${kept.length} ${told === undefined ? 'more ' : ''}where an apply would change nothing${names}`;
}

/**
 * The sentence of `summarize`, then one line for each reason why it may not be all: the plan is partial, or m0 does
 * not know everything in it. A plan without findings is never called free of drift if it has such a reason, or if an
 * apply of it invokes an action.
 */
export function summarizeAnalysis(analysis: Analysis, stack: string): readonly [string, ...string[]] {
  const [partial, unknown] = [analysis.partial ?? [], analysis.notUnderstood ?? []].map((reasons) =>
    oneLine(reasons.join('; ')),
  );
  const { invocations = [] } = analysis;
  const named = invocations.slice(0, MOST_NAMED).map(invocationText);
  if (invocations.length > MOST_NAMED) named.push(`${withSeparators(invocations.length - MOST_NAMED)} more`);
  const invokes = named.length === 0 ? [] : [`an apply invokes ${listed(named)}`];
  const reasons = [
    ...(partial ? [`the plan is partial: ${partial}`] : []),
    ...(unknown ? [`the plan is not fully understood: ${unknown}`] : []),
  ];
  const but = [...invokes, ...reasons];
  if (analysis.findings.length === 0 && but.length > 0) {
    return [`Nothing found in ${oneLine(stack)}, but ${but.join('; and ')}`];
  }
  const lines = reasons.map((reason) => `But ${reason}`);
  const short = partial ? ' (the plan is partial)' : '';
  return [`${summarize(analysis.findings, stack)}${short}`, ...lines];
}

function listFindings(findings: readonly Finding[]): string {
  const ordered = worstFirst(findings);
  const named = ordered
    .slice(0, MOST_NAMED)
    .map(({ finding, severity }) => severity.words(oneLine(finding.address)));
  const more = findings.length > MOST_NAMED ? ` and ${findings.length - MOST_NAMED} more` : '';
  // Words with a comma inside need another separator between them.
  return `${named.join(named.some((words) => words.includes(', ')) ? '; ' : ', ')}${more}`;
}

/** The findings with how bad they are, the worst first; equals keep their order. */
export function worstFirst(
  findings: readonly Finding[],
): readonly { readonly finding: Finding; readonly severity: Severity }[] {
  return findings
    .map((finding) => ({ finding, severity: severityOf(finding) }))
    .sort((a, b) => a.severity.rank - b.severity.rank);
}
