/** How a card that is no longer the open one points to the one that is. */
import { statusText } from '../commands/text.ts';
import type { Block, Card, Span } from './card.ts';
import { command, line, link, text } from './spans.ts';
import type { DriftView, FindingView } from './view.ts';
import type { OpenCard } from './view-newer.ts';

function isStillOpen({ finding }: FindingView, view: DriftView): boolean {
  return view.newer?.open.includes(finding.address) === true;
}

/** The words for a finding that no longer waits on this card. They never deny what is open elsewhere. */
export function pastWords(item: FindingView, view: DriftView): string {
  if (view.alert === 'open') return 'left as it is';
  if (view.outOfReach === true) return 'newer cards followed';
  if (isStillOpen(item, view)) return `still open: see the newer card (run #${view.newer?.runId})`;
  if (view.lastPlan?.open.includes(item.finding.address) === true)
    return `still open at the last check (run #${view.lastPlan.runId})`;
  return 'no longer open';
}

/** True if the finding is open now, on another card or as the newest plan found it. */
export function isFindingOpenElsewhere(item: FindingView, view: DriftView): boolean {
  if (view.alert === 'open') return false;
  if (isStillOpen(item, view)) return true;
  return item.status.type !== 'realigned' && view.lastPlan?.open.includes(item.finding.address) === true;
}

/** True if something that the card shows is open now. */
export function isOpenElsewhere(view: DriftView): boolean {
  return view.findings.some((item) => isFindingOpenElsewhere(item, view));
}

function pointer(words: string, what: string, { runId, url }: OpenCard): readonly Span[] {
  return [
    text(`${words} `),
    url === null ? text(what) : link(what, url),
    text(what.includes('#') ? '' : ` (run #${runId})`),
  ].filter((span) => span.text !== '');
}

/** The line of a drift card that points to the stack's open card; none if this card is the open one. */
export function newerBlocks(view: DriftView): readonly Block[] {
  if (view.outOfReach === true) {
    return [line(text('Newer cards followed. What is open: '), command(statusText(`stack:${view.stack}`)))];
  }
  if (!view.newer || view.alert === 'open') return [];
  const still = view.findings.some((item) => isStillOpen(item, view) && item.status.type !== 'realigned');
  const again = view.findings.some((item) => isStillOpen(item, view));
  const words = still ? 'Still open' : again ? 'It drifted again' : 'There is newer drift';
  return [line(...pointer(`${words}: see`, 'the newer card', view.newer))];
}

/**
 * A private answer with a last line that points to the stack's open card. `run`: the run that the person's command
 * named; null if it is the open one.
 */
export function withPointer(card: Card, open: OpenCard, run: number | null): Card {
  const spans =
    run === null
      ? pointer('The card:', `run #${open.runId}`, open)
      : pointer(`Run #${run} is no longer the open one: see`, 'the newer card', open);
  return { ...card, blocks: [...card.blocks, line(...spans)] };
}
