/** Fits a card into the limits of a chat. What is left out is counted. */
import type { Block, Button, Card, DiffRow } from './card.ts';
import { plainLines } from './text-rows.ts';

/**
 * A part of a card that is shown or left out as a whole, as blocks `B` of a platform. Lower ranks get space first.
 */
export interface Piece<B> {
  readonly blocks: readonly B[];
  readonly plain: string;
  /** 0: left out last; 1: lines; 2: findings. */
  readonly rank: 0 | 1 | 2;
  /** Set if it continues the lines of the piece before it: there is no gap between them. */
  readonly continues?: true;
  /** How many items it counts as in "and 37 more". */
  readonly count: number;
}

/** The limits of a platform for one card. */
export interface FoldLimits<B> {
  /** Space for the blocks as JSON, in the units of `sizeOf`, without the notes. */
  readonly budget: number;
  readonly blocks: number;
  readonly findings: number;
  readonly sizeOf: (json: string) => number;
  /** Creates the block that says what was left out. */
  readonly note: (text: string) => B;
  /** Merges a continuing block into the one before it; false if that is not possible. */
  readonly join?: (before: B | undefined, block: B | undefined) => boolean;
}

/**
 * Returns the blocks that fit, in their order, and everything that was left out as plain text; null if nothing was.
 */
export function fold<B>(
  pieces: readonly Piece<B>[],
  limits: FoldLimits<B>,
): { readonly blocks: B[]; readonly left: string | null } {
  const chosen = choose(pieces, limits);
  const blocks: B[] = [];
  const noted = new Set<number>();
  for (const piece of pieces) {
    if (chosen.has(piece)) {
      const one = piece.continues === true && limits.join?.(blocks.at(-1), piece.blocks[0]) === true;
      if (!one) blocks.push(...piece.blocks);
      continue;
    }
    // One note for findings and one for everything else, each in place of the first one that is missing.
    const kind = piece.rank === 2 ? 2 : 1;
    if (noted.has(kind)) continue;
    noted.add(kind);
    const missing = pieces.filter((p) => !chosen.has(p) && (p.rank === 2) === (kind === 2));
    const count = missing.reduce((sum, p) => sum + p.count, 0);
    const what = kind === 2 ? '' : count === 1 ? ' line' : ' lines';
    if (count > 0) blocks.push(limits.note(`and ${count} more${what}`));
  }
  const left = pieces.filter((p) => !chosen.has(p)).map((p) => p.plain);
  return { blocks, left: left.length > 0 ? left.join('\n') : null };
}

/**
 * The pieces that fit, by rank and then in order. After the first piece of a rank that does not fit, the rest of
 * that rank is left out.
 */
function choose<B>(pieces: readonly Piece<B>[], limits: FoldLimits<B>): ReadonlySet<Piece<B>> {
  const chosen = new Set<Piece<B>>();
  let { budget, blocks } = limits;
  for (const rank of [0, 1, 2] as const) {
    const ofRank = pieces.filter((p) => p.rank === rank);
    for (const [i, piece] of ofRank.entries()) {
      const cost = limits.sizeOf(JSON.stringify(piece.blocks));
      const fits = cost <= budget && piece.blocks.length <= blocks;
      if (!fits || (rank === 2 && i >= limits.findings)) break;
      chosen.add(piece);
      budget -= cost;
      blocks -= piece.blocks.length;
    }
  }
  return chosen;
}

/** The blocks without the links of findings, for a card that does not fit. */
export function withoutLinks(blocks: readonly Block[]): readonly Block[] {
  return blocks.map((block) => (block.type === 'finding' ? { ...block, links: [] } : block));
}

/** The card's button that shows the full diff; undefined if it has none. */
export function fullDiffButton(card: Card): Button | undefined {
  return card.blocks
    .flatMap((b) => (b.type === 'buttons' ? b.buttons : []))
    .find((button) => /^show #\d+$/.test(button.command));
}

/** A diff row as plain text, on one line unless it is a text of several. */
export function rowText(row: DiffRow): string {
  if (row.kind === 'lines') {
    return [`${row.label}: ${row.about}`, ...plainLines(row.lines)].join('\n    ');
  }
  if (row.kind === 'change') return `${row.label}: ${row.before} → ${row.after}`;
  return row.label === '' ? row.value : `${row.label}: ${row.value}`;
}
