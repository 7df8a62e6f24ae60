/** How many roots of the repositories are not watched, in words. */
import { stacksText } from '../commands/text.ts';
import type { LeftCounts } from '../model/watching.ts';
import { count } from '../text/words.ts';
import type { Block } from './card.ts';
import { command, context, text } from './spans.ts';

/** `12 roots excluded by rule, 0 unwatched`. */
export function leftWords({ excluded, unwatched }: LeftCounts): string {
  return `${count(excluded, 'root')} excluded by rule, ${unwatched} unwatched`;
}

/** The line at the end of a status and of a digest; none where m0 finds no stacks by itself. */
export function leftLine(left: LeftCounts | undefined): readonly Block[] {
  if (left === undefined) return [];
  const more = left.unwatched === 0 ? [] : [text(': '), command(stacksText(null))];
  return [context(text(leftWords(left)), ...more)];
}
