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

/** Functions below the level of builtins: every module has them. */
const STRUCTURE: readonly (readonly [symbol: string, params: number, () => RawBuiltin, Mend['when']])[] = [
  ['opa_value_iter', 2, createIterate, 'unordered'],
  ['opa_number_hash', 1, () => hashNumber, 'always'],
  ['opa_value_get', 2, () => getByNumber, 'numberMissed'],
];

/** Builtins by the functions of OPA's library that answer them, with what m0 does in their place. */
const BY_ADDRESS: readonly (readonly [symbol: string, params: number, RawBuiltin])[] = [
  ['opa_arith_plus', 2, binary(plus)],
  ['opa_arith_minus', 2, minusOrDifference],
  ['opa_arith_multiply', 2, binary(times)],
  ['opa_arith_divide', 2, binary(over)],
  ['opa_arith_rem', 2, binary(remainder)],
  ['opa_arith_abs', 1, unary(abs)],
  ['opa_arith_round', 1, unary(round)],
  ['opa_arith_ceil', 1, unary(ceil)],
  ['opa_arith_floor', 1, unary(floor)],
  ['builtin_object_union_n', 1, unionOfAll],
  ['builtin_json_filter', 2, jsonFilter],
  ['builtin_json_remove', 2, jsonRemove],
  ['opa_glob_match', 3, globMatch],
  ['opa_json_is_valid', 1, isValidJson],
  ['opa_json_unmarshal', 1, unmarshal],
  ['opa_regex_find_all_string_submatch', 3, submatches],
  ['opa_regex_is_valid', 1, isValidPattern],
  ['opa_regex_match', 2, regexMatch],
  ['opa_to_number', 1, toNumber],
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

const MENDS: readonly Mend[] = [...STRUCTURE, ...BY_ADDRESS, ...BY_VALUE].map(
  ([symbol, params, , when = 'always'], i) => ({ symbol, params, id: FIRST_ID + i, when }),
);

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
    ...STRUCTURE.map(([, , create]) => create()),
    ...BY_ADDRESS.map(([, , raw]) => raw),
    ...BY_VALUE.map(([, , name]) => {
      const answer = HOST_BUILTINS[name];
      if (answer === undefined) throw new Error(`no builtin ${name}`);
      return byValues(answer, context);
    }),
  ];
  return new Map(answers.map((raw, i) => [FIRST_ID + i, raw]));
}
