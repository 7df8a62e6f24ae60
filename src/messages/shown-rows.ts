/** Which rows a finding has in its present status: the diff while it stands, and afterwards what was done. */
import type { DiffRow } from './card.ts';
import { allContentRows, contentRows } from './contents-rows.ts';
import { doneRows, pastRows } from './done-rows.ts';
import { isOver } from './finding-status.ts';
import { findingRows, type ValueDetail } from './rows.ts';
import type { DriftView, FindingView } from './view.ts';

/** `few`: the contents that matter for a decision; `all`: every one. */
export function shownRows(
  item: FindingView,
  view: DriftView,
  detail: ValueDetail,
  contents: 'few' | 'all',
): readonly DiffRow[] {
  const { finding, status } = item;
  const contained = (contents === 'few' ? contentRows : allContentRows)(finding, detail.value);
  if (status.type === 'realigned') {
    // The status says that it was created or deleted; the values are what it was about.
    return [...doneRows(finding, detail.value), ...contained.map(withoutSign)];
  }
  const rows = [...findingRows(finding, detail), ...contained];
  return isOver(item, view) ? pastRows(rows) : rows;
}

function withoutSign(row: DiffRow): DiffRow {
  return row.kind === 'add' || row.kind === 'del'
    ? { kind: 'same', label: row.label, value: row.value }
    : row;
}
