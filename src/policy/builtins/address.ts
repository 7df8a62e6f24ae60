/** IP addresses and networks as Go's net package takes them: an IPv4 address inside IPv6 is that IPv4 address. */

export interface Network {
  readonly version: 4 | 6;
  /** The first address, as a number. */
  readonly first: bigint;
  readonly prefix: number;
}

export interface Address {
  readonly version: 4 | 6;
  readonly value: bigint;
}

const MAPPED = 0xffffn;

export function bitsOf(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

function parseV4(text: string): bigint | undefined {
  const fields = text.split('.');
  if (fields.length !== 4) return undefined;
  let value = 0n;
  for (const field of fields) {
    // Go refuses leading zeros: some read them as octal.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(field) || Number(field) > 255) return undefined;
    value = (value << 8n) | BigInt(field);
  }
  return value;
}

function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const fields = text.split(':');
  for (const [i, field] of fields.entries()) {
    if (i === fields.length - 1 && field.includes('.')) {
      const last = parseV4(field);
      if (last === undefined) return undefined;
      groups.push(last >> 16n, last & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(field)) {
      groups.push(BigInt(`0x${field}`));
    } else {
      return undefined;
    }
  }
  return groups;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  // An IPv4 address stands at the very end only.
  if (halves.length === 2 && halves[0]?.includes('.') === true) return undefined;
  const rest = tail ?? [];
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0n), ...rest];
  return all.reduce((value, group) => (value << 16n) | group, 0n);
}

function parsePlain(text: string): Address | undefined {
  if (!text.includes(':')) {
    const value = parseV4(text);
    return value === undefined ? undefined : { version: 4, value };
  }
  const value = parseV6(text);
  return value === undefined ? undefined : { version: 6, value };
}

function unmapped(address: Address): Address {
  if (address.version === 4 || address.value >> 32n !== MAPPED) return address;
  return { version: 4, value: address.value & 0xffffffffn };
}

/** An address without a zone; undefined where the text is none. */
export function parseAddress(text: string): Address | undefined {
  const address = parsePlain(text);
  return address === undefined ? undefined : unmapped(address);
}

/** `10.0.0.0/8`: bits beyond the prefix are dropped; undefined where the text is no network. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parsePlain(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^\d{1,7}$/.test(length)) return undefined;
  const [bits, prefix] = [bitsOf(address.version), Number(length)];
  if (prefix > bits) return undefined;
  const host = BigInt(bits - prefix);
  const first = unmapped({ version: address.version, value: (address.value >> host) << host });
  return first.version === address.version
    ? { version: first.version, first: first.value, prefix }
    : { version: 4, first: first.value, prefix: prefix - 96 };
}

export function lastOf(network: Network): bigint {
  return network.first | ((1n << BigInt(bitsOf(network.version) - network.prefix)) - 1n);
}

/** True where the address lies in the network; IPv4 never lies in IPv6. */
export function holds(network: Network, address: Address): boolean {
  if (network.version !== address.version) return false;
  const host = BigInt(bitsOf(network.version) - network.prefix);
  return network.first >> host === address.value >> host;
}

function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - i * 16)) & 0xffffn));
  let [from, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [from, length] = [i, end - i];
  }
  const shown = groups.map((g) => g.toString(16));
  if (from < 0) return shown.join(':');
  return `${shown.slice(0, from).join(':')}::${shown.slice(from + length).join(':')}`;
}

export function formatAddress({ version, value }: Address): string {
  if (version === 6) return formatV6(value);
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
}
