import { BuiltinFailure } from './failure.ts';

/** Go's limits of an int. */
const MOST_INT = 2n ** 63n - 1n;
const LEAST_INT = -(2n ** 63n);
/** Decimal exponents beyond this have no double. */
const MOST_EXPONENT = 400;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * A number by its text where OPA takes it as an int: 64 bits, at most 19 characters, and nothing but zeros
 * behind the point (`1.0` is one, `1e0` is not).
 */
export function smallInt(text: string): bigint | undefined {
  const parts = /^([+-]?)(\d*)(\.0*)?$/.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', digits = '', zeros = ''] = parts;
  const length = digits.length + zeros.length;
  if (length === 0 || length > 19) return undefined;
  const value = BigInt(`${sign === '-' ? '-' : ''}${digits || '0'}`);
  return value > MOST_INT || value < LEAST_INT ? undefined : value;
}

/** A number by its text where it is whole, in whatever form it is written: `1e3` and `2.50e1` too. */
export function wholeNumber(text: string): bigint | undefined {
  const parts = NUMBER.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = '', fraction = '', power = '0'] = parts;
  const digits = BigInt(whole + fraction || '0');
  if (digits === 0n) return 0n;
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > MOST_EXPONENT) {
    throw new BuiltinFailure(`a number that m0 can't compute with: ${text.slice(0, 40)}`);
  }
  const scale = 10n ** BigInt(Math.abs(exponent));
  if (exponent < 0 && digits % scale !== 0n) return undefined;
  const value = exponent < 0 ? digits / scale : digits * scale;
  return sign === '-' ? -value : value;
}

function exactOf(text: string): readonly [bigint, number] {
  const [, sign, whole = '', fraction = '', power = '0'] = NUMBER.exec(text) ?? [];
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  return [digits, Number(power) - fraction.length];
}

/** Compares two numbers by their texts, exactly: negative, zero or positive. */
export function compareNumberTexts(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [Number(a), Number(b)];
  if (x !== y) return x < y ? -1 : 1;
  if (Number.isSafeInteger(x) && /^-?\d{1,15}$/.test(a) && /^-?\d{1,15}$/.test(b)) return 0;
  const [digitsA, powerA] = exactOf(a);
  const [digitsB, powerB] = exactOf(b);
  if (digitsA === 0n || digitsB === 0n) return digitsA < digitsB ? -1 : digitsA > digitsB ? 1 : 0;
  if (!Number.isFinite(x) || Math.abs(powerA - powerB) > MOST_EXPONENT * 2) {
    throw new BuiltinFailure('comparing numbers beyond 64 bits of float');
  }
  const least = Math.min(powerA, powerB);
  const scaledA = digitsA * 10n ** BigInt(powerA - least);
  const scaledB = digitsB * 10n ** BigInt(powerB - least);
  return scaledA < scaledB ? -1 : scaledA > scaledB ? 1 : 0;
}
