import { type Mend, mend } from '../mend.ts';
import {
  type Arithmetic,
  abs,
  ceil,
  floor,
  minus,
  over,
  plus,
  remainder,
  round,
  times,
} from './arithmetic.ts';
import {
  globMatch,
  isValidJson,
  isValidPattern,
  jsonFilter,
  jsonRemove,
  regexMatch,
  submatches,
  toNumber,
  unmarshal,
} from './guards.ts';
import type { BuiltinContext, HostBuiltin, RawBuiltin } from './host.ts';
import { createIterate, getByNumber, hashNumber } from './structure.ts';
import { HOST_BUILTINS } from './table.ts';
import { RegoNumber, RegoObject } from './value.ts';

/** Host ids of mended functions begin here, far above those that a compiler counts out. */
const FIRST_ID = 1_000_000;

/** A builtin on values as one on addresses. */
export function byValues(answer: HostBuiltin, context: BuiltinContext): RawBuiltin {
  return (machine, ...addresses) => {
    const args = addresses.map((a) => machine.valueAt(a));
    const result = answer(args, context);
    return result === undefined ? 0 : machine.addressOf(result);
  };
}

function binary(answer: Arithmetic): RawBuiltin {
  return (machine, a = 0, b = 0) => {
    const [x, y] = [machine.numberAt(a), machine.numberAt(b)];
    if (x === undefined || y === undefined) return 0;
    const result = answer(x, y);
    return result === undefined ? 0 : machine.addressOf(new RegoNumber(result));
  };
}

function unary(answer: (text: string) => string): RawBuiltin {
  return (machine, a = 0) => {
    const text = machine.numberAt(a);
    return text === undefined ? 0 : machine.addressOf(new RegoNumber(answer(text)));
  };
}

/** `a - b`, of numbers or of sets. */
const minusOrDifference: RawBuiltin = (machine, a = 0, b = 0) =>
  machine.numberAt(a) === undefined || machine.numberAt(b) === undefined
    ? machine.kept('opa_arith_minus', a, b)
    : binary(minus)(machine, a, b);

/** `object.union_n`: the library has nothing for no objects at all. */
const unionOfAll: RawBuiltin = (machine, objects = 0) => {
  const found = machine.kept('builtin_object_union_n', objects);
  if (found !== 0) return found;
  const value = machine.valueAt(objects);
  return Array.isArray(value) && value.length === 0 ? machine.addressOf(new RegoObject([])) : 0;
};

/** Builtins that OPA's library answers as `opa eval` does: compared by differential-builtins.long.test.ts. */
export const AGREED: readonly string[] = [
  ...[
    'all',
    'and',
    'any',
    'array.concat',
    'array.flatten',
    'array.reverse',
    'base64.encode',
    'base64url.encode',
  ],
  ...['contains', 'count', 'endswith', 'equal', 'graph.reachable', 'gt', 'gte', 'internal.member_2'],
  ...['internal.member_3', 'intersection', 'is_array', 'is_boolean', 'is_null', 'is_number', 'is_object'],
  ...['is_set', 'is_string', 'lower', 'lt', 'lte', 'neq', 'object.filter', 'object.get', 'object.keys'],
  ...['object.remove', 'object.union', 'or', 'set_diff', 'sort', 'split', 'startswith', 'strings.reverse'],
  ...['trim', 'trim_left', 'trim_prefix', 'trim_right', 'trim_space', 'trim_suffix', 'type_name', 'union'],
  ...['upper', 'walk'],
  // Answered by the compiler.
  ...['rego.metadata.chain', 'rego.metadata.rule'],
];

/** Functions below the level of builtins: every module has them. */
const STRUCTURE: readonly (readonly [symbol: string, params: number, Mend['when'], () => RawBuiltin])[] = [
  ['opa_value_iter', 2, 'unordered', createIterate],
  ['opa_number_hash', 1, 'always', () => hashNumber],
  ['opa_value_get', 2, 'numberMissed', () => getByNumber],
];

/** Builtins by the functions of OPA's library that answer them, with what m0 does in their place. */
const BY_ADDRESS: readonly (readonly [symbol: string, params: number, builtin: string, RawBuiltin])[] = [
  ['opa_arith_plus', 2, 'plus', binary(plus)],
  ['opa_arith_minus', 2, 'minus', minusOrDifference],
  ['opa_arith_multiply', 2, 'mul', binary(times)],
  ['opa_arith_divide', 2, 'div', binary(over)],
  ['opa_arith_rem', 2, 'rem', binary(remainder)],
  ['opa_arith_abs', 1, 'abs', unary(abs)],
  ['opa_arith_round', 1, 'round', unary(round)],
  ['opa_arith_ceil', 1, 'ceil', unary(ceil)],
  ['opa_arith_floor', 1, 'floor', unary(floor)],
  ['builtin_object_union_n', 1, 'object.union_n', unionOfAll],
  ['builtin_json_filter', 2, 'json.filter', jsonFilter],
  ['builtin_json_remove', 2, 'json.remove', jsonRemove],
  ['opa_glob_match', 3, 'glob.match', globMatch],
  ['opa_json_is_valid', 1, 'json.is_valid', isValidJson],
  ['opa_json_unmarshal', 1, 'json.unmarshal', unmarshal],
  ['opa_regex_find_all_string_submatch', 3, 'regex.find_all_string_submatch_n', submatches],
  ['opa_regex_is_valid', 1, 'regex.is_valid', isValidPattern],
  ['opa_regex_match', 2, 'regex.match', regexMatch],
  ['opa_to_number', 1, 'to_number', toNumber],
];

const BY_VALUE: readonly (readonly [symbol: string, params: number, builtin: string])[] = [
  ['opa_agg_max', 1, 'max'],
  ['opa_agg_min', 1, 'min'],
  ['opa_agg_product', 1, 'product'],
  ['opa_agg_sum', 1, 'sum'],
  ['opa_array_slice', 3, 'array.slice'],
  ['opa_base64_decode', 1, 'base64.decode'],
  ['opa_base64_is_valid', 1, 'base64.is_valid'],
  ['opa_base64_url_decode', 1, 'base64url.decode'],
  ['opa_bits_and', 2, 'bits.and'],
  ['opa_bits_negate', 1, 'bits.negate'],
  ['opa_bits_or', 2, 'bits.or'],
  ['opa_bits_shiftleft', 2, 'bits.lsh'],
  ['opa_bits_shiftright', 2, 'bits.rsh'],
  ['opa_bits_xor', 2, 'bits.xor'],
  ['opa_cidr_contains', 2, 'net.cidr_contains'],
  ['opa_cidr_intersects', 2, 'net.cidr_intersects'],
  ['opa_json_marshal', 1, 'json.marshal'],
  ['opa_numbers_range', 2, 'numbers.range'],
  ['opa_strings_concat', 2, 'concat'],
  ['opa_strings_format_int', 2, 'format_int'],
  ['opa_strings_indexof', 2, 'indexof'],
  ['opa_strings_replace', 3, 'replace'],
  ['opa_strings_replace_n', 2, 'strings.replace_n'],
  ['opa_strings_substring', 3, 'substring'],
  ['opa_template_string', 1, 'internal.template_string'],
];

const MENDS: readonly Mend[] = [
  ...STRUCTURE.map(([symbol, params, when]) => ({ symbol, params, when })),
  ...[...BY_ADDRESS, ...BY_VALUE].map(([symbol, params]) => ({ symbol, params, when: 'always' as const })),
].map((mended, i) => ({ ...mended, id: FIRST_ID + i }));

/** The builtins that are mended, by the names that policies call them by. */
export const MENDED: readonly string[] = [
  ...[...BY_ADDRESS, ...BY_VALUE].map(([, , name]) => name),
  // Older names of regex.match and net.cidr_contains.
  ...['re_match', 'net.cidr_overlap'],
];

/** Functions of the library that m0 calls itself. */
const NEEDED = ['opa_value_compare', 'opa_number_int'];

/**
 * The module with m0's answers in place of the library's, wherever the two were seen to differ. Throws an
 * UnknownModule where it is not laid out as m0 knows it.
 */
export function mendModule(wasm: Uint8Array): Uint8Array {
  return mend(wasm, MENDS, new Set(STRUCTURE.map(([symbol]) => symbol)), NEEDED);
}

/** m0's answers by the ids that `mendModule` gave them, for one evaluation. */
export function createMended(context: BuiltinContext): ReadonlyMap<number, RawBuiltin> {
  const answers = [
    ...STRUCTURE.map(([, , , create]) => create()),
    ...BY_ADDRESS.map(([, , , raw]) => raw),
    ...BY_VALUE.map(([, , name]) => {
      const answer = HOST_BUILTINS[name];
      if (answer === undefined) throw new Error(`no builtin ${name}`);
      return byValues(answer, context);
    }),
  ];
  return new Map(answers.map((raw, i) => [FIRST_ID + i, raw]));
}
