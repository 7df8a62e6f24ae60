/** How people apply a patch that m0 gives them in chat. */

/** Git needs to be told that lines around the changes are missing on purpose. */
const WITHOUT_CONTEXT = 'git apply --unidiff-zero';

/** The patch, with the command that applies it in its first line, which git skips. */
export function withoutContext(patch: string): string {
  return patch === '' ? '' : `Apply with: ${WITHOUT_CONTEXT}\n${patch}`;
}

/** The command that applies the patch in a clone of the repository, before the name of the file. */
export function applyCommand(patch: string): string {
  return patch.startsWith(`Apply with: ${WITHOUT_CONTEXT}\n`) ? WITHOUT_CONTEXT : 'git apply';
}
