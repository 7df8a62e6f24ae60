/** Fits a card into what a chat takes: what is left out is counted, and the way to it is named. */
import type { Button, Card, DiffRow } from './card.ts';

/** One unit of folding, as `B`s of a platform. Pieces of a lower rank get their room first. */
export interface Piece<B> {
  readonly blocks: readonly B[];
  readonly plain: string;
  /** 0: never folded while there is room; 1: lines; 2: findings. */
  readonly rank: 0 | 1 | 2;
  /** Set where it goes on with the lines of the piece before it: shown without a gap between them. */
  readonly goesOn?: true;
  /** How many of its kind it stands for, in "and 37 more". */
  readonly count: number;
}

export interface FoldLimits<B> {
  /** Room for the blocks as JSON, in the units of `sizeOf`; that of the notes is not in it. */
  readonly budget: number;
  readonly blocks: number;
  readonly findings: number;
  readonly sizeOf: (json: string) => number;
  /** The block that says what was folded. */
  readonly note: (text: string) => B;
  /** Puts a block that goes on under the one before it; false where they can't be one. */
  readonly join?: (before: B | undefined, block: B | undefined) => boolean;
}

/** The blocks that fit, in their order, and as plain text all that was left out; null: nothing. */
export function fold<B>(
  pieces: readonly Piece<B>[],
  limits: FoldLimits<B>,
): { readonly blocks: B[]; readonly left: string | null } {
  const chosen = choose(pieces, limits);
  const blocks: B[] = [];
  const noted = new Set<number>();
  for (const piece of pieces) {
    if (chosen.has(piece)) {
      const one = piece.goesOn === true && limits.join?.(blocks.at(-1), piece.blocks[0]) === true;
      if (!one) blocks.push(...piece.blocks);
      continue;
    }
    // One note for findings and one for all else, each where the first of its kind is missing.
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

/** The pieces that fit, by rank and then in order; once one of a rank does not fit, the rest of it does not. */
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

/** The button of the card that shows the whole of it. */
export function wayToAll(card: Card): Button | undefined {
  return card.blocks
    .flatMap((b) => (b.type === 'buttons' ? b.buttons : []))
    .find((button) => /^show #\d+$/.test(button.command));
}

export function rowText(row: DiffRow): string {
  return row.kind === 'change' ? `${row.label}: ${row.before} → ${row.after}` : `${row.label}: ${row.value}`;
}
