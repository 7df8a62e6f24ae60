/** The flags that limit a plan to some addresses. What a plan really touches is read from the plan itself. */

/**
 * Flags for a plan of the addresses `only` (null: the whole stack) without `except`. OpenTofu from 1.9 on
 * excludes `except` and plans everything else, including outputs and moves. Other tools plan `only` and its
 * dependencies. Both refuse a plan that leaves out an address of `moved`. `version` looks like `tofu 1.12.6`.
 */
export function scopeFlags(
  version: string,
  only: readonly string[] | null,
  except: readonly string[],
  moved: readonly string[],
): readonly string[] {
  const excluded = except.filter((address) => !moved.includes(address));
  if (only !== null && excluded.length > 0 && knowsExclude(version)) {
    return excluded.map((address) => `-exclude=${address}`);
  }
  return targetFlags(only, moved);
}

export function targetFlags(only: readonly string[] | null, moved: readonly string[]): readonly string[] {
  return only === null ? [] : [...new Set([...only, ...moved])].map((address) => `-target=${address}`);
}

/** True where the flags exclude addresses instead of naming them. */
export function isExcluding(flags: readonly string[]): boolean {
  return flags.some((flag) => flag.startsWith('-exclude='));
}

/** True where a plan touches exactly these addresses. */
export function touchesExactly(touches: readonly string[], only: readonly string[]): boolean {
  const touched = new Set(touches);
  return touched.size === new Set(only).size && only.every((address) => touched.has(address));
}

function knowsExclude(version: string): boolean {
  const [, major, minor] = /^tofu (\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 9);
}
