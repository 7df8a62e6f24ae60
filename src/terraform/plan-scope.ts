/** How a plan is told what of a stack it is about. What it touches in the end is read from the plan itself. */

/**
 * The flags of a plan of `only` (null: the whole stack) of which `except` is to stay out: OpenTofu from 1.9 on
 * plans all the rest, so that outputs and moves are in it too; others plan `only` and what that depends on.
 * `version` as in `tofu 1.12.6`.
 */
export function flagsFor(
  version: string,
  only: readonly string[] | null,
  except: readonly string[],
): readonly string[] {
  if (only !== null && except.length > 0 && knowsExclude(version)) {
    return except.map((address) => `-exclude=${address}`);
  }
  return targetFlags(only);
}

export function targetFlags(only: readonly string[] | null): readonly string[] {
  return (only ?? []).map((address) => `-target=${address}`);
}

/** True for the flags of a plan of all the rest. */
export function leavesOut(flags: readonly string[]): boolean {
  return flags.some((flag) => flag.startsWith('-exclude='));
}

/** True where a plan touches all of these addresses and nothing else. */
export function touchesExactly(touches: readonly string[], only: readonly string[]): boolean {
  const touched = new Set(touches);
  return touched.size === new Set(only).size && only.every((address) => touched.has(address));
}

function knowsExclude(version: string): boolean {
  const [, major, minor] = /^tofu (\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 9);
}
