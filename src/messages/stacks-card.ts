/** The answer of `stacks`: what is watched and why, and what is not. */
import { stacksText } from '../commands/text.ts';
import { countLeft, type LeftRoot, type WatchedStack } from '../model/watching.ts';
import { clip, compareTexts, count, headlineOf } from '../text/words.ts';
import type { Block, Card, Pages, Span } from './card.ts';
import { leftWords } from './left-words.ts';
import { plainOf } from './span-text.ts';
import { code, command, context, dotted, line, strong, text } from './spans.ts';
import type { StackSettingsView, WatchingView } from './view-watching.ts';
import { folderWords } from './watch-change-card.ts';

/** The most lines on one card, and the longest reason in characters. */
const SHOWN = 25;
const WHY = 300;

/** How the settings of a stack are told, in m0's terminal too. */
export function settingsWords(settings: StackSettingsView): readonly string[] {
  const { schedule, approvers, policies, realign } = settings;
  return [
    schedule.length === 0 ? 'no schedule' : `checked ${schedule.join(' and ')}`,
    approvers.from.length === 0
      ? 'nobody may approve'
      : `approved by ${approvers.from.join(', ')}${approvers.need === 1 ? '' : ` (${approvers.need} of them)`}`,
    policies.length === 0 ? 'no policies' : `policies ${policies.join(', ')}`,
    ...(realign === 'policy' ? [] : [`realign ${realign}`]),
  ];
}

function leftLine(root: LeftRoot): Block {
  const workspace =
    root.workspace === null || root.workspace === 'default' ? '' : ` (workspace ${root.workspace})`;
  return line(strong(`${folderWords(root.path)}${workspace}`), text(`  not watched: ${clip(root.why, WHY)}`));
}

function stackLine(one: WatchedStack, settings: StackSettingsView | undefined): Block {
  const workspace = one.workspace === 'default' ? '' : `, workspace ${one.workspace}`;
  const where: readonly Span[] = [
    strong(one.stack),
    text('  '),
    code(folderWords(one.path)),
    ...(workspace === '' ? [] : [text(workspace)]),
    ...(one.nameOfFolder === null
      ? []
      : [text(` (it moved; by its folder it would be ${one.nameOfFolder})`)]),
  ];
  return line(
    ...dotted([
      where,
      [text(`by ${one.by}`)],
      ...(settings === undefined ? [] : settingsWords(settings).map((words) => [text(words)])),
      ...one.notes.map((note) => [text(clip(note, WHY))]),
    ]),
  );
}

/** All lines: what needs somebody first, then the stacks by environment, then what rules exclude. */
function linesOf(view: WatchingView): readonly Block[] {
  const { watching, settings } = view;
  const environmentOf = (one: WatchedStack): string => settings.get(one.stack)?.environment ?? '';
  const stacks = watching.stacks.toSorted(
    (a, b) => compareTexts(environmentOf(a), environmentOf(b)) || compareTexts(a.stack, b.stack),
  );
  const excluded = Map.groupBy(
    watching.left.filter((root) => root.status === 'excluded'),
    (root) => root.why,
  );
  return [
    ...watching.problems.map((problem) => line(strong('Problem  '), text(clip(problem, WHY)))),
    ...watching.left.filter((root) => root.status === 'unwatched').map(leftLine),
    ...stacks.map((one) => stackLine(one, settings.get(one.stack))),
    ...[...excluded].map(([why, roots]) =>
      context(
        text(
          `${count(roots.length, 'root')} excluded (${why}): ${clip(roots.map((r) => r.path).join(', '), WHY)}`,
        ),
      ),
    ),
  ];
}

function headline(view: WatchingView): string {
  const { watching, target } = view;
  const stacks = `${count(watching.stacks.length, 'stack')} watched`;
  return headlineOf(
    target === null && view.looks
      ? `${stacks}, ${leftWords(countLeft(watching))}`
      : target === null
        ? stacks
        : `${target}: ${stacks}`,
  );
}

function cardOf(view: WatchingView, blocks: readonly Block[]): Card {
  const { unwatched } = countLeft(view.watching);
  return { headline: headline(view), tone: unwatched > 0 ? 'bad' : 'plain', blocks };
}

/** What does not fit is counted, with the command that shows it. */
export function stacksCard(view: WatchingView): Card {
  const lines = linesOf(view);
  const shown = lines.length <= SHOWN + 1 ? lines : lines.slice(0, SHOWN);
  const more = lines.length - shown.length;
  return cardOf(view, [
    ...shown,
    ...(more > 0 ? [context(text(`and ${more} more lines: `), command(stacksText(view.target)))] : []),
  ]);
}

/** The same in pages, and as one text; null where one card holds it. */
export function stacksPages(view: WatchingView): Pages | null {
  const lines = linesOf(view);
  if (lines.length <= SHOWN + 1) return null;
  const pages: Card[] = [];
  for (let i = 0; i < lines.length; i += SHOWN) pages.push(cardOf(view, lines.slice(i, i + SHOWN)));
  const plain = lines.map((block) => ('spans' in block ? plainOf(block.spans) : ''));
  return { title: 'Stacks', pages, text: `${[headline(view), ...plain].join('\n')}\n` };
}
