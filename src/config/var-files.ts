/** Where a stack's variable files may be. */

export const VAR_FILE_INSIDE = "must be a path from the stack's folder, inside the repository";

/** True if the file, a path from `folder`, is inside the repository. */
export function isInsideRepository(folder: string, file: string): boolean {
  if (/^[/\\-]/.test(file)) return false;
  const steps = `${folder}/${file}`.split(/[/\\]/).filter((step) => step !== '' && step !== '.');
  let depth = 0;
  return steps.every((step) => {
    depth += step === '..' ? -1 : 1;
    return depth >= 0;
  });
}
