/** The status of a finding, in the words next to it. */
import { assertNever } from '../base/assert-never.ts';
import { actionReasonWords, isCodeChange, stateOnlyWords } from '../drift/action-reason.ts';
import type { Finding } from '../drift/finding.ts';
import { widensAccess } from '../drift/severity.ts';
import { isTerminal } from '../model/run.ts';
import { instant } from '../text/instant.ts';
import { clip, listed } from '../text/words.ts';
import type { FindingTone, Words } from './card.ts';
import { doneWords } from './done-rows.ts';
import { isFindingOpenElsewhere, pastWords } from './newer-card.ts';
import { timedWords } from './timed.ts';
import type { DriftView, FindingStatus, FindingView } from './view.ts';
import type { PauseView } from './view-pause.ts';

/** The longest reason next to a finding, in characters. */
const REASON = 120;

/**
 * The view with the statuses that apply in the run's state. While the run waits for a person, the findings that the
 * policies would apply wait as well, because the same approval applies them.
 */
export function withCurrentStatuses(view: DriftView): DriftView {
  if (view.state !== 'awaiting_approval') return view;
  const findings = view.findings.map((f) =>
    f.status.type === 'heals' ? { ...f, status: { type: 'waits' } as const } : f,
  );
  return { ...view, findings };
}

/** True if nothing more can happen in this run. */
export function ended(view: DriftView): boolean {
  return view.alert !== 'open' || (isTerminal(view.state) && view.state !== 'denied');
}

/** True if the finding no longer drifts, as far as m0 knows, though this run put nothing of it back. */
export function isOver(item: FindingView, view: DriftView): boolean {
  const { type } = item.status;
  const isOpen = type === 'heals' || type === 'waits' || type === 'denied';
  return view.alert === 'resolved' && isOpen && !isFindingOpenElsewhere(item, view);
}

/** The pauses that hold the applies of the view's open drift back; empty if its alert is closed. */
export function pausesNow(view: DriftView): readonly PauseView[] {
  return view.alert === 'open' ? (view.pauses ?? []) : [];
}

/** The words after `heals itself`: empty, unless it is paused. */
export function whenResumed(view: DriftView): string {
  return pausesNow(view).length === 0 ? '' : ' when resumed';
}

/** The findings that an approval of the run would apply now. */
export function approvableNow(view: DriftView): readonly FindingView[] {
  if (view.state !== 'awaiting_approval' || view.alert !== 'open') return [];
  return view.findings.filter(({ status: { type: s } }) => s === 'waits' || s === 'unknown');
}

/** The open findings: neither put back nor exempt. */
export function openNow(view: DriftView): readonly FindingView[] {
  return view.findings.filter(
    ({ status: { type: s } }) => s !== 'realigned' && s !== 'snoozed' && s !== 'accepted' && s !== 'codified',
  );
}

/** The direction of the drift, in words, with the reason that Terraform gives for a replace or a delete. */
export function originWords(finding: Finding): string {
  const { action, deletedByHand, importing } = finding;
  if (deletedByHand === true) {
    return finding.origin === 'both' ? 'deleted by hand, and gone from the code' : 'deleted by hand';
  }
  const state = stateOnlyWords(finding);
  if (state !== null) return state;
  const reason = actionReasonWords(finding);
  if (action === 'replace') {
    const replaced = `must be replaced${reason === null ? '' : ` ${reason}`}`;
    return finding.origin === 'code' && !isCodeChange(finding)
      ? replaced
      : `${moverWords(finding)}, ${replaced}`;
  }
  if (action === 'delete' && reason !== null) {
    return finding.origin === 'code' ? `deleted ${reason}` : `changed in the cloud, deleted ${reason}`;
  }
  const words = moverWords(finding);
  return importing === true ? `imported into the state, ${words}` : words;
}

/** True if only computed values changed in the cloud, which no hand needs to have done. */
function isOutside(finding: Finding): boolean {
  return finding.attributes.length > 0 && finding.attributes.every((a) => a.computed === true);
}

function moverWords(finding: Finding): string {
  switch (finding.origin) {
    case 'cloud':
      return isOutside(finding) ? 'outside of the code' : 'changed in the cloud';
    case 'both':
      return 'changed in the cloud and in the code';
    case 'code':
      switch (finding.action) {
        case 'create':
          return 'new in the code';
        case 'delete':
          return 'gone from the code';
        case 'forget':
          return 'no longer managed by the code';
        case 'replace':
        case 'update':
        case 'none':
          return 'changed in the code';
        default:
          return assertNever(finding.action);
      }
    default:
      return assertNever(finding.origin);
  }
}

/** The words next to a finding that an apply would not change. One that widens access has a mark of its own. */
export function unaffectedStatus(finding: Finding): string {
  const where = widensAccess(finding) ? 'outside of the code' : originWords(finding);
  return `${where} · an apply would change nothing`;
}

/** The names of the policies that allowed it to heal. */
function allowingPolicies(view: FindingView): string {
  const names = view.reasons.flatMap((r) => (r.rule === 'allow' && r.policy !== null ? [r.policy] : []));
  return names.length === 0 ? 'by policy' : `by policy ${listed([...new Set(names)])}`;
}

function because(reason: string): string {
  return reason === '' ? '' : `: "${clip(reason, REASON)}"`;
}

/** ` · Dana's snooze is over`, ` · Dana had accepted it, it moved since`. */
function lapsedWords({ lapsed }: FindingView): string {
  if (lapsed === undefined) return '';
  const { kind, by, why } = lapsed;
  if (why === 'over') return ` · the snooze by ${by.name} is over`;
  if (kind === 'codify') return ` · it moved since ${by.name} asked to put it into the code`;
  return ` · ${by.name} had ${kind === 'accept' ? 'accepted' : 'snoozed'} it, it moved since`;
}

/** The words next to a finding, and their tone. */
export function statusLabel(
  item: FindingView,
  view: DriftView,
): { readonly status: Words; readonly tone: FindingTone } {
  const { status, tone } = plainLabel(item, view);
  return { status: timedWords(status, view), tone };
}

/** Said of a finding that m0 only tells. */
export const NOT_BY_M0 = 'm0 can’t apply it';

/** The same, with times as `instant` writes them. */
function plainLabel(
  item: FindingView,
  view: DriftView,
): { readonly status: string; readonly tone: FindingTone } {
  const withOrigin = (words: string): string => `${originWords(item.finding)} · ${words}${lapsedWords(item)}`;
  const { status } = item;
  // A run that ended no longer waits for anybody.
  const hasEnded = ended(view);
  const past = pastWords(item, view);
  switch (status.type) {
    case 'heals':
      return hasEnded
        ? { status: withOrigin(past), tone: 'info' }
        : { status: withOrigin(`heals itself${whenResumed(view)}`), tone: 'heals' };
    case 'waits':
      return hasEnded
        ? { status: withOrigin(past), tone: 'info' }
        : { status: withOrigin('waits'), tone: 'waits' };
    case 'denied':
      return { status: withOrigin(status.tellOnly ? NOT_BY_M0 : 'denied by policy'), tone: 'denied' };
    case 'approved':
      return { status: withOrigin(`approved by ${listed(status.by.map((b) => b.name))}`), tone: 'busy' };
    case 'applying':
      return { status: withOrigin('being applied'), tone: 'busy' };
    case 'realigned':
      return {
        status: realignedWords(item, status),
        tone: status.verifiedAt === null ? 'busy' : 'done',
      };
    case 'snoozed': {
      const until = status.until === null ? 'it changes' : instant(status.until);
      return {
        status: `snoozed by ${status.by.name} until ${until}${because(status.reason)}`,
        tone: 'snoozed',
      };
    }
    case 'accepted':
      return {
        status: `accepted by ${status.by.name} ${instant(status.at)}${status.until == null ? '' : ` until ${instant(status.until)}`}${because(status.reason)}`,
        tone: 'accepted',
      };
    case 'codified':
      return {
        status: withOrigin('left as it is while it goes into the code'),
        tone: 'accepted',
      };
    case 'rejected':
      return {
        status: withOrigin(`rejected by ${status.by.name}${because(status.reason ?? '')}`),
        tone: 'rejected',
      };
    case 'unknown':
      return { status: withOrigin('m0 stopped while applying it'), tone: 'failed' };
    default:
      return assertNever(status);
  }
}

function realignedWords(item: FindingView, status: Extract<FindingStatus, { type: 'realigned' }>): string {
  const by =
    status.by.length === 0
      ? ` ${allowingPolicies(item)}`
      : `, approved by ${listed(status.by.map((b) => b.name))}`;
  const proof = status.verifiedAt === null ? 'not verified yet' : 'verified: nothing left to change';
  return `${doneWords(item.finding)} ${instant(status.at)}${by}, ${proof}`;
}
