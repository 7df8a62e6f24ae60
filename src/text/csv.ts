/** Tables as CSV (RFC 4180) that a spreadsheet can open without running anything in them. */
import { visible } from './inert.ts';

/**
 * The starts of a cell that spreadsheets take for a formula: https://owasp.org/www-community/attacks/CSV_Injection.
 * The wide forms count, because some programs fold them.
 */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/** The cell in quotes. Text that would be a formula gets an apostrophe before it; numbers stay numbers. */
function cell(value: string | number | null): string {
  if (value === null) return '""';
  if (typeof value === 'number') return `"${value}"`;
  // Line breaks and tabs are written out, so that one record is one line.
  const text = visible(value);
  return `"${(FORMULA.test(value) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** The table with its head, one record a line, ending in a line break. */
export function csv(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
