/** A name for the file that a title is about: only letters, digits, `_`, `.` and `-` in it, `max` before its ending. */
export function fileNameOf(title: string, max: number): string {
  const name = title.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '');
  return `${name.slice(0, max) || 'm0'}.txt`;
}
