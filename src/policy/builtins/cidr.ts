import {
  type Address,
  bitsOf,
  formatAddress,
  holds,
  lastOf,
  type Network,
  parseAddress,
  parseNetwork,
} from './address.ts';
import { BuiltinFailure } from './failure.ts';
import { integer, RegoObject, RegoSet, type RegoValue, sorted } from './value.ts';

type Args = readonly RegoValue[];

/** A /15 of IPv4: more addresses than that serve no rule. */
const MOST_ADDRESSES = 131_072;

function networkOf(value: RegoValue | undefined): Network | undefined {
  return typeof value === 'string' ? parseNetwork(value) : undefined;
}

function firstOf(network: Network): Address {
  return { version: network.version, value: network.first };
}

/** Undefined where one of them is none. */
function contains(outer: RegoValue | undefined, inner: RegoValue | undefined): boolean | undefined {
  const network = networkOf(outer);
  if (network === undefined || typeof inner !== 'string') return undefined;
  const address = parseAddress(inner);
  if (address !== undefined) return holds(network, address);
  const other = parseNetwork(inner);
  if (other === undefined) return undefined;
  return holds(network, firstOf(other)) && holds(network, { version: other.version, value: lastOf(other) });
}

/** `net.cidr_contains`, of an address or a network. */
export function cidrContains([outer, inner]: Args): RegoValue | undefined {
  return contains(outer, inner);
}

/** `net.cidr_intersects`. */
export function cidrIntersects([one, two]: Args): RegoValue | undefined {
  const [a, b] = [networkOf(one), networkOf(two)];
  if (a === undefined || b === undefined) return undefined;
  return holds(a, firstOf(b)) || holds(b, firstOf(a));
}

/** `net.cidr_is_valid`. */
export function cidrIsValid([value]: Args): RegoValue | undefined {
  return networkOf(value) !== undefined;
}

type Candidate = readonly [cidr: RegoValue, index: RegoValue];

function candidate(value: RegoValue, index: RegoValue): Candidate {
  const cidr = Array.isArray(value) ? (value[0] as RegoValue | undefined) : value;
  if (typeof cidr !== 'string')
    throw new BuiltinFailure('net.cidr_contains_matches: an element that is no text');
  return [cidr, index];
}

function candidates(value: RegoValue | undefined): readonly Candidate[] {
  if (typeof value === 'string') return [[value, value]];
  if (value instanceof RegoSet) return value.items.map((v) => candidate(v, v));
  if (value instanceof RegoObject) return value.entries.map(([k, v]) => candidate(v, k));
  if (Array.isArray(value)) {
    return (value as readonly RegoValue[]).map((v, i) => candidate(v, integer(i)));
  }
  return [];
}

/** `net.cidr_contains_matches`: the pairs of indices of those that hold and are held. */
export function cidrContainsMatches([outer, inner]: Args): RegoValue | undefined {
  const inside = candidates(inner);
  const pairs = candidates(outer).flatMap(([a, i]) =>
    inside.flatMap(([b, j]): RegoValue[] => {
      const held = contains(a, b);
      if (held === undefined)
        throw new BuiltinFailure('net.cidr_contains_matches: a text that is no network');
      return held ? [[i, j]] : [];
    }),
  );
  return new RegoSet(pairs);
}

/** `net.cidr_expand`: every address of a network. */
export function cidrExpand([value]: Args): RegoValue | undefined {
  if (typeof value !== 'string') return undefined;
  const network = parseNetwork(value);
  if (network === undefined)
    throw new BuiltinFailure(`net.cidr_expand: ${JSON.stringify(value)} is no network`);
  const count = lastOf(network) - network.first + 1n;
  if (count > MOST_ADDRESSES)
    throw new BuiltinFailure(`net.cidr_expand: more than ${MOST_ADDRESSES} addresses`);
  const { version, first } = network;
  return new RegoSet(
    Array.from({ length: Number(count) }, (_, i) => formatAddress({ version, value: first + BigInt(i) })),
  );
}

interface Block {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** As it was written, until it is merged with another. */
  readonly text: string | null;
}

/** The default prefix of an IPv4 address alone, from the days of classes. */
function classPrefix(value: bigint): number {
  const top = value >> 24n;
  return top < 0x80n ? 8 : top < 0xc0n ? 16 : 24;
}

function blockOf(value: RegoValue): Block {
  const text = typeof value === 'string' ? value : '';
  const address = parseAddress(text);
  if (address?.version === 4) {
    const prefix = classPrefix(address.value);
    const network = parseNetwork(`${formatAddress(address)}/${prefix}`) as Network;
    return block(network, `${formatAddress(address)}/${prefix}`);
  }
  const network = parseNetwork(text);
  if (address !== undefined || network === undefined) {
    throw new BuiltinFailure(`net.cidr_merge: ${JSON.stringify(text)} is no network`);
  }
  // Go itself stumbles over these.
  if (text.includes(':') && network.version === 4)
    throw new BuiltinFailure('net.cidr_merge: IPv4 inside IPv6');
  return block(network, `${formatAddress(firstOf(network))}/${network.prefix}`);
}

function block(network: Network, text: string): Block {
  return { version: network.version, first: network.first, last: lastOf(network), text };
}

/** The fewest networks that are exactly a range. */
function networksOf({ version, first, last }: Block): string[] {
  const found: string[] = [];
  for (let from = first; from <= last; ) {
    let host = 0n;
    while (
      host < BigInt(bitsOf(version)) &&
      from % (1n << (host + 1n)) === 0n &&
      from + (1n << (host + 1n)) - 1n <= last
    ) {
      host++;
    }
    found.push(`${formatAddress({ version, value: from })}/${bitsOf(version) - Number(host)}`);
    from += 1n << host;
  }
  return found;
}

/** `net.cidr_merge`: the fewest networks that hold what those given hold. */
export function cidrMerge([value]: Args): RegoValue | undefined {
  const items = value instanceof RegoSet ? sorted(value.items) : value;
  if (!Array.isArray(items)) return undefined;
  const blocks = (items as readonly RegoValue[]).map(blockOf);
  const merged: Block[] = [];
  for (const version of [4, 6] as const) {
    const own = blocks.filter((b) => b.version === version);
    own.sort((a, b) => sign(a.last - b.last) || sign(a.first - b.first));
    for (let i = own.length - 1; i > 0; i--) {
      const [low, high] = [own[i - 1] as Block, own[i] as Block];
      if (high.first > low.last + 1n) continue;
      const { first } = sign(low.first - high.first) < 0 ? low : high;
      own.splice(i - 1, 2, { version, first, last: high.last, text: null });
    }
    merged.push(...own);
  }
  return new RegoSet([...new Set(merged.flatMap((b) => (b.text === null ? networksOf(b) : [b.text])))]);
}

function sign(value: bigint): number {
  return value > 0n ? 1 : value < 0n ? -1 : 0;
}
