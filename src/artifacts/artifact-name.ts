/** Throws where an artifact's name is not allowed, because it could point outside the artifacts' folder. */
export function checkName(name: string): void {
  if (!/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(name) || /(^|\/)\.{1,2}(\/|$)/.test(name)) {
    throw new Error(`keeping an artifact: "${name}" is no name for one`);
  }
}
