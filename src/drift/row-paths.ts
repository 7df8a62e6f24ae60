/** The paths of rows, so that those around a place and inside it are found without looking at each. */
import type { Segment } from './attribute-path.ts';
import type { RawRow } from './walk.ts';

interface Node {
  readonly own: RawRow[];
  readonly below: Map<string | null, Node>;
}

/** Rows by their paths. All indexes count as equal. */
export class RowPaths {
  readonly #root: Node = { own: [], below: new Map() };

  constructor(rows: readonly { readonly raw: RawRow }[]) {
    for (const { raw } of rows) {
      let node = this.#root;
      for (const segment of raw.segments) {
        const step = typeof segment === 'string' ? segment : null;
        let next = node.below.get(step);
        if (next === undefined) {
          next = { own: [], below: new Map() };
          node.below.set(step, next);
        }
        node = next;
      }
      node.own.push(raw);
    }
  }

  /** True if the place is that of a row, or lies inside it. */
  isCovered(place: readonly Segment[]): boolean {
    let node: Node | undefined = this.#root;
    for (const segment of place) {
      if (node === undefined || node.own.length > 0) break;
      node = node.below.get(typeof segment === 'string' ? segment : null);
    }
    return node !== undefined && node.own.length > 0;
  }

  /** The rows at the place and inside it. */
  inside(place: readonly Segment[]): RawRow[] {
    let node: Node | undefined = this.#root;
    for (const segment of place) node = node?.below.get(typeof segment === 'string' ? segment : null);
    const rows: RawRow[] = [];
    const open = node === undefined ? [] : [node];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const row of next.own) rows.push(row);
      for (const child of next.below.values()) open.push(child);
    }
    return rows;
  }
}
