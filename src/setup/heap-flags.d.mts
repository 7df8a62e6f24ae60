/** Flags of Node for the memory of m0's commands, by command. */
export const HEAP_FLAGS: { readonly explain: readonly string[]; readonly serve: readonly string[] };
