/** The builtins that policies may call. */
import { AGREED, MENDED } from './builtins/natives.ts';
import { HOST_BUILTINS } from './builtins/table.ts';

const CERTIFICATES = 'm0 reads no keys and certificates';
const TOKENS = 'm0 checks and makes no tokens';
const GRAPHQL = 'm0 reads no GraphQL';
const SCHEMAS = 'validators of JSON schemas differ in what they let pass';
const URLS = 'readers of URLs differ in what they take for which part';
const DEPRECATED = 'it is deprecated; ask with is_string and its siblings';
const RANDOM = 'it answers differently each time';

/** Builtins that no policy may call, each with the reason shown to its author. */
export const REFUSED: Readonly<Record<string, string>> = {
  'http.send': 'it reaches the network, and an answer from there can be lost or forged',
  'net.lookup_ip_addr': 'it asks a name server',
  'opa.runtime': "it reads this machine's environment",
  'rand.intn': RANDOM,
  'uuid.rfc4122': RANDOM,

  cast_boolean: DEPRECATED,
  cast_null: DEPRECATED,
  cast_object: DEPRECATED,
  cast_string: DEPRECATED,
  'crypto.parse_private_keys': CERTIFICATES,
  'crypto.x509.parse_and_verify_certificates': CERTIFICATES,
  'crypto.x509.parse_and_verify_certificates_with_options': CERTIFICATES,
  'crypto.x509.parse_certificate_request': CERTIFICATES,
  'crypto.x509.parse_certificates': CERTIFICATES,
  'crypto.x509.parse_keypair': CERTIFICATES,
  'crypto.x509.parse_rsa_private_key': CERTIFICATES,
  'graphql.is_valid': GRAPHQL,
  'graphql.parse': GRAPHQL,
  'graphql.parse_and_verify': GRAPHQL,
  'graphql.parse_query': GRAPHQL,
  'graphql.parse_schema': GRAPHQL,
  'graphql.schema_is_valid': GRAPHQL,
  'io.jwt.decode': TOKENS,
  'io.jwt.decode_verify': TOKENS,
  'io.jwt.encode_sign': TOKENS,
  'io.jwt.encode_sign_raw': TOKENS,
  'io.jwt.verify_eddsa': TOKENS,
  'io.jwt.verify_es256': TOKENS,
  'io.jwt.verify_es384': TOKENS,
  'io.jwt.verify_es512': TOKENS,
  'io.jwt.verify_hs256': TOKENS,
  'io.jwt.verify_hs384': TOKENS,
  'io.jwt.verify_hs512': TOKENS,
  'io.jwt.verify_ps256': TOKENS,
  'io.jwt.verify_ps384': TOKENS,
  'io.jwt.verify_ps512': TOKENS,
  'io.jwt.verify_rs256': TOKENS,
  'io.jwt.verify_rs384': TOKENS,
  'io.jwt.verify_rs512': TOKENS,
  'json.match_schema': SCHEMAS,
  'json.verify_schema': SCHEMAS,
  'providers.aws.sign_req': 'm0 signs no requests',
  'regex.globs_match': 'its results are not specified exactly',
  'regex.template_match': 'write the pattern itself with regex.match',
  'rego.parse_module': 'm0 reads no Rego while it evaluates',
  'strings.render_template': "it runs Go's text templates; use sprintf",
  'uri.is_valid': URLS,
  'uri.parse': URLS,
  'uuid.parse': 'm0 takes no identifiers apart',
  'yaml.marshal': 'writers of YAML differ in how they quote; use json.marshal',
};

/** Builtins that the compiler replaces, or that only tests and debugging use. */
export const COMPILED_AWAY = ['assign', 'eq', 'internal.print', 'internal.test_case', 'print'];

/** All builtins whose answers are known to equal those of `opa eval`. */
const KNOWN: ReadonlySet<string> = new Set([
  ...[...AGREED, ...MENDED, ...Object.keys(HOST_BUILTINS), ...COMPILED_AWAY],
]);

interface Capabilities {
  readonly builtins: readonly { readonly name: string }[];
  readonly [key: string]: unknown;
}

/**
 * `opa capabilities --current`, reduced to the builtins that m0 knows, without those in `without`; as JSON
 * text. A builtin of a newer opa is left out even if its Wasm could answer, because its answers were never
 * compared with `opa eval`.
 */
export function trimCapabilities(current: string, without: ReadonlySet<string>): string {
  const capabilities = JSON.parse(current) as Capabilities;
  return JSON.stringify({
    ...capabilities,
    builtins: capabilities.builtins.filter(({ name }) => KNOWN.has(name) && !without.has(name)),
    // A second barrier: even a builtin that could fetch may reach no host.
    allow_net: [],
  });
}
