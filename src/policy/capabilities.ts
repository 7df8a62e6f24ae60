/** Builtins no policy may call: what they answer does not follow from the input. */
export const IMPURE: Readonly<Record<string, string>> = {
  'http.send': 'it reaches the network, and an answer from there can be lost or forged',
  'opa.runtime': "it reads this machine's environment",
  'net.lookup_ip_addr': 'it asks a name server',
  'rand.intn': 'it answers differently each time',
  'uuid.rfc4122': 'it answers differently each time',
};

interface Capabilities {
  readonly builtins: readonly { readonly name: string }[];
  readonly [key: string]: unknown;
}

/** `opa capabilities --current` without the builtins named; as JSON text. */
export function trimCapabilities(current: string, without: ReadonlySet<string>): string {
  const capabilities = JSON.parse(current) as Capabilities;
  return JSON.stringify({
    ...capabilities,
    builtins: capabilities.builtins.filter((b) => !without.has(b.name)),
    // The wall behind the wall: even a builtin that fetches may fetch from nowhere.
    allow_net: [],
  });
}
