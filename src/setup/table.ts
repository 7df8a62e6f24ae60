/** Rows of a check as text. */
import type { Row } from './inspect.ts';

const MARK = { ok: 'ok', missing: 'MISSING', warning: 'warning' } as const;

/** Columns padded to their widest cell. What to do is on its own line below the row. */
export function table(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map((row) => row.what.length));
  const markWidth = Math.max(...Object.values(MARK).map((mark) => mark.length));
  return rows.flatMap((row) => {
    const mark = MARK[row.state].padEnd(markWidth);
    const line = `${row.what.padEnd(width)}  ${mark}  ${row.found.split('\n').join('; ')}`;
    return row.todo ? [line, `${' '.repeat(width + markWidth + 4)}-> ${row.todo}`] : [line];
  });
}
