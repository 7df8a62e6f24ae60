import { max, min, product, sum } from './arithmetic.ts';
import { bitsAnd, bitsLeft, bitsNegate, bitsOr, bitsRight, bitsXor } from './bits.ts';
import {
  cidrContains,
  cidrContainsMatches,
  cidrExpand,
  cidrIntersects,
  cidrIsValid,
  cidrMerge,
} from './cidr.ts';
import { castArray, castSet, objectSubset, range, rangeStep, reachablePaths, slice } from './collections.ts';
import {
  base64Decode,
  base64IsValid,
  base64UrlBare,
  base64UrlDecode,
  hash,
  hexDecode,
  hexEncode,
  hmac,
  hmacEqual,
  queryDecode,
  queryDecodeObject,
  queryEncode,
  queryEncodeObject,
} from './encoding.ts';
import type { HostBuiltin } from './host.ts';
import { marshal, marshalWith } from './json.ts';
import { jsonPatch } from './json-patch.ts';
import { countText, findN, quoteGlob, replace, split } from './regex.ts';
import { semverCompare, semverIsValid } from './semver.ts';
import { sprintf } from './sprintf.ts';
import {
  anyPrefix,
  anySuffix,
  concat,
  formatInt,
  indexOf,
  indexOfN,
  replaceN,
  replaceText,
  splitN,
  substring,
  templateString,
} from './text.ts';
import { addDate, clock, date, diff, format, parseDuration, parseNs, parseRfc3339, weekday } from './time.ts';
import { parseBytes, parseUnits } from './units.ts';
import { integer, type RegoValue } from './value.ts';
import { yamlIsValid, yamlUnmarshal } from './yaml.ts';

/**
 * Every builtin that m0 answers on values: those that Wasm leaves to its host, and those in place of OPA's own
 * library (natives.ts). Each is compared with `opa eval` by test/unit/policy/differential*.tools.test.ts; a policy
 * that needs another one is refused when it is synced.
 */
export const HOST_BUILTINS: Readonly<Record<string, HostBuiltin>> = {
  sprintf: ([text, values]) =>
    typeof text === 'string' && Array.isArray(values)
      ? sprintf(text, values as readonly RegoValue[])
      : undefined,
  concat,
  format_int: formatInt,
  indexof: indexOf,
  indexof_n: indexOfN,
  'internal.template_string': templateString,
  replace: replaceText,
  'strings.any_prefix_match': anyPrefix,
  'strings.any_suffix_match': anySuffix,
  'strings.count': countText,
  'strings.replace_n': replaceN,
  'strings.split_n': splitN,
  substring,

  'glob.quote_meta': quoteGlob,
  'regex.find_n': findN,
  'regex.replace': replace,
  'regex.split': split,

  max,
  min,
  product,
  sum,
  'bits.and': bitsAnd,
  'bits.lsh': bitsLeft,
  'bits.negate': bitsNegate,
  'bits.or': bitsOr,
  'bits.rsh': bitsRight,
  'bits.xor': bitsXor,
  'numbers.range': range,
  'numbers.range_step': rangeStep,
  'units.parse': parseUnits,
  'units.parse_bytes': parseBytes,

  'array.slice': slice,
  cast_array: castArray,
  cast_set: castSet,
  'graph.reachable_paths': reachablePaths,
  'object.subset': objectSubset,

  'base64.decode': base64Decode,
  'base64.is_valid': base64IsValid,
  'base64url.decode': base64UrlDecode,
  'base64url.encode_no_pad': base64UrlBare,
  'crypto.hmac.equal': hmacEqual,
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.md5': hash('md5'),
  'crypto.sha1': hash('sha1'),
  'crypto.sha256': hash('sha256'),
  'hex.decode': hexDecode,
  'hex.encode': hexEncode,
  'json.marshal': marshal,
  'json.marshal_with_options': marshalWith,
  'json.patch': jsonPatch,
  'semver.compare': semverCompare,
  'semver.is_valid': semverIsValid,
  'urlquery.decode': queryDecode,
  'urlquery.decode_object': queryDecodeObject,
  'urlquery.encode': queryEncode,
  'urlquery.encode_object': queryEncodeObject,
  'yaml.is_valid': yamlIsValid,
  'yaml.unmarshal': yamlUnmarshal,

  'net.cidr_contains': cidrContains,
  'net.cidr_contains_matches': cidrContainsMatches,
  'net.cidr_expand': cidrExpand,
  'net.cidr_intersects': cidrIntersects,
  'net.cidr_is_valid': cidrIsValid,
  'net.cidr_merge': cidrMerge,

  // What is traced nobody reads.
  trace: ([text]) => (typeof text === 'string' ? true : undefined),

  'time.add_date': addDate,
  'time.clock': clock,
  'time.date': date,
  'time.diff': diff,
  'time.format': format,
  'time.now_ns': (_args, { nowNs }) => integer(nowNs),
  'time.parse_duration_ns': parseDuration,
  'time.parse_ns': parseNs,
  'time.parse_rfc3339_ns': parseRfc3339,
  'time.weekday': weekday,
};
