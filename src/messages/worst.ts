/** The worst of a stack's open drift: what its headline tells first. */
import type { Reason } from '../decisions/decision.ts';
import type { Finding } from '../drift/finding.ts';
import { shortNames } from '../drift/resource-name.ts';
import { type SeverityLevel, worstLevel } from '../drift/severity/level.ts';
import { type Severity, severityOf, widensAccess } from '../drift/severity.ts';
import { openNow } from './finding-status.ts';
import type { DriftView, FindingView } from './view.ts';

/** The finding that the headline tells first. */
export interface Worst {
  readonly finding: Finding;
  /** Null for a finding that an apply would not change. */
  readonly item: FindingView | null;
  readonly severity: Severity;
  /** What a policy says about this finding by its address; null if none does. */
  readonly message: Reason | null;
  /** What to call a resource of the view in a sentence. */
  readonly nameOf: (finding: Finding) => string;
}

/** Findings that an apply would not change, and that let somebody in or allow somebody more than before. */
export function wideningUnaffected(view: DriftView): readonly Finding[] {
  return view.unaffected.filter((finding) => finding.ignored === undefined && widensAccess(finding));
}

/**
 * How bad the worst open finding is, or the worst that an apply would not change though it widens access. Undefined if
 * the drift is over, or all of it put back or exempt.
 */
export function openLevel(view: DriftView): SeverityLevel | undefined {
  if (view.alert !== 'open') return undefined;
  const open = openNow(view).map((item) => item.finding);
  if (open.length === 0) return undefined;
  return worstLevel([...open, ...wideningUnaffected(view)].map((finding) => severityOf(finding).level));
}

const OBJECTIONS = ['deny', 'pending', 'warn'] as const;

/** The policies' message about exactly this finding, the strictest first; null if there is none. */
function messageAbout(finding: Finding, reasons: readonly Reason[], view: DriftView): Reason | null {
  const about = [...reasons, ...view.warnings].filter((reason) => reason.address === finding.address);
  for (const rule of OBJECTIONS) {
    const message = about.find((reason) => reason.rule === rule);
    if (message !== undefined) return message;
  }
  return null;
}

function strictness({ message }: Worst): number {
  const at = (OBJECTIONS as readonly string[]).indexOf(message?.rule ?? '');
  return at === -1 ? OBJECTIONS.length : at;
}

/**
 * The worst of the open findings, and of those that an apply would not change though they widen access: first what
 * policies say something about (deny, pending, warn), then by severity. Null if nothing is open.
 */
export function worstOf(view: DriftView): Worst | null {
  const open = openNow(view);
  if (open.length === 0) return null;
  const nameOf = shortNames([...view.findings.map((item) => item.finding), ...view.unaffected]);
  const toWorst = (finding: Finding, item: FindingView | null): Worst => ({
    ...{ finding, item, severity: severityOf(finding), nameOf },
    message: messageAbout(finding, item?.reasons ?? [], view),
  });
  const all = [
    ...open.map((item) => toWorst(item.finding, item)),
    ...wideningUnaffected(view).map((finding) => toWorst(finding, null)),
  ];
  return all.reduce((worst, next) => {
    const order = strictness(next) - strictness(worst) || next.severity.rank - worst.severity.rank;
    return order < 0 ? next : worst;
  });
}
