/** The builtins that policies may call. */

const RANDOM = 'it answers differently each time';
const CLOCK = "it reads this machine's clock; compare with time.now_ns";

/** Builtins that no policy may call, each with the reason shown to its author. */
export const REFUSED: Readonly<Record<string, string>> = {
  'http.send': 'it reaches the network, and an answer from there can be lost or forged',
  'net.lookup_ip_addr': 'it asks a name server',
  'opa.runtime': "it reads this machine's environment",
  'rand.intn': RANDOM,
  'uuid.rfc4122': RANDOM,
  'io.jwt.encode_sign': RANDOM,
  'io.jwt.encode_sign_raw': RANDOM,
  'io.jwt.decode_verify': CLOCK,
  'crypto.x509.parse_and_verify_certificates': CLOCK,
  'crypto.x509.parse_and_verify_certificates_with_options': CLOCK,
  'json.match_schema': 'a schema can name others in the network',
  'json.verify_schema': 'a schema can name others in the network',
};

/** The one builtin of those that opa marks that m0 gives an answer of its own: the time of the question. */
export const CLOCK_BUILTIN = 'time.now_ns';

interface Capabilities {
  readonly builtins: readonly { readonly name: string; readonly nondeterministic?: boolean }[];
  readonly [key: string]: unknown;
}

/**
 * `opa capabilities --current` without the builtins whose answer depends on more than their arguments, as JSON text:
 * those that opa itself marks so, which holds for newer versions too, and those in REFUSED.
 */
export function trimCapabilities(current: string): string {
  const capabilities = JSON.parse(current) as Capabilities;
  return JSON.stringify({
    ...capabilities,
    builtins: capabilities.builtins.filter(
      ({ name, nondeterministic }) =>
        name === CLOCK_BUILTIN || (nondeterministic !== true && REFUSED[name] === undefined),
    ),
    // A second barrier: even a builtin that could fetch may reach no host.
    allow_net: [],
  });
}
