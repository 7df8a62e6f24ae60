import { BuiltinFailure } from './failure.ts';
import { integer, type RegoValue } from './value.ts';

interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: readonly string[];
}

/** A `v` in front is taken, as OPA does. */
const VERSION =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;
const MOST = 2n ** 63n - 1n;

function parse(text: string): Version | undefined {
  const [, major, minor, patch, pre] = VERSION.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  const numbers = [major, minor, patch].map(BigInt);
  const preRelease = pre?.split('.') ?? [];
  if (numbers.some((n) => n > MOST) || preRelease.some((id) => /^0\d+$/.test(id))) return undefined;
  return { numbers, preRelease };
}

function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x !== y) return x ? -1 : 1;
  if (!x) return a < b ? -1 : a > b ? 1 : 0;
  const [one, two] = [BigInt(a), BigInt(b)];
  // Go clamps what is beyond its integers.
  if (one > MOST || two > MOST) throw new BuiltinFailure('semver.compare: a number beyond 64 bits');
  return one < two ? -1 : one > two ? 1 : 0;
}

function compare(a: Version, b: Version): number {
  for (const [i, x] of a.numbers.entries()) {
    const y = b.numbers[i] ?? 0n;
    if (x !== y) return x < y ? -1 : 1;
  }
  // A release comes after its candidates.
  if (a.preRelease.length === 0 || b.preRelease.length === 0) {
    return Number(a.preRelease.length === 0) - Number(b.preRelease.length === 0);
  }
  for (let i = 0; i < Math.max(a.preRelease.length, b.preRelease.length); i++) {
    const order = compareIdentifiers(a.preRelease[i], b.preRelease[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** `semver.compare`: -1, 0 or 1. */
export function semverCompare([one, two]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof one !== 'string' || typeof two !== 'string') return undefined;
  const [a, b] = [parse(one), parse(two)];
  if (a === undefined || b === undefined) {
    throw new BuiltinFailure(`semver.compare: ${JSON.stringify(a === undefined ? one : two)} is no version`);
  }
  return integer(compare(a, b));
}

/** `semver.is_valid`. */
export function semverIsValid([text]: readonly RegoValue[]): RegoValue | undefined {
  return typeof text === 'string' && parse(text) !== undefined;
}
