/** The status of a finding, in the words next to it. */
import { assertNever } from '../base/assert-never.ts';
import type { Finding } from '../drift/finding.ts';
import { isTerminal } from '../model/run.ts';
import { whenText } from '../text/when.ts';
import { clip, listed } from '../text/words.ts';
import type { FindingTone } from './card.ts';
import type { DriftView, FindingView, Standing } from './view.ts';

/** The longest reason next to a finding, in characters. */
const REASON = 120;

/**
 * The view with the statuses that apply in the run's state. While the run waits for a person, the findings that the
 * policies would apply wait as well, because the same approval applies them.
 */
export function asItStands(view: DriftView): DriftView {
  if (view.state !== 'awaiting_approval') return view;
  const findings = view.findings.map((f) =>
    f.standing.type === 'heals' ? { ...f, standing: { type: 'waits' } as const } : f,
  );
  return { ...view, findings };
}

/** True if nothing more can happen in this run. */
export function ended(view: DriftView): boolean {
  return view.alert !== 'open' || (isTerminal(view.state) && view.state !== 'denied');
}

/** The findings that an approval of the run would apply now. */
export function approvableNow(view: DriftView): readonly FindingView[] {
  if (view.state !== 'awaiting_approval' || view.alert !== 'open') return [];
  return view.findings.filter(({ standing: { type: s } }) => s === 'waits' || s === 'unknown');
}

/** The open findings: neither put back nor exempt. */
export function openNow(view: DriftView): readonly FindingView[] {
  return view.findings.filter(
    ({ standing: { type: s } }) => s !== 'realigned' && s !== 'snoozed' && s !== 'accepted',
  );
}

/** The direction of the drift, in words. */
export function originWords(finding: Finding): string {
  if (finding.deletedByHand === true) return 'deleted by hand';
  switch (finding.origin) {
    case 'cloud':
      return 'changed in the cloud';
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
          return 'changed in the code, must be replaced';
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

/** The names of the policies that allowed it to heal. */
function healers(view: FindingView): string {
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
  return ` · ${by.name} had ${kind === 'accept' ? 'accepted' : 'snoozed'} it, it moved since`;
}

/** The words next to a finding, and their tone. */
export function standingOf(
  item: FindingView,
  view: DriftView,
): { readonly status: string; readonly tone: FindingTone } {
  const at = (ms: number): string => whenText(ms, view.now, view.zone);
  const told = (words: string): string => `${originWords(item.finding)} · ${words}${lapsedWords(item)}`;
  const { standing } = item;
  // A run that ended no longer waits for anybody.
  const left = ended(view);
  const past = view.alert === 'open' ? 'left as it is' : 'no longer open';
  switch (standing.type) {
    case 'heals':
      return left ? { status: told(past), tone: 'info' } : { status: told('heals itself'), tone: 'heals' };
    case 'waits':
      return left ? { status: told(past), tone: 'info' } : { status: told('waits'), tone: 'waits' };
    case 'denied':
      return { status: told('denied by policy'), tone: 'denied' };
    case 'approved':
      return { status: told(`approved by ${listed(standing.by.map((b) => b.name))}`), tone: 'heals' };
    case 'applying':
      return { status: told('being applied'), tone: 'heals' };
    case 'realigned':
      return { status: realignedWords(item, standing, at), tone: 'done' };
    case 'snoozed': {
      const until = standing.until === null ? 'it changes' : at(standing.until);
      return {
        status: `snoozed by ${standing.by.name} until ${until}${because(standing.reason)}`,
        tone: 'kept',
      };
    }
    case 'accepted':
      return {
        status: `accepted by ${standing.by.name} ${at(standing.at)}${because(standing.reason)}`,
        tone: 'kept',
      };
    case 'rejected':
      return {
        status: told(`rejected by ${standing.by.name}${because(standing.reason ?? '')}`),
        tone: 'denied',
      };
    case 'unknown':
      return { status: told('m0 stopped while applying it'), tone: 'denied' };
    default:
      return assertNever(standing);
  }
}

function realignedWords(
  item: FindingView,
  standing: Extract<Standing, { type: 'realigned' }>,
  at: (ms: number) => string,
): string {
  const by =
    standing.by.length === 0
      ? ` ${healers(item)}`
      : `, approved by ${listed(standing.by.map((b) => b.name))}`;
  const proof = standing.verifiedAt === null ? 'not verified yet' : 'verified: nothing left to change';
  return `realigned ${at(standing.at)}${by}, ${proof}`;
}
