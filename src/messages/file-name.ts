/** File names for texts that m0 sends as a file. */

/** A file name for a title: only letters, digits, `_`, `.` and `-`, at most `max` characters before `.txt`. */
export function fileNameOf(title: string, max: number): string {
  const name = title.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '');
  return `${name.slice(0, max) || 'm0'}.txt`;
}
