/** IP address ranges: which contains which, and which belong to the public internet. */

/** A range of addresses: the first `length` bits of `bits` are fixed. */
export interface Cidr {
  readonly version: 4 | 6;
  readonly bits: bigint;
  readonly length: number;
}

/** Parses `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`; undefined if the text is no address. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', suffix, ...more] = text.trim().split('/');
  if (more.length > 0) return undefined;
  const version = address.includes(':') ? 6 : 4;
  const bits = version === 4 ? parseV4(address) : parseV6(address);
  const width = version === 4 ? 32 : 128;
  const length = suffix === undefined ? width : /^\d{1,3}$/.test(suffix) ? Number(suffix) : -1;
  if (bits === undefined || length < 0 || length > width) return undefined;
  return { version, bits, length };
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => '0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** True if every address of `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.version !== inner.version || outer.length > inner.length) return false;
  const shift = BigInt((outer.version === 4 ? 32 : 128) - outer.length);
  return outer.bits >> shift === inner.bits >> shift;
}

/**
 * Ranges that the public internet does not route: RFC 1918 (private), RFC 6598 (carrier), RFC 1122 (loopback),
 * RFC 3927 and RFC 4291 (link-local), RFC 4193 (unique local). The ranges for documentation (RFC 5737) count as
 * public, because they stand for public addresses in examples.
 */
const NOT_ROUTED = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['fc00::/7', 'fe80::/10', '::1/128'],
].flatMap((text) => parseCidr(text) ?? []);

/** True if the range has addresses of the public internet. */
export function isPublic(cidr: Cidr): boolean {
  return !NOT_ROUTED.some((range) => contains(range, cidr));
}

/** True for ranges so wide that they mean everybody: `0.0.0.0/0`, `::/0`, and halves of them. */
export function isWorld(cidr: Cidr): boolean {
  return cidr.length <= 1;
}
