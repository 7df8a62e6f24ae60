/** The card of many stacks that drifted, or can't be checked, at the same time: one message, updated in place. */
import { assertNever } from '../base/assert-never.ts';
import { driftText, statusText } from '../commands/text.ts';
import { instant, withPlainTimes } from '../text/instant.ts';
import { clip, count, headlineOf, listed } from '../text/words.ts';
import type { Block, Button, Card, Span } from './card.ts';
import { causeSpans } from './cause-card.ts';
import { pausedPart, pausesLines, resumeButtons } from './pause.ts';
import { context, dotted, line, link, people, strong, text, time } from './spans.ts';
import { timed, timedHeadline } from './timed.ts';
import type { FleetStack, FleetStackStatus, FleetView } from './view-fleet.ts';

/** The most stacks with a line of their own, names in one line, buttons, and characters of what waits. */
const SHOWN = 12;
const NAMES = 12;
const BUTTONS = 5;
const WHAT = 120;

/** Stacks with these statuses come first, each on its own line: something is open there. */
const SINGLE: readonly FleetStackStatus[] = ['trouble', 'waits', 'denied', 'approved', 'newer'];
/** Of those, the ones that a person can do something about here. */
const REVIEWABLE: readonly FleetStackStatus[] = ['trouble', 'waits', 'denied'];

function words(status: FleetStackStatus, n: number): string {
  const many = (one: string, more: string): string => `${n} ${n === 1 ? one : more}`;
  switch (status) {
    case 'waits':
      return many('waits for a person', 'wait for a person');
    case 'denied':
      return many('may not be applied', 'may not be applied');
    case 'trouble':
      return many('apply went wrong', 'applies went wrong');
    case 'failing':
      return many('can’t be checked', 'can’t be checked');
    case 'empty':
      return many('has an empty state', 'have an empty state');
    case 'unmet':
      return many('has failing checks of the code', 'have failing checks of the code');
    case 'approved':
      return many('is approved', 'are approved');
    case 'heals':
      return many('is being put back', 'are being put back');
    case 'held':
      return many('waits until it is resumed', 'wait until they are resumed');
    case 'left':
      return many('left as it is', 'left as they are');
    case 'kept':
      return many('snoozed or accepted', 'snoozed or accepted');
    case 'healed':
      return many('healed itself', 'healed themselves');
    case 'applied':
      return many('applied', 'applied');
    case 'gone':
      return many('aligned again', 'aligned again');
    case 'works':
      return many('can be checked again', 'can be checked again');
    case 'back':
      return many('settled', 'settled');
    case 'met':
      return many('passes its checks again', 'pass their checks again');
    case 'newer':
      return many('has a newer card', 'have newer cards');
    case 'removed':
      return many('is no longer watched', 'are no longer watched');
    default:
      return assertNever(status);
  }
}

const ORDER: readonly FleetStackStatus[] = [
  'trouble',
  'waits',
  'denied',
  'failing',
  'empty',
  'unmet',
  'approved',
  'newer',
  'heals',
  'held',
  'left',
  'kept',
  'healed',
  'applied',
  'gone',
  'works',
  'back',
  'met',
  'removed',
];

/** What the headline says already. */
const IN_HEADLINE: readonly FleetStackStatus[] = ['failing', 'empty', 'unmet', 'waits', 'trouble'];
/** Stacks with these statuses may be well again at the next check. */
const CHECK_AGAIN: readonly FleetStackStatus[] = ['failing', 'empty', 'unmet'];

function withStatus(view: FleetView, status: FleetStackStatus): readonly FleetStack[] {
  return view.stacks.filter((s) => s.status === status);
}

function names(stacks: readonly FleetStack[], most = NAMES): string {
  const more = stacks.length - most;
  const shown = more > 1 ? stacks.slice(0, most) : stacks;
  const shownNames = shown.map((s) => clip(s.stack, 60));
  return more > 1 ? `${shownNames.join(', ')} and ${more} more` : listed(shownNames);
}

function whatHappened({ alertKind, common }: FleetView, n: string, since: string): string {
  switch (alertKind) {
    case 'failure':
      return `${n} can’t be checked since ${since}`;
    case 'empty-state':
      return `${n} have an empty state since ${since}: wrong workspace, backend or key? Nothing will be applied`;
    case 'conditions':
      return `${n} have failing checks of the code since ${since}`;
    case 'drift':
      return common === null
        ? `${n} drifted since ${since}`
        : `${n} drifted the same way at ${since}: ${common}`;
    default:
      return assertNever(alertKind);
  }
}

/** The same once it is over; null if it is said in the same words. */
function pastOf({ alertKind }: FleetView, n: string): string | null {
  switch (alertKind) {
    case 'failure':
      return `${n} could not be checked`;
    case 'empty-state':
      return `${n} had an empty state`;
    case 'conditions':
      return `${n} had failing checks of the code`;
    case 'drift':
      return null;
    default:
      return assertNever(alertKind);
  }
}

function headline(view: FleetView): string {
  const since = instant(view.since);
  const n = count(view.stacks.length, 'stack');
  const waits = [...withStatus(view, 'trouble'), ...withStatus(view, 'waits')];
  const what = whatHappened(view, n, since);
  const counts = ORDER.filter((s) => !IN_HEADLINE.includes(s)).flatMap((s) => {
    const matching = withStatus(view, s).length;
    return matching === 0 ? [] : [words(s, matching)];
  });
  const paused = view.over ? [] : pausedPart(view.pauses ?? []);
  if (view.over) return `${pastOf(view, n) ?? what}. ${counts.join(', ')}`;
  const open =
    waits.length === 0
      ? []
      : [`${waits.length} ${waits.length === 1 ? 'waits' : 'wait'}: ${names(waits, 3)}`];
  const why = view.alertKind === 'failure' && view.common !== null ? `: ${view.common}` : '';
  const withParts = (parts: readonly string[]): string =>
    `${what}${why}${parts.length === 0 ? '' : `. ${parts.join(', ')}`}`;
  const usual = withParts([...paused, ...counts, ...open]);
  // If the headline is too long, what waits comes first, so that it is not cut.
  const plain = withPlainTimes(usual, view.now, view.zone);
  return headlineOf(plain) === plain ? usual : withParts([...paused, ...open, ...counts]);
}

function singles(view: FleetView): readonly Block[] {
  const all = SINGLE.flatMap((status) => withStatus(view, status));
  const shown = all.length <= SHOWN + 1 ? all : all.slice(0, SHOWN);
  const more = all.length - shown.length;
  return [
    ...shown.map((s) =>
      line(
        ...dotted([
          [strong(s.stack), text('  '), ...statusSpans(s)],
          s.what === '' ? [] : [text(clip(s.what, WHAT))],
          [text('since '), time(s.since, view)],
          [s.card === null ? text(`run #${s.runId}`) : link(`run #${s.runId}`, s.card)],
        ]),
      ),
    ),
    ...(more > 0 ? [context(text(`and ${more} more`))] : []),
  ];
}

/** `waits for a person`, `waits for a person, approved by Dana so far`, `approved by Dana`. */
function statusSpans({ status, approvedBy }: FleetStack): readonly Span[] {
  const usual = words(status, 1).slice(2);
  if (approvedBy.length === 0 || (status !== 'approved' && status !== 'waits')) return [text(usual)];
  if (status === 'approved') return [text('approved by '), ...people(approvedBy)];
  return [text(`${usual}, approved by `), ...people(approvedBy), text(' so far')];
}

/** The stacks by name, with the time since when each drifts; those of the same minute share it. */
function namesSince(stacks: readonly FleetStack[], view: FleetView): readonly Span[] {
  const minuteOf = (s: FleetStack): number => Math.floor(s.since / 60_000);
  const all = new Set(stacks.map(minuteOf));
  const more = stacks.length - NAMES;
  const shown = more > 1 && all.size > 1 ? stacks.slice(0, NAMES) : stacks;
  const groups = [...Map.groupBy(shown, minuteOf).values()];
  return dotted([
    ...groups.map((same) => [text(`${names(same)} since `), time(same[0]?.since ?? view.since, view)]),
    shown.length < stacks.length ? [text(`and ${more} more`)] : [],
  ]);
}

/** One line for each status, and for each group of people who approved. */
function groups(view: FleetView): readonly Block[] {
  return ORDER.filter((status) => !SINGLE.includes(status)).flatMap((status) => {
    const byApprovers = Map.groupBy(withStatus(view, status), (s) =>
      status === 'applied' ? JSON.stringify(s.approvedBy) : '',
    );
    return [...byApprovers.values()].map((matching) => {
      const by = status === 'applied' ? (matching[0]?.approvedBy ?? []) : [];
      return context(
        text(words(status, matching.length)),
        ...(by.length === 0 ? [] : [text(', approved by '), ...people(by)]),
        text(': '),
        ...namesSince(matching, view),
      );
    });
  });
}

function buttons(view: FleetView): readonly Button[] {
  const open = REVIEWABLE.flatMap((status) => withStatus(view, status)).slice(0, BUTTONS);
  const environments = new Set(view.stacks.map((s) => s.environment));
  const [only] = environments.size === 1 ? environments : [];
  const target = only === undefined ? null : `env:${only}`;
  const failing = CHECK_AGAIN.some((status) => withStatus(view, status).length > 0);
  return [
    ...open.map((s) => ({ label: `Review ${clip(s.stack, 50)}`, command: statusText(`stack:${s.stack}`) })),
    ...(failing ? [{ label: 'Check again', command: driftText(target) }] : []),
    ...resumeButtons(view.pauses ?? []),
    { label: 'Status', command: statusText(target) },
  ];
}

/** The fleet card. With `why` it is the copy for a person who is asked. */
export function fleetCard(view: FleetView): Card {
  const environments = [...new Set(view.stacks.map((s) => s.environment))].sort();
  const bad = (['trouble', ...CHECK_AGAIN] as const).some((status) => withStatus(view, status).length > 0);
  const open = withStatus(view, 'waits').length + withStatus(view, 'denied').length;
  // Their drift may still be there, and what was left or kept may be an opened port: never as if all were well.
  const unclear = (['newer', 'removed', 'left', 'kept'] as const).some((s) => withStatus(view, s).length > 0);
  return {
    ...timedHeadline(headline(view), view),
    tone: bad ? 'bad' : open > 0 ? 'waits' : !view.over ? 'drift' : unclear ? 'plain' : 'good',
    blocks: [
      context(
        ...dotted([
          [text(listed(environments.slice(0, 4)))],
          [text(count(view.stacks.length, 'stack'))],
          [text('since '), time(view.since, view)],
        ]),
      ),
      ...(view.why === null ? [] : [line(...timed(view.why, view, strong)), line()]),
      ...(view.over ? [] : pausesLines(view.pauses ?? [], view)),
      ...(view.cause === undefined
        ? []
        : [
            context(
              ...causeSpans(view.cause.cause, view),
              text(` · the same in ${count(view.cause.stacks, 'stack')}`),
            ),
          ]),
      ...singles(view),
      ...groups(view),
      ...(view.over ? [] : [{ type: 'buttons' as const, buttons: buttons(view) }]),
    ],
  };
}
