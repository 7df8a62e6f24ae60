import { countText, findN, replace, split } from './regex.ts';
import { sprintf } from './sprintf.ts';
import { addDate, clock, date, diff, parseDuration, parseRfc3339, weekday } from './time.ts';
import { integer, type RegoValue } from './value.ts';

/** What a builtin may know besides its arguments. */
export interface BuiltinContext {
  /** The one instant of this evaluation, in ns since epoch. */
  readonly nowNs: bigint;
}

/**
 * A builtin of OPA's that Wasm leaves to its host. `undefined`: the arguments are of a type it does not take,
 * which makes the expression undefined, as in OPA. Throws a BuiltinFailure where it could not do its work.
 */
export type HostBuiltin = (args: readonly RegoValue[], context: BuiltinContext) => RegoValue | undefined;

/**
 * Every host builtin there is. Each is compared with `opa eval` by test/unit/policy/differential.test.ts; a
 * policy that needs another one is refused when it is synced.
 */
export const HOST_BUILTINS: Readonly<Record<string, HostBuiltin>> = {
  sprintf: ([format, values]) =>
    typeof format === 'string' && Array.isArray(values)
      ? sprintf(format, values as readonly RegoValue[])
      : undefined,
  'regex.find_n': findN,
  'regex.replace': replace,
  'regex.split': split,
  'strings.count': countText,
  'time.add_date': addDate,
  'time.clock': clock,
  'time.date': date,
  'time.diff': diff,
  'time.now_ns': (_args, { nowNs }) => integer(nowNs),
  'time.parse_duration_ns': parseDuration,
  'time.parse_rfc3339_ns': parseRfc3339,
  'time.weekday': weekday,
};
