/** Proves by their values that one place of a plan repeats another. */
import { canonical } from './canonical.ts';
import type { Json } from './finding.ts';
import { field, isEmpty, isObject, leavesOf } from './json-value.ts';

/** The scalars that a sibling has on one side (recorded or actual), in canonical form. */
export type Pool = ReadonlySet<string>;

export function poolOf(places: readonly Json[]): Pool {
  return new Set(places.flatMap(leavesOf).map((leaf) => canonical(leaf, 'plan')));
}

/** True if every scalar of the value is in the pool. An empty value is always repeated. */
export function repeats(value: Json, pool: Pool): boolean {
  return comparable(value).every((leaf) => isIn(leaf, pool));
}

/** Short or common scalars prove nothing: true if a text of at least four characters is in the pool. */
export function hasDistinctive(values: readonly Json[], pool: Pool): boolean {
  return values
    .flatMap(leavesOf)
    .some((leaf) => typeof leaf === 'string' && leaf.length >= 4 && isIn(leaf, pool));
}

/** True if the text, or the address that it is an AWS host name of, is in the pool. */
function isIn(leaf: Json, pool: Pool): boolean {
  if (pool.has(canonical(leaf, 'plan'))) return true;
  const address = addressOfHost(leaf);
  return address !== undefined && pool.has(canonical(address, 'plan'));
}

/** `false`, `0` and empty values are defaults that providers fill in, and prove nothing. */
function comparable(value: Json): Json[] {
  return leavesOf(value).filter((leaf) => !isEmpty(leaf) && typeof leaf !== 'boolean' && leaf !== 0);
}

/**
 * The IPv4 address in a host name that AWS derives from it: `ec2-203-0-113-25.compute-1.amazonaws.com`,
 * `ip-10-0-1-4.eu-west-1.compute.internal`. Undefined for every other value.
 * https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html#vpc-dns-hostnames
 */
export function addressOfHost(host: Json): string | undefined {
  if (typeof host !== 'string') return undefined;
  const pattern =
    /^(?:ec2|ip)-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})\.(?:[a-z0-9-]+\.)*(?:amazonaws\.com(?:\.cn)?|ec2\.internal|compute\.internal)$/;
  const parts = pattern.exec(host)?.slice(1);
  return parts?.join('.');
}

const IDENTITIES = ['id', 'name', 'key', 'Sid', 'volume_id', 'device_name', 'identifier'] as const;

/** True if both are elements with the same identity, for example the same `name`. */
export function areVersions(a: Json, b: Json): boolean {
  const key = IDENTITIES.find((name) => !isEmpty(field(a, name)) || !isEmpty(field(b, name)));
  return (
    key !== undefined && canonical(field(a, key) ?? null, 'plan') === canonical(field(b, key) ?? null, 'plan')
  );
}

/**
 * True if a sibling tells everything in which an element differs from its earlier version: each new value is in the
 * pool, or the sibling has the same value under the same name.
 */
export function tellsDifference(earlier: Json, now: Json, pool: Pool, siblings: readonly Json[]): boolean {
  if (!isObject(earlier) || !isObject(now)) return false;
  return [...new Set([...Object.keys(earlier), ...Object.keys(now)])].every((name) => {
    const value = field(now, name) ?? null;
    if (canonical(value, 'plan') === canonical(field(earlier, name) ?? null, 'plan')) return true;
    if (comparable(value).length > 0) return repeats(value, pool);
    return siblings.some(
      (sibling) =>
        isObject(sibling) &&
        Object.hasOwn(sibling, name) &&
        canonical(field(sibling, name) ?? null, 'plan') === canonical(value, 'plan'),
    );
  });
}
