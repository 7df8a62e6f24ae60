/** The card of one stack's drift: one message, updated in place until the drift is closed. */
import { isCodeChange, isStateOnly } from '../drift/action-reason.ts';
import { type AlikeGroup, alikeWords, groupAlike } from '../drift/alike.ts';
import type { Finding } from '../drift/finding.ts';
import { happenedMark } from '../drift/happened.ts';
import { severityOf, widensAccess } from '../drift/severity.ts';
import { clip, codeName, count, listed, withSeparators } from '../text/words.ts';
import { fightRows } from './brake.ts';
import { type Block, type Card, noteRow, type Span } from './card.ts';
import { causeLines } from './cause-card.ts';
import { branchLines, otherCommits } from './code-cause.ts';
import { codifyBlocks } from './codify-words.ts';
import { conditionsFact } from './conditions-card.ts';
import { driftButtons } from './drift-buttons.ts';
import {
  approvableNow,
  openNow,
  pausesNow,
  statusLabel,
  unaffectedStatus,
  withCurrentStatuses,
} from './finding-status.ts';
import { driftHeadline, driftTitle, notAppliedText } from './headline.ts';
import { ignoredChangeBlocks } from './ignored-changes.ts';
import { commitSpans, findingLinks, pullRequestSpans } from './links.ts';
import { movedBlocks } from './moved.ts';
import { isOpenElsewhere, newerBlocks } from './newer-card.ts';
import { STATE_ONLY_HERE } from './own-state.ts';
import { pausedLines } from './pause.ts';
import { reasonSpans } from './reasons.ts';
import { CARD_VALUE, findingRows, foldRows } from './rows.ts';
import { outcomeBlocks, troubleBlocks, workingBlocks } from './run-progress.ts';
import { shownRows } from './shown-rows.ts';
import { context, dotted, line, strong, text, time } from './spans.ts';
import { strangerSpans } from './strangers.ts';
import { timed } from './timed.ts';
import type { DriftView, FindingView } from './view.ts';
import { whoSpans } from './who.ts';
import { openLevel, wideningUnaffected } from './worst.ts';

/** The most findings, and the most rows of each; the others are counted ("and 37 more"). */
const FINDINGS_SHOWN = 6;
const ROWS_SHOWN = 8;
/** The most findings with rows of their own among those that an apply would not change. */
const WIDENING_SHOWN = 3;
/** The most addresses or outputs named in one line. */
const NAMES_SHOWN = 5;
/** The most rings that a card tells. */
const MOST_RINGS = 2;
/** The longest reason of an ignore rule, in characters. */
const REASON = 120;

function meta(view: DriftView): Block {
  const seen: readonly Span[] =
    view.seenCount > 1
      ? [text(`seen ${view.seenCount} times since `), time(view.firstSeenAt, view)]
      : [text('first seen '), time(view.firstSeenAt, view)];
  const level = openLevel(view);
  return context(
    ...dotted([
      [text(view.environment)],
      level === undefined ? [] : [strong(level.toUpperCase())],
      [text(count(view.findings.length, 'resource'))],
      seen,
      [text(`run #${view.runId}`)],
      codeLine(view).length > 0
        ? []
        : [...commitSpans(view), ...(isCoded(view) ? pullRequestSpans(view) : [])],
    ]),
  );
}

/** True if a commit made some of the open drift. */
function isCoded(view: DriftView): boolean {
  return openNow(view).some((f) => isCodeChange(f.finding));
}

/** The commit, its author and its age, if the code changed. */
function codeLine(view: DriftView): readonly Block[] {
  if (view.code === null || !isCoded(view)) return [];
  const { author, subject } = view.code;
  if (driftHeadline(view, false).includes(`(${codeName(view.code)} "${subject}", ${author})`)) return [];
  return [
    line(
      ...commitSpans(view),
      text(` "${clip(view.code.subject, 100)}" by ${clip(view.code.author, 60)}, `),
      text(notAppliedText(view)),
      ...pullRequestSpans(view),
    ),
  ];
}

/**
 * Findings that are exempt, or that healed without a person, get one line, and so do those of a card that a newer
 * message replaced: it may no longer be so. Those that a person decided on keep their rows.
 */
function showsRows({ status }: FindingView, view: DriftView): boolean {
  if (view.alert === 'superseded') return false;
  if (status.type === 'snoozed' || status.type === 'accepted' || status.type === 'codified') return false;
  return status.type !== 'realigned' || status.by.length > 0;
}

function withLinks(links: readonly Span[]): { readonly links?: readonly Span[] } {
  return links.length === 0 ? {} : { links };
}

/** One finding, or all that read the same. */
function findingBlock(group: AlikeGroup<FindingView>, view: DriftView): Block {
  const [item] = group.items;
  const { finding } = item;
  const all = showsRows(item, view) ? shownRows(item, view, CARD_VALUE, 'few') : [];
  const rows = foldRows(all, ROWS_SHOWN);
  const alike = alikeWords(group, (one) => one.finding);
  const open = openNow(view).includes(item);
  return {
    type: 'finding',
    mark: happenedMark(finding),
    address: group.address,
    ...statusLabel(item, view),
    ...withLinks(findingLinks(finding, view, group.items.length === 1)),
    rows: [
      ...(open ? fightRows(item, view) : []),
      ...(alike === null ? rows : [noteRow('', alike), ...rows]),
    ],
  };
}

const URGENCY = ['unknown', 'waits', 'denied', 'rejected', 'applying', 'approved', 'heals'];

/** The open findings, the worst first, and then the others. */
function inOrder(view: DriftView): readonly FindingView[] {
  const open = new Set(openNow(view));
  const rank = new Map([...open].map((item) => [item, severityOf(item.finding).rank]));
  const order = (item: FindingView): number => rank.get(item) ?? Number.POSITIVE_INFINITY;
  // Infinity less Infinity is no number, so equals are compared first.
  return view.findings.toSorted((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)));
}

/**
 * The findings shown, the worst first; those that read the same are one. If not all fit, those that need a person are
 * chosen first.
 */
function shownFindings(view: DriftView): readonly AlikeGroup<FindingView>[] {
  const groups = groupAlike(
    inOrder(view),
    (item) => item.finding,
    (item) =>
      JSON.stringify([statusLabel(item, view), item.brake?.why === 'again' ? item.brake.heals : null]),
  );
  // A line that replaces a single finding would save nothing.
  if (groups.length <= FINDINGS_SHOWN + 1) return groups;
  const rank = ({ items: [{ status }] }: AlikeGroup<FindingView>): number => {
    const at = URGENCY.indexOf(status.type);
    return at === -1 ? URGENCY.length : at;
  };
  const first = [...groups].sort((a, b) => rank(a) - rank(b)).slice(0, FINDINGS_SHOWN);
  const chosen = new Set(first);
  return groups.filter((group) => chosen.has(group));
}

function nameList(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return more > 1 ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${more} more` : listed(names);
}

/** `2 ignored: autoscaler`, `3 ignored: autoscaler (2), backups (1)`. */
function ignoredBlock(reasons: readonly string[]): readonly Block[] {
  if (reasons.length === 0) return [];
  const times = new Map<string, number>();
  for (const reason of reasons) times.set(reason, (times.get(reason) ?? 0) + 1);
  const reasonTexts = [...times].map(
    ([reason, n]) => `${clip(reason, REASON)}${times.size === 1 ? '' : ` (${n})`}`,
  );
  const more = reasonTexts.length - NAMES_SHOWN;
  const shown =
    more > 1
      ? `${reasonTexts.slice(0, NAMES_SHOWN).join(', ')} and ${more} more reasons`
      : reasonTexts.join(', ');
  return [context(text(`${reasons.length} ignored: ${shown}`))];
}

/** What an apply would not change: each that widens access with its rows, the others in one line. */
function unaffectedBlocks(view: DriftView): readonly Block[] {
  const unaffected = view.unaffected.filter((f) => f.ignored === undefined);
  const wider = wideningUnaffected(view).slice(0, WIDENING_SHOWN);
  const rest = unaffected.filter((f) => !wider.includes(f));
  return [
    ...wider.map(
      (finding): Block => ({
        type: 'finding',
        mark: happenedMark(finding),
        address: finding.address,
        status: unaffectedStatus(finding),
        tone: 'info',
        ...withLinks(findingLinks(finding, view)),
        rows: foldRows(findingRows(finding, CARD_VALUE), ROWS_SHOWN),
      }),
    ),
    ...counted(
      'moved where an apply would change nothing',
      rest.filter((f) => !isStateOnly(f)),
      (f) => f.address,
    ),
    ...counted(
      'moved to another address, which an apply only writes to the state',
      rest.filter((f) => isStateOnly(f) && f.importing !== true),
      (f) => `${f.previousAddress} → ${f.address}`,
    ),
    ...counted(
      'to be imported into the state, where an apply changes nothing else',
      rest.filter((f) => isStateOnly(f) && f.importing === true),
      (f) => f.address,
    ),
  ];
}

/** `2 resources moved where an apply would change nothing: aws_a.b and aws_c.d`. */
function counted(
  what: string,
  findings: readonly Finding[],
  nameOf: (finding: Finding) => string,
): readonly Block[] {
  if (findings.length === 0) return [];
  return [context(text(`${count(findings.length, 'resource')} ${what}: ${nameList(findings.map(nameOf))}`))];
}

function findingBlocks(view: DriftView): readonly Block[] {
  const shown = shownFindings(view);
  const more = view.findings.length - shown.reduce((sum, group) => sum + group.items.length, 0);
  const outputs = view.outputs.map((o) => o.name);
  return [
    ...orderBlocks(view),
    ...shown.map((group) => findingBlock(group, view)),
    ...(more > 0 ? [context(text(`and ${withSeparators(more)} more: see the full diff`))] : []),
    ...unaffectedBlocks(view),
    ...ignoredBlock(view.unaffected.flatMap((f) => f.ignored ?? [])),
    ...view.beside.map(({ words, items }) => context(text(`${words}: ${nameList(items)}`))),
    ...(view.alongside.length > 0
      ? [context(text(`Came along, with equal values before and after: ${nameList(view.alongside)}`))]
      : []),
    ...(outputs.length > 0
      ? [
          context(
            text(
              `${outputs.length === 1 ? 'Output that follows' : 'Outputs that follow'}: ${nameList(outputs)}`,
            ),
          ),
        ]
      : []),
  ];
}

/** Which stacks this one follows, and why an order that its code shows does not count. */
function orderBlocks({ follows = [], ignoredRings = [] }: DriftView): readonly Block[] {
  return [
    ...(follows.length > 0 ? [context(text(`follows ${nameList(follows)}`))] : []),
    ...ignoredRings
      .slice(0, MOST_RINGS)
      .map((ring) =>
        context(
          text(`These stacks read each other's states, so their order is ignored: ${ring.join(' → ')}`),
        ),
      ),
  ];
}

function factBlocks(view: DriftView): readonly Block[] {
  const open = openNow(view);
  const why = reasonSpans(
    open.flatMap((f) => f.reasons),
    view.links,
  );
  const warns = reasonSpans(view.warnings, view.links);
  const strangers = strangerSpans(view);
  const fails = conditionsFact(view.checks ?? []);
  const waits =
    open.some((f) => f.status.type === 'waits' || f.status.type === 'unknown') &&
    view.alert === 'open' &&
    (view.state === 'awaiting_approval' || view.state === 'approved' || view.state === 'applying');
  const facts = [
    ...(why.length > 0 ? [{ label: 'Policy', spans: why }] : []),
    ...(warns.length > 0 ? [{ label: 'Warns', spans: warns }] : []),
    ...(fails === null ? [] : [{ label: 'Fails', spans: [text(fails)] }]),
    ...(waits ? [{ label: 'Who', spans: whoSpans(view) }] : []),
    ...(waits && strangers.length > 0 ? [{ label: 'Author', spans: strangers }] : []),
    ...(waits && view.stateOnlyHere ? [{ label: 'State', spans: [text(STATE_ONLY_HERE)] }] : []),
  ];
  return facts.length > 0 ? [{ type: 'facts', facts }] : [];
}

/**
 * The card of a stack's drift in any state. With `why` it is the copy for a person who is asked, with one line that
 * says why that person.
 */
export function driftCard(given: DriftView, extra: { readonly why: string | null } = { why: null }): Card {
  const view = withCurrentStatuses(given);

  const you = extra.why !== null;
  const level = openLevel(view);
  const buttons = driftButtons(view);
  const moved = view.state === 'awaiting_approval' || view.state === 'denied' ? view.moved : null;
  return {
    ...driftTitle(view, you),
    tone: toneOf(view),
    ...(level === undefined ? {} : { severity: level }),
    blocks: [
      meta(view),
      ...causeLines(view),
      ...newerBlocks(view),
      ...(extra.why === null ? [] : [line(...timed(extra.why, view, strong))]),
      ...pausedLines(pausesNow(view), view, view.state === 'applying'),
      ...troubleBlocks(view),
      ...workingBlocks(view),
      ...(moved === null ? [] : movedBlocks(moved, view, driftHeadline(view, you))),
      ...codeLine(view),
      ...(isCoded(view) ? otherCommits(view) : []),
      ...branchLines(view),
      ...findingBlocks(view),
      ...codifyBlocks(view),
      ...factBlocks(view),
      ...outcomeBlocks(view),
      ...ignoredChangeBlocks(approvableNow(view)),
      ...(buttons.length > 0 ? [{ type: 'buttons', buttons } as const] : []),
    ],
  };
}

function toneOf(view: DriftView): Card['tone'] {
  if (view.alert === 'superseded' || view.state === 'superseded') return 'plain';
  // A card must not look settled while what it shows is open.
  if (isOpenElsewhere(view)) return 'plain';
  if (view.state === 'failed' || view.state === 'apply_unknown' || view.state === 'state_empty') return 'bad';
  if (view.state === 'rejected' || view.state === 'canceled' || view.state === 'expired') return 'plain';
  const statuses = new Set(view.findings.map((f) => f.status.type));
  if (statuses.has('unknown')) return 'bad';
  if (view.alert === 'resolved' || openNow(view).length === 0) {
    // What was opened and stands is never green, whoever accepted it.
    const opened = view.findings.some(
      ({ status, finding }) =>
        (status.type === 'accepted' || status.type === 'codified') && widensAccess(finding),
    );
    return statuses.has('snoozed') || opened || wideningUnaffected(view).length > 0 ? 'plain' : 'good';
  }
  if (statuses.has('waits') || statuses.has('denied')) return 'waits';
  return 'drift';
}
