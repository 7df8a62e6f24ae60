/** The labels of workers: a stack that names one is planned and applied by workers that have it. Pure. */

/** How a label is written. */
export const LABEL = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** Stands for the stacks that name no label. No label has this name, because it has a character that labels lack. */
export const NO_LABEL = '_none';

/** The label of a stack or a run, NO_LABEL where it names none. */
export function labelOf({ worker }: { readonly worker?: string | undefined }): string {
  return worker ?? NO_LABEL;
}
