/** The answer to `why`: the reasons for a run's state. */
import { showText } from '../commands/text.ts';
import { happenedMark } from '../drift/happened.ts';
import { oneLine } from '../drift/value-text.ts';
import type { RunState } from '../model/run.ts';
import { count, headlineOf, listed } from '../text/words.ts';
import type { Block, Card, DiffRow } from './card.ts';
import { causeLines } from './cause-card.ts';
import { codifyLines } from './codify-words.ts';
import { conditionsFact } from './conditions-card.ts';
import { approvableNow, openNow, pausesNow, statusLabel, withCurrentStatuses } from './finding-status.ts';
import { ruleLink } from './links.ts';
import { pausedHead, pausedLines, resumeButtons } from './pause.ts';
import { policyName, reasonSpans, reasonWords, ruleWords } from './reasons.ts';
import { foldRows } from './rows.ts';
import { context, text } from './spans.ts';
import { failingChecksWords, troubleWords } from './trouble.ts';
import type { DriftView, FindingView } from './view.ts';
import { approvalsLeft, approverSpans, nobodyMay, whoSpans } from './who.ts';

const STATES: Readonly<Record<RunState, string>> = {
  queued: 'waits for its turn',
  planning: 'is being planned',
  deciding: 'is being judged by the policies',
  awaiting_approval: 'needs no decision: the rest is snoozed, accepted or denied',
  approved: 'is about to be applied',
  applying: 'is being applied',
  verifying: 'is applied; the plan after it is being made',
  clean: 'found nothing to do',
  quiet: 'found nothing new: all of it is known, snoozed or accepted',
  realigned: 'is realigned',
  denied: 'is denied by the policies',
  state_empty: 'found the state empty, so nothing is applied',
  rejected: 'was rejected',
  canceled: 'was canceled',
  superseded: 'stopped for a newer run',
  expired: 'expired: it was approved too long ago to be applied',
  failed: 'failed',
  apply_unknown: 'was interrupted while applying',
};

const FINDINGS = 15;
const REASONS = 8;

function reasonRows(item: FindingView): readonly DiffRow[] {
  if (item.reasons.length === 0)
    return [{ kind: 'note', label: 'm0', value: 'nothing was decided on it yet' }];
  return item.reasons.map((r) => {
    const rule = ruleWords(r);
    const words = reasonWords(r, 500);
    // A reason can contain any text, and must not look like the line that names the rule.
    return {
      kind: 'note',
      label: policyName(r),
      value: rule === null ? words : `${oneLine(words)}\n${rule}`,
    };
  });
}

/** The reason for the run's state, in one sentence. */
function because(view: DriftView): string {
  const run = `run #${view.runId}`;
  const waiting = approvableNow(view).length;
  if (waiting > 0) {
    if (nobodyMay(view)) return `${run} of ${view.stack} waits, but m0.yaml names nobody who may approve it`;
    const { left, given } = approvalsLeft(view);
    const more = given ? 'more ' : '';
    return `${run} of ${view.stack} waits for ${left === 1 && more === '' ? 'a person' : `${left} ${more}${left === 1 ? 'approval' : 'approvals'}`} to decide on ${count(waiting, 'resource')}`;
  }
  const denied = view.findings.filter((f) => f.status.type === 'denied');
  if (denied.length > 0 && openNow(view).length === denied.length) {
    return `${run} of ${view.stack}: the policies let nobody apply ${listed(denied.slice(0, 3).map((f) => f.finding.address))}${denied.length > 3 ? ' and others' : ''}`;
  }
  if (view.emptied) {
    const words = troubleWords({ kind: 'empty-state', number: view.emptied.resources });
    return `${run} of ${view.stack}: ${words}, so nothing is applied`;
  }
  const fails = view.checks?.length ?? 0;
  if (view.state === 'quiet' && fails > 0 && view.findings.length === 0) {
    return `${run} of ${view.stack} found no drift, but ${failingChecksWords(fails)}`;
  }
  if (view.state === 'approved' && pausesNow(view).length > 0) {
    return `${run} of ${view.stack} is approved, and waits until somebody resumes it`;
  }
  return `${run} of ${view.stack} ${STATES[view.state]}`;
}

/** Each finding with the rules that decided it, why the run waits, and who may approve. */
export function whyCard(given: DriftView): Card {
  const view = withCurrentStatuses(given);

  const shown = view.findings.length <= FINDINGS + 1 ? view.findings : view.findings.slice(0, FINDINGS);
  const more = view.findings.length - shown.length;
  const denied = view.findings.some((f) => f.status.type === 'denied');
  const warns = reasonSpans(view.warnings, view.links);
  const asking = approvableNow(view).length > 0;
  const fails = conditionsFact(view.checks ?? []);
  const facts = [
    { label: 'Who', spans: asking ? whoSpans(view) : approverSpans(view) },
    ...(warns.length > 0 ? [{ label: 'Warns', spans: warns }] : []),
    ...(fails === null ? [] : [{ label: 'Fails', spans: [text(fails)] }]),
  ];
  const blocks: readonly Block[] = [
    ...pausedLines(pausesNow(view), view, view.state === 'applying'),
    ...causeLines(view),
    ...codifyLines(view),
    ...shown.map(
      (item): Block => ({
        type: 'finding',
        mark: happenedMark(item.finding),
        address: item.finding.address,
        ...statusLabel(item, view),
        links: item.reasons.flatMap((reason) => ruleLink(reason, view.links) ?? []),
        rows: foldRows(reasonRows(item), REASONS),
      }),
    ),
    ...(more > 0 ? [context(text(`and ${more} more`))] : []),
    { type: 'facts', facts },
    ...(denied
      ? [
          context(
            text(
              'Nobody can approve what policies deny: snooze it, accept it, or change the code or the policy.',
            ),
          ),
        ]
      : []),
    {
      type: 'buttons',
      buttons: [...resumeButtons(pausesNow(view)), { label: 'Full diff', command: showText(view.runId) }],
    },
  ];
  return { headline: headlineOf(`${pausedHead(pausesNow(view))}${because(view)}`), tone: 'plain', blocks };
}
