/** By which names CloudTrail knows a resource, and in which region its events are. */

const ARN = /^arn:([a-z0-9-]+):([a-z0-9-]+):([a-z0-9-]*):(\d*):(.+)$/;
/** Services without regions, whose events are in one. */
const GLOBAL = new Set(['iam', 'route53', 'cloudfront', 'organizations', 'sts', 'waf', 'globalaccelerator']);
const GLOBAL_REGION = 'us-east-1';

/** The names to ask for, without repeats: what was given, and the id that an ARN ends with. */
export function lookupNames(names: readonly string[]): readonly string[] {
  const all = names.flatMap((name) => {
    const [, , , , , rest = ''] = ARN.exec(name) ?? [];
    if (rest === '') return [name];
    const id = rest.replace(/:\*$/, '');
    const last = /^log-group:(.+)$/.exec(id)?.[1] ?? id.split(/[/:]/).at(-1) ?? id;
    // An id is rarer than an ARN in the log's list of resources, and the other way round: both are asked for.
    return id.includes('/') || id.includes(':') ? [last, name] : [id, name];
  });
  return [...new Set(all)].filter((name) => name.length > 2);
}

/** The regions whose log may have it. `configured` counts where the resource does not say. */
export function regionsOf(names: readonly string[], configured: readonly string[]): readonly string[] {
  for (const name of names) {
    const [, , service = '', region = ''] = ARN.exec(name) ?? [];
    if (service === '') continue;
    if (region !== '') return [region];
    if (GLOBAL.has(service)) return [GLOBAL_REGION];
  }
  return configured;
}
