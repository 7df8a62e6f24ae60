import { BuiltinFailure } from './failure.ts';

/**
 * Go's big.Float as far as OPA does arithmetic with it: a sign, a mantissa of `precision` bits and a power of
 * two, rounded to nearest even. OPA reads numbers into 64 bits and prints the shortest text that reads back.
 */
export interface BigFloat {
  readonly negative: boolean;
  /** Zero, or a whole number; the value is mantissa × 2^exponent. */
  readonly mantissa: bigint;
  readonly exponent: number;
  readonly precision: number;
}

/** Precision OPA reads numbers with. */
export const READ_PRECISION = 64;
/** Decimal exponents beyond this have no double; m0 refuses to compute with them. */
const MOST_EXPONENT = 400;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

function bits(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/** Rounds a mantissa to so many bits; `sticky` says that the true value is a little more. */
function round(
  negative: boolean,
  mantissa: bigint,
  exponent: number,
  precision: number,
  sticky = false,
): BigFloat {
  const excess = bits(mantissa) - precision;
  if (excess <= 0) return { negative, mantissa, exponent, precision };
  const shift = BigInt(excess);
  let kept = mantissa >> shift;
  const rest = mantissa - (kept << shift);
  const half = 1n << (shift - 1n);
  if (rest > half || (rest === half && (sticky || (kept & 1n) === 1n))) kept += 1n;
  return { negative, mantissa: kept, exponent: exponent + excess, precision };
}

function product(a: BigFloat, b: BigFloat, precision: number): BigFloat {
  const exponent = a.exponent + b.exponent;
  return round(a.negative !== b.negative, a.mantissa * b.mantissa, exponent, precision);
}

function quotient(a: BigFloat, b: BigFloat, precision: number): BigFloat {
  // Enough bits that what is left over only matters as "a little more".
  const shift = Math.max(0, precision + 2 + bits(b.mantissa) - bits(a.mantissa));
  const over = a.mantissa << BigInt(shift);
  const whole = over / b.mantissa;
  const sticky = over % b.mantissa !== 0n;
  const exponent = a.exponent - b.exponent - shift;
  // One more bit keeps a remainder apart from an exact half.
  return round(
    a.negative !== b.negative,
    (whole << 1n) | (sticky ? 1n : 0n),
    exponent - 1,
    precision,
    sticky,
  );
}

/** 5^n as Go gets it: exact up to 5^27, then by squaring in bounded precision. */
function powerOfFive(n: number, precision: number): BigFloat {
  const exact = (power: number, into: number): BigFloat => round(false, 5n ** BigInt(power), 0, into);
  const table = 27;
  if (n <= table) return exact(n, precision);
  let result = exact(table, precision);
  let factor = exact(1, precision + 64);
  for (let rest = n - table; rest > 0; rest >>= 1) {
    if ((rest & 1) === 1) result = product(result, factor, precision);
    factor = product(factor, factor, precision + 64);
  }
  return result;
}

/** A number by its text, as Go's Float.SetString reads it. Throws a BuiltinFailure where no double is so big. */
export function parseFloatText(text: string): BigFloat {
  const parts = DECIMAL.exec(text);
  if (parts === null) throw new BuiltinFailure(`a number that m0 can't compute with: ${text.slice(0, 40)}`);
  const [, sign, whole = '', fraction = '', power = '0'] = parts;
  const negative = sign === '-';
  const mantissa = BigInt(whole + fraction || '0');
  if (mantissa === 0n) return { negative, mantissa, exponent: 0, precision: READ_PRECISION };
  const exponent = Number(power) - fraction.length;
  if (Math.abs(exponent) > MOST_EXPONENT || whole.length > MOST_EXPONENT) {
    throw new BuiltinFailure(`a number that m0 can't compute with: ${text.slice(0, 40)}`);
  }
  const read: BigFloat = { negative, mantissa, exponent, precision: READ_PRECISION };
  if (exponent === 0) return round(negative, mantissa, 0, READ_PRECISION);
  const five = powerOfFive(Math.abs(exponent), READ_PRECISION + 64);
  return exponent < 0 ? quotient(read, five, READ_PRECISION) : product(read, five, READ_PRECISION);
}

/** A whole number with all of its bits, as Go's SetInt takes it: at least 64 bits of precision. */
export function fromInteger(value: bigint): BigFloat {
  const mantissa = value < 0n ? -value : value;
  return {
    negative: value < 0n,
    mantissa,
    exponent: 0,
    precision: Math.max(bits(mantissa), READ_PRECISION),
  };
}

function signed(value: BigFloat): bigint {
  return value.negative ? -value.mantissa : value.mantissa;
}

export function add(a: BigFloat, b: BigFloat, precision = Math.max(a.precision, b.precision)): BigFloat {
  if (a.mantissa === 0n && b.mantissa === 0n) {
    return { negative: a.negative && b.negative, mantissa: 0n, exponent: 0, precision };
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (signed(a) << BigInt(a.exponent - exponent)) + (signed(b) << BigInt(b.exponent - exponent));
  return round(sum < 0n, sum < 0n ? -sum : sum, exponent, precision);
}

export function negate(value: BigFloat): BigFloat {
  return { ...value, negative: !value.negative };
}

export function subtract(a: BigFloat, b: BigFloat): BigFloat {
  // 0 - 0 is 0, -0 - 0 is -0: as by adding the negative.
  return add(a, negate(b));
}

export function multiply(a: BigFloat, b: BigFloat, precision = Math.max(a.precision, b.precision)): BigFloat {
  return product(a, b, precision);
}

/** `b` must not be zero. */
export function divide(a: BigFloat, b: BigFloat): BigFloat {
  return quotient(a, b, Math.max(a.precision, b.precision));
}

/** The whole number towards zero. */
export function truncate(value: BigFloat): bigint {
  const whole =
    value.exponent >= 0
      ? value.mantissa << BigInt(value.exponent)
      : value.mantissa >> BigInt(-value.exponent);
  return value.negative ? -whole : whole;
}

export function isWhole(value: BigFloat): boolean {
  if (value.exponent >= 0) return true;
  return value.mantissa % (1n << BigInt(-value.exponent)) === 0n;
}

/** Decimal digits without zeros at the end, and where the point is: 0.digits × 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

function decimalOf(mantissa: bigint, exponent: number): Decimal {
  if (mantissa === 0n) return { digits: '', point: 0 };
  const whole = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const text = whole.toString();
  return { digits: text.replace(/0+$/, ''), point: text.length + Math.min(0, exponent) };
}

function cut(decimal: Decimal, count: number): Decimal {
  return { digits: decimal.digits.slice(0, count).replace(/0+$/, ''), point: decimal.point };
}

function raise(decimal: Decimal, count: number): Decimal {
  const kept = decimal.digits.slice(0, count).replace(/9+$/, '');
  if (kept === '') return { digits: '1', point: decimal.point + 1 };
  return { digits: kept.slice(0, -1) + String(Number(kept.at(-1)) + 1), point: decimal.point };
}

function nearest(decimal: Decimal, count: number): Decimal {
  const { digits } = decimal;
  if (count >= digits.length) return decimal;
  const exactHalf = digits[count] === '5' && count + 1 === digits.length;
  const up = exactHalf ? count > 0 && Number(digits[count - 1]) % 2 === 1 : Number(digits[count]) >= 5;
  return up ? raise(decimal, count) : cut(decimal, count);
}

/** The fewest digits between the two neighbours half a step away, chosen digit by digit as Go does. */
function shortest(value: BigFloat): Decimal {
  const exact = decimalOf(value.mantissa, value.exponent);
  const shift = value.precision + 1 - bits(value.mantissa);
  const mantissa = value.mantissa << BigInt(shift);
  const lower = decimalOf(mantissa - 1n, value.exponent - shift).digits;
  const upper = decimalOf(mantissa + 1n, value.exponent - shift).digits;
  const inclusive = (mantissa & 2n) === 0n;
  for (let i = 0; i < exact.digits.length; i++) {
    const digit = exact.digits[i] as string;
    const below = lower[i] ?? '0';
    const above = upper[i] ?? '0';
    const down = below !== digit || (inclusive && i + 1 === lower.length);
    const up = digit !== above && (inclusive || Number(digit) + 1 < Number(above) || i + 1 < upper.length);
    if (down && up) return nearest(exact, i + 1);
    if (down) return cut(exact, i + 1);
    if (up) return raise(exact, i + 1);
  }
  return exact;
}

/** From this power of ten on Go writes a fraction with an exponent. */
const EXPONENT_FROM = 6;

/** The text OPA gives a result of arithmetic. Throws a BuiltinFailure where no double is so big. */
export function formatBigFloat(value: BigFloat): string {
  const sign = value.negative ? '-' : '';
  if (value.mantissa === 0n) return `${sign}0`;
  const { digits, point } = shortest(value);
  if (point > 309) throw new BuiltinFailure('a number that m0 can’t compute with: beyond 64 bits of float');
  const exponent = point - 1;
  if (!isWhole(value) && (exponent < -4 || exponent >= EXPONENT_FROM)) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${rest}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const fraction = digits.length > point ? `.${digits.slice(point)}` : '';
  return sign + digits.slice(0, point).padEnd(point, '0') + fraction;
}
