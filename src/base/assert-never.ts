/** Ends a switch over a union: a member that is not handled fails to compile. At run time it throws. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
