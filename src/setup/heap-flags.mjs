/** Flags of Node for the memory of m0's commands, by command. */

/** A big plan is read in one pass; a large young generation would only double the memory. */
const explain = ['--max-semi-space-size=8'];
/**
 * Without a limit, what is loaded at the start makes the space for new objects grow by 100 MB, which never shrinks. The
 * same goes for the code of modules, of which most runs once: `--optimize-for-size` saves 40 MB.
 */
const serve = ['--max-semi-space-size=4', '--optimize-for-size'];

export const HEAP_FLAGS = { explain, serve };
