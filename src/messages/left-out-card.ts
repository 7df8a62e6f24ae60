/** What of a policy has no effect: a message of its own, and lines on the card of a stack's policies. */
import type { LeftOut } from '../model/policy-status.ts';
import { clip, headlineOf, listed, shortCommit, sourceName } from '../text/words.ts';
import type { Block, Card } from './card.ts';
import { code, context, dotted, line, strong, text } from './spans.ts';

/** A policy whose commit in use leaves something out. */
export interface LeftOutView {
  readonly policy: string;
  /** Its repository, as in m0.yaml. */
  readonly source: string;
  readonly commit: string;
  readonly leftOut: readonly LeftOut[];
  /** The stacks that it decides for. */
  readonly stacks: readonly string[];
}

const ON_CARD = 5;
const AMONG_OTHERS = 3;
const STACKS = 5;
/** The longest reason and path, in characters. */
const REASON = 300;
const PATH = 120;

/** The whole path, because it may be left out for the name of a folder. */
function placeOf({ file, line: row }: LeftOut): string {
  return `${clip(file, PATH)}:${row}`;
}

function leftOutLines(leftOut: readonly LeftOut[], most: number): readonly Block[] {
  const shown = leftOut.length <= most + 1 ? leftOut : leftOut.slice(0, most);
  const more = leftOut.length - shown.length;
  return [
    ...shown.map((one) => line(...dotted([[code(placeOf(one))], [text(clip(one.text, REASON))]]))),
    ...(more > 0 ? [line(text(`and ${more} more`))] : []),
  ];
}

/** The lines about it among the policies of a stack; none if everything has an effect. */
export function leftOutBlocks(leftOut: readonly LeftOut[]): readonly Block[] {
  if (leftOut.length === 0) return [];
  return [line(strong('WARNING'), text(' it leaves something out:')), ...leftOutLines(leftOut, AMONG_OTHERS)];
}

/** The message that is posted once when a new commit of a policy leaves something out. */
export function leftOutCard({ policy, source, commit, leftOut, stacks }: LeftOutView): Card {
  const [what, it] = leftOut.length === 1 ? ['something', 'it'] : [`${leftOut.length} things`, 'them'];
  const more = stacks.length - STACKS;
  const shown = more > 0 ? `${stacks.slice(0, STACKS).join(', ')} and ${more} more` : listed(stacks);
  return {
    headline: headlineOf(
      `Policy ${policy} leaves ${what} out at ${shortCommit(commit)}: m0 decides without ${it}`,
    ),
    tone: 'plain',
    blocks: [
      context(...dotted([[text(sourceName(source))], [text(shown)]])),
      ...leftOutLines(leftOut, ON_CARD),
      context(text('All of it is listed by '), code('m0 policy check DIR')),
    ],
  };
}
