/**
 * Builtins that OPA's library answers as Go does but for some arguments. m0 lets it answer the rest, and for
 * those says what Go says, or nothing at all by a BuiltinFailure.
 */
import { membersOf } from './arguments.ts';
import { BuiltinFailure } from './failure.ts';
import type { Machine, RawBuiltin } from './host.ts';

/** JSON's own numbers; Go takes some more as numbers, which the library reads otherwise or not at all. */
const JSON_NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const GO_NUMBER = /^[+-]?(?:[\d_]+\.?[\d_]*|\.[\d_]+)(?:[eE][+-]?\d+)?$|^[+-]?0x/i;

function isTooBig(text: string): boolean {
  return !Number.isFinite(Number(text));
}

/** `to_number`. */
export const toNumber: RawBuiltin = (machine, address = 0) => {
  const text = machine.stringAt(address);
  if (text === undefined) return machine.kept('opa_to_number', address);
  if (JSON_NUMBER.test(text)) {
    // No double is so big: an error to Go.
    return isTooBig(text) ? 0 : machine.kept('opa_to_number', address);
  }
  if (GO_NUMBER.test(text)) throw new BuiltinFailure(`to_number: ${JSON.stringify(text)} as a number`);
  return 0;
};

/** What Go's decoder takes is what JSON.parse takes; the library takes much more. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text, (_key, value: unknown) => {
      if (value === Infinity || value === -Infinity) {
        throw new BuiltinFailure('json: a number beyond 64 bits of float');
      }
      return value;
    });
  } catch (error) {
    if (error instanceof BuiltinFailure) throw error;
    return false;
  }
  return true;
}

/** `json.unmarshal`. */
export const unmarshal: RawBuiltin = (machine, address = 0) => {
  const text = machine.stringAt(address);
  return text === undefined || !isJson(text) ? 0 : machine.kept('opa_json_unmarshal', address);
};

/** `json.is_valid`. */
export const isValidJson: RawBuiltin = (machine, address = 0) => {
  const text = machine.stringAt(address);
  return machine.addressOf(text !== undefined && isJson(text));
};

/** Go's RE2 has no `\C`, and the library's has no `(?<name>…)`. */
function goPattern(pattern: string): string {
  if (/(?<!\\)(?:\\\\)*\\C/.test(pattern)) throw new BuiltinFailure('regex: \\C');
  if (!pattern.includes('(?<')) return pattern;
  if (/\[[^\]]*\(\?<|\\Q/.test(pattern)) throw new BuiltinFailure('regex: (?< in a class');
  return pattern.replace(/(?<!\\)((?:\\\\)*)\(\?<(?=[A-Za-z_])/g, '$1(?P<');
}

function withPattern(machine: Machine, symbol: string, pattern: number, rest: readonly number[]): number {
  const text = machine.stringAt(pattern);
  if (text === undefined) return 0;
  const known = goPattern(text);
  const found = machine.kept(symbol, known === text ? pattern : machine.addressOf(known), ...rest);
  if (found !== 0) return found;
  // Not undefined in silence: what would the rule have objected to?
  if (rest.some((a) => machine.stringAt(a) === undefined && machine.numberAt(a) === undefined)) return 0;
  throw new BuiltinFailure(`regex: ${JSON.stringify(text)} does not compile`);
}

/** `regex.match`. */
export const regexMatch: RawBuiltin = (machine, pattern = 0, text = 0) =>
  machine.stringAt(text) === undefined ? 0 : withPattern(machine, 'opa_regex_match', pattern, [text]);

/** A group that may be empty before it may be something: Go and the library repeat it differently. */
const EMPTY_FIRST = /\((?:\?(?:[a-zA-Z-]*:|P?<\w+>))?\|/;

/** `regex.find_all_string_submatch_n`. */
export const submatches: RawBuiltin = (machine, pattern = 0, text = 0, count = 0) => {
  const symbol = 'opa_regex_find_all_string_submatch';
  if (machine.stringAt(text) === undefined || machine.numberAt(count) === undefined) {
    return machine.kept(symbol, pattern, text, count);
  }
  if (EMPTY_FIRST.test(machine.stringAt(pattern) ?? '')) {
    throw new BuiltinFailure('regex: a group whose first choice is empty');
  }
  return withPattern(machine, symbol, pattern, [text, count]);
};

/** `regex.is_valid`. */
export const isValidPattern: RawBuiltin = (machine, pattern = 0) => {
  const text = machine.stringAt(pattern);
  if (text === undefined) return machine.addressOf(false);
  const known = goPattern(text);
  return machine.kept('opa_regex_is_valid', known === text ? pattern : machine.addressOf(known));
};

/** True where every brace that opens alternatives also closes them. */
function hasBalancedBraces(pattern: string): boolean {
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '{') depth++;
    else if (pattern[i] === '}' && depth > 0) depth--;
  }
  return depth === 0;
}

/** `glob.match`. */
export const globMatch: RawBuiltin = (machine, pattern = 0, delimiters = 0, text = 0) => {
  const glob = machine.stringAt(pattern);
  if (glob !== undefined && !hasBalancedBraces(glob)) {
    throw new BuiltinFailure(`glob.match: ${JSON.stringify(glob)} does not compile`);
  }
  return machine.kept('opa_glob_match', pattern, delimiters, text);
};

/** `json.filter` and `json.remove`: a path of no text sends the library out of its memory. */
function withPaths(symbol: string): RawBuiltin {
  return (machine, object = 0, paths = 0) => {
    if ((membersOf(machine.valueAt(paths)) ?? []).includes('')) {
      throw new BuiltinFailure('json: an empty path');
    }
    return machine.kept(symbol, object, paths);
  };
}
export const jsonFilter = withPaths('builtin_json_filter');
export const jsonRemove = withPaths('builtin_json_remove');
