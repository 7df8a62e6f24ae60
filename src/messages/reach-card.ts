/** The card for people or channels that m0 can't reach. */
import { statusText } from '../commands/text.ts';
import { instant } from '../text/instant.ts';
import { clip, headlineOf, listed } from '../text/words.ts';
import type { Block, Card } from './card.ts';
import { context, line, text, time } from './spans.ts';
import { timed, timedHeadline } from './timed.ts';
import type { ReachView } from './view.ts';

/** The most names in a sentence, and the longest problem in characters. */
const NAMES = 5;
const PROBLEM = 300;

function nameList(names: readonly string[]): string {
  const more = names.length - NAMES;
  return more > 1 ? `${names.slice(0, NAMES).join(', ')} and ${more} more` : listed(names);
}

/**
 * Something waits and none of the people to ask can be asked. Posted in the channel, closed when somebody can be
 * asked.
 */
export function reachCard(view: ReachView): Card {
  const { what, stacks, others } = view;
  const since = context(text(`${what} · since `), time(view.since, view));
  if (view.resolvedAt !== null) {
    return {
      ...timedHeadline(`${what}: ${view.outcome ?? 'reached again'} (${instant(view.resolvedAt)})`, view),
      tone: 'good',
      blocks: [since],
    };
  }
  if (view.channel) return lostChannel(view, since);
  const may =
    others.length === 0
      ? 'Nobody else may decide: name a group under "approvers" in m0.yaml, or fix the rota.'
      : `Anyone in ${listed(others, 'or')} may decide meanwhile.`;
  return {
    headline: headlineOf(`Nobody on call can be asked about ${nameList(stacks)}`),
    tone: 'bad',
    blocks: [
      since,
      ...view.problems.map((problem) => line(...timed(clip(problem, PROBLEM), view))),
      line(text(may)),
      {
        type: 'buttons',
        buttons: [{ label: 'Status', command: statusText(stacks.length === 1 ? (stacks[0] ?? null) : null) }],
      },
    ],
  };
}

function lostChannel(view: ReachView, since: Block): Card {
  const { what, stacks, problems } = view;
  return {
    headline: headlineOf(`m0 can’t write to ${what}, the channel of ${nameList(stacks)}`),
    tone: 'bad',
    blocks: [
      since,
      ...problems.map((problem) => line(...timed(clip(problem, PROBLEM), view))),
      line(text('Messages for it are not posted. Fix the channel, or name another under "channels".')),
      {
        type: 'buttons',
        buttons: [{ label: 'Status', command: statusText(stacks.length === 1 ? (stacks[0] ?? null) : null) }],
      },
    ],
  };
}
