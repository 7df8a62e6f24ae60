/** Markdown of the generated pages. */

/** Text as the cell of a table. */
export function cell(text: string): string {
  return text.replaceAll(/[|*<]/g, '\\$&').replaceAll('\n', ' ');
}

/** A table with these heads and rows. */
export function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return `${line(heads)}${line(heads.map(() => '---'))}${rows.map(line).join('')}`;
}
