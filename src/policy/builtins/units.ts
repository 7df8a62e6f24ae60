import { multiply, parseFloatText, truncate } from './big-float.ts';
import { BuiltinFailure } from './failure.ts';
import { integer, RegoNumber, type RegoValue } from './value.ts';

const SI = ['k', 'm', 'g', 't', 'p', 'e'];

function powers(suffix: string): Map<string, bigint> {
  const all = new Map<string, bigint>([['', 1n]]);
  for (const [i, letter] of SI.entries()) {
    const power = BigInt(i + 1);
    all.set(letter, 1000n ** power);
    all.set(`${letter}i`, 1024n ** power);
    all.set(`${letter}${suffix}`, 1000n ** power);
    all.set(`${letter}i${suffix}`, 1024n ** power);
  }
  return all;
}

const BYTES = powers('b');
const PLAIN = powers('');

/** A number as OPA takes it apart from its unit; the number must be one that JSON would write. */
const AMOUNT = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?)(.*)$/s;

function amountOf(text: string, builtin: string): readonly [string, string] {
  const bare = text.replaceAll('"', '');
  const [, amount, unit] = AMOUNT.exec(bare) ?? [];
  if (amount === undefined || unit === undefined || /[\d.+\s-]/.test(unit)) {
    throw new BuiltinFailure(`${builtin}: ${JSON.stringify(text)} is no amount with a unit`);
  }
  return [amount, unit];
}

/** `units.parse_bytes`: `1.5GiB` in bytes, cut to a whole number. */
export function parseBytes([text]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof text !== 'string') return undefined;
  const [amount, unit] = amountOf(text.toLowerCase(), 'units.parse_bytes');
  const factor = BYTES.get(unit);
  if (factor === undefined)
    throw new BuiltinFailure(`units.parse_bytes: unknown unit ${JSON.stringify(unit)}`);
  return integer(truncate(multiply(parseFloatText(amount), parseFloatText(factor.toString()))));
}

/** A thousandth is the nearest double to Go, which is a little more than one. */
const MILLI = [1152921504606847n, 1152921504606846976n] as const;
const TEN_DIGITS = 10n ** 10n;

/** `units.parse`: `10Mi`, `500m`; an `m` alone is a thousandth, an `M` a million. */
export function parseUnits([text]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof text !== 'string') return undefined;
  const [amount, unit] = amountOf(text, 'units.parse');
  const milli = unit === 'm';
  const factor = milli ? 1n : PLAIN.get(unit.toLowerCase());
  if (factor === undefined) throw new BuiltinFailure(`units.parse: unknown unit ${JSON.stringify(unit)}`);
  const [, sign, whole = '', fraction = '', power = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(amount) ?? [];
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > 400) throw new BuiltinFailure('units.parse: an exponent that large');
  let over = BigInt(whole + fraction) * factor;
  let under = 1n;
  if (milli) {
    over *= MILLI[0];
    under = MILLI[1];
  }
  if (exponent >= 0) over *= 10n ** BigInt(exponent);
  else under *= 10n ** BigInt(-exponent);
  const negative = sign === '-' && over !== 0n;
  if (over % under === 0n) return integer(negative ? -(over / under) : over / under);
  // Ten digits behind the point, halves away from zero.
  const scaled = (over * TEN_DIGITS * 2n + under) / (under * 2n);
  const digits = scaled.toString().padStart(11, '0');
  return new RegoNumber(`${negative ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`);
}
