/** Which part of a folder's path names its environment. */

/** Folders whose subfolders are environments. */
const PARENTS = new Set([
  ...['envs', 'env', 'environments', 'environment', 'stages', 'accounts', 'landscapes'],
]);

const NAMES = new Set([
  ...['prod', 'production', 'prd', 'live', 'dr', 'preprod', 'pre-prod', 'non-prod', 'nonprod'],
  ...['stage', 'staging', 'stg', 'acc', 'acceptance', 'uat', 'qa', 'sit', 'int', 'integration', 'perf'],
  ...['dev', 'develop', 'development', 'test', 'testing', 'sandbox', 'sbx', 'demo', 'lab'],
  ...['global', 'shared', 'common', 'mgmt', 'management', 'root', 'org', 'security'],
]);
/** Names that also are names of things, or of folders that hold environments: only where nothing better is found. */
const WEAK = new Set(['live', 'global', 'shared', 'common', 'mgmt', 'management', 'root', 'org', 'security']);

/** True if the text is a common name of an environment, as `prod`. */
export function isEnvironment(text: string): boolean {
  return NAMES.has(text.toLowerCase());
}

/** True for a folder that holds environments, as `envs`. */
export function holdsEnvironments(segment: string): boolean {
  return PARENTS.has(segment.toLowerCase());
}

/** True for `acme-prod`, `prod-eu` and `prod_eu_west_1`. */
function mentions(segment: string): boolean {
  return segment
    .toLowerCase()
    .split(/[-_.]/)
    .some((word) => NAMES.has(word) && !WEAK.has(word));
}

/**
 * The index of the part of the path that names the environment; null if none does. Below `envs` it is the next part;
 * else a common name of an environment, the deepest one that is not the last part, else one that has such a name in it.
 */
export function environmentIndex(path: string): number | null {
  const segments = path === '' ? [] : path.split('/');
  const parent = segments.findIndex((segment, i) => holdsEnvironments(segment) && i + 1 < segments.length);
  if (parent !== -1) return parent + 1;
  const above = segments.slice(0, -1);
  const strong = (segment: string): boolean => isEnvironment(segment) && !WEAK.has(segment.toLowerCase());
  for (const [list, fits] of [
    [above, strong],
    [segments, strong],
    [above, mentions],
    [segments, mentions],
    [above, isEnvironment],
    [segments, isEnvironment],
  ] as const) {
    const found = list.findLastIndex(fits);
    if (found !== -1) return found;
  }
  return null;
}
