/** The message in a channel that stacks were found, moved, or are not watched any more. */
import { showText, stacksText } from '../commands/text.ts';
import { clip, count, headlineOf, listed } from '../text/words.ts';
import type { Block, Card, Span } from './card.ts';
import { code, command, context, dotted, line, strong, text } from './spans.ts';
import type { StackInFolder, WatchChangeView } from './view-watching.ts';

/** The most lines of one kind; the others are counted. */
const SHOWN = 10;
/** The longest reason, in characters. */
const WHY = 300;

export function folderWords(path: string): string {
  return path === '' ? 'the top of the repository' : path;
}

function folded<T>(items: readonly T[], toLine: (item: T) => Block): readonly Block[] {
  const shown = items.length <= SHOWN + 1 ? items : items.slice(0, SHOWN);
  const more = items.length - shown.length;
  return [...shown.map(toLine), ...(more > 0 ? [context(text(`and ${more} more`))] : [])];
}

function headline(view: WatchChangeView): string {
  const { found, moved, gone, problems } = view;
  const open = gone.filter((one) => one.open !== null);
  const [first] = open;
  const lost =
    first === undefined
      ? ''
      : open.length === 1
        ? ` (${first.stack} had open drift)`
        : ` (${open.length} had open drift)`;
  const parts = [
    ...(gone.length === 0 ? [] : [`${count(gone.length, 'stack')} no longer watched${lost}`]),
    ...(found.length === 0 ? [] : [`${count(found.length, 'new stack')} watched`]),
    ...(moved.length === 0 ? [] : [`${count(moved.length, 'stack')} moved`]),
    ...(problems.length === 0 ? [] : [`${count(problems.length, 'problem')} with roots`]),
  ];
  return headlineOf(`${view.code.length === 0 ? '' : `${listed(view.code)}: `}${parts.join(', ')}`);
}

function goneSpans(one: WatchChangeView['gone'][number]): readonly Span[] {
  const drift: readonly (readonly Span[])[] =
    one.open === null || one.runId === null
      ? []
      : [[text(`its drift was open: ${count(one.open, 'resource')}, `), command(showText(one.runId))]];
  return dotted([[strong(one.stack), text(`  ${clip(one.why, WHY)}`)], ...drift]);
}

const place = ({ stack, path }: StackInFolder): readonly Span[] => [
  strong(stack),
  text('  '),
  code(folderWords(path)),
];

/** What is gone comes first: its drift is not looked at any more. */
export function watchChangeCard(view: WatchChangeView): Card {
  const bad = view.problems.length > 0 || view.gone.some((one) => one.open !== null);
  return {
    headline: headline(view),
    tone: bad ? 'bad' : 'plain',
    blocks: [
      ...folded(view.gone, (one) => line(...goneSpans(one))),
      ...folded(view.problems, (one) => line(strong(one.where), text(`  ${clip(one.why, WHY)}`))),
      ...folded(view.moved, (one) =>
        line(...place(one), text(', before '), code(folderWords(one.from)), text('; its history stays')),
      ),
      ...folded(view.found, (one) => line(...place(one))),
      context(text('What is watched and why: '), command(stacksText(null))),
    ],
  };
}
