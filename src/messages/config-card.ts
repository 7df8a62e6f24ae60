/** The card that says that m0.yaml as it is written now is not in use, or not all of it. */
import { instant } from '../text/instant.ts';
import { clip, count, headlineOf, shortCommit } from '../text/words.ts';
import type { Block, Card, Span } from './card.ts';
import { context, line, text, time } from './spans.ts';
import { timedHeadline } from './timed.ts';
import type { ConfigView } from './view-config.ts';

/** The most problems on a card, and the longest one in characters. */
const SHOWN = 8;
const PROBLEM = 400;
const FILE = 80;

/** The name of the file, without its folder and its address. */
function nameOf(file: string): string {
  return clip(file.replace(/\?[^?]*$/, '').replace(/^.*\//, '') || file, FILE);
}

function problemLines({ problems }: ConfigView): readonly Block[] {
  const shown = problems.length <= SHOWN + 1 ? problems : problems.slice(0, SHOWN);
  const more = problems.length - shown.length;
  return [
    ...shown.map((problem) => line(text(clip(problem, PROBLEM)))),
    ...(more > 0 ? [context(text(`and ${more} more`))] : []),
  ];
}

function inUseSpans(view: ConfigView): readonly Span[] {
  const { commit, since } = view.inUse;
  const which = commit === null ? 'The text' : `Commit ${shortCommit(commit)}`;
  return [text(`${which} that is in use since `), time(since, view), text(' stays in use.')];
}

/** Posted once for each text of the file, and closed when nothing of it waits any more. */
export function configCard(view: ConfigView): Card {
  const file = nameOf(view.file);
  const since = context(text(`${view.file} · since `), time(view.since, view));
  if (view.resolvedAt !== null) {
    const outcome = view.outcome ?? 'it is in use as it is written';
    return {
      ...timedHeadline(`${file}: ${outcome} (${instant(view.resolvedAt)})`, view),
      tone: 'good',
      blocks: [since],
    };
  }
  if (view.what === 'restart') {
    const { length } = view.problems;
    return {
      headline: headlineOf(
        `${file}: ${count(length, 'change')} ${length === 1 ? 'needs' : 'need'} a restart`,
      ),
      tone: 'plain',
      blocks: [since, ...problemLines(view), line(text('Everything else of the file is in use.'))],
    };
  }
  return {
    headline: headlineOf(`${file} is refused: ${count(view.problems.length, 'problem')}`),
    tone: 'bad',
    blocks: [since, ...problemLines(view), line(...inUseSpans(view))],
  };
}
