import { BuiltinFailure } from './failure.ts';

const MOST_DIGITS = 1000;

interface FloatFlags {
  readonly sharp: boolean;
  readonly zero: boolean;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly space: boolean;
  readonly width: number | null;
  readonly precision: number | null;
}

/** A finite, non-negative double as a whole number times a power of two. */
function parts(value: number): readonly [mantissa: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const stored = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) | (stored === 0 ? 0n : 1n << 52n);
  return [mantissa, (stored === 0 ? 1 : stored) - 1075];
}

/** The same as numerator / denominator, exactly. */
function fraction(value: number): readonly [bigint, bigint] {
  const [mantissa, exponent] = parts(value);
  return exponent >= 0 ? [mantissa << BigInt(exponent), 1n] : [mantissa, 1n << BigInt(-exponent)];
}

function binaryExponent(exponent: number, least: number): string {
  return `p${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(least, '0')}`;
}

/** `%x`: `0x1.8p+00`. */
function hexadecimal(value: number): string {
  const [mantissa, exponent] = parts(value);
  if (mantissa === 0n) return '0x0p+00';
  const binary = mantissa.toString(2);
  const rest = binary.slice(1).replace(/0+$/, '');
  const digits =
    rest === '' ? '' : BigInt(`0b${rest.padEnd(Math.ceil(rest.length / 4) * 4, '0')}`).toString(16);
  const shown = digits === '' ? '' : `.${digits.padStart(Math.ceil(rest.length / 4), '0')}`;
  return `0x1${shown}${binaryExponent(exponent + binary.length - 1, 2)}`;
}

/** `%b`: `4503599627370496p-52`. */
function binary(value: number): string {
  const [mantissa, exponent] = parts(value);
  return `${mantissa}${binaryExponent(exponent, 1)}`;
}

/** The value times 10^scale as a whole number, ties to even as Go has them (JavaScript rounds them up). */
function scaled(value: number, scale: number): bigint {
  let [over, under] = fraction(value);
  if (scale >= 0) over *= 10n ** BigInt(scale);
  else under *= 10n ** BigInt(-scale);
  const whole = over / under;
  const twice = (over % under) * 2n;
  return twice > under || (twice === under && whole % 2n === 1n) ? whole + 1n : whole;
}

/** `%.*f`. */
function withFraction(value: number, precision: number): string {
  const digits = scaled(value, precision)
    .toString()
    .padStart(precision + 1, '0');
  const at = digits.length - precision;
  return precision === 0 ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;
}

/** So many significant digits, and the power of ten of the first. */
function significant(value: number, count: number): readonly [string, number] {
  if (value === 0) return ['0'.repeat(count), 0];
  let exponent = Number(value.toExponential().split('e')[1]);
  let digits = scaled(value, count - 1 - exponent).toString();
  if (digits.length > count) {
    // 9.99 became 10.0.
    exponent++;
    digits = digits.slice(0, count);
  }
  return [digits, exponent];
}

/** The fewest digits that read back the same, and the power of ten of the first. */
function shortest(value: number): readonly [string, number] {
  const [digits = '0', exponent = '0'] = value.toExponential().split('e');
  return [digits.replace('.', ''), Number(exponent)];
}

/** Go writes at least two digits of exponent. */
function withExponent(digits: string, exponent: number): string {
  const sign = exponent < 0 ? '-' : '+';
  const rest = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits[0]}${rest}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** `%g`: the shortest text (or so many significant digits), with an exponent where Go wants one. */
function general(value: number, precision: number | null): string {
  const [all, exponent] = precision === null ? shortest(value) : significant(value, Math.max(1, precision));
  const digits = all.replace(/0+$/, '') || '0';
  let limit = precision === null ? SHORTEST_LIMIT : Math.max(1, precision);
  if (precision !== null && limit > digits.length && digits.length >= exponent + 1) limit = digits.length;
  if (exponent < -4 || exponent >= limit) return withExponent(digits, exponent);
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const rest = digits.slice(exponent + 1);
  return rest === '' ? whole : `${whole}.${rest}`;
}

/** For the shortest text Go takes an exponent from 1e+06 on. */
const SHORTEST_LIMIT = 6;

function digitsOf(value: number, verb: string, precision: number | null): string | null {
  switch (verb) {
    case 'v':
    case 'g':
      return general(value, precision);
    case 'G':
      return general(value, precision).toUpperCase();
    case 'e':
      return withExponent(...significant(value, (precision ?? 6) + 1));
    case 'E':
      return withExponent(...significant(value, (precision ?? 6) + 1)).toUpperCase();
    case 'f':
    case 'F':
      return withFraction(value, precision ?? 6);
    case 'b':
      return binary(value);
    case 'x':
    case 'X':
      if (precision !== null) throw new BuiltinFailure(`sprintf: %${verb} of a fraction with a precision`);
      return verb === 'x' ? hexadecimal(value) : hexadecimal(value).toUpperCase();
    default:
      return null;
  }
}

/** A float by Go's verbs for it; null where the verb is none of them. */
export function formatFloat(value: number, verb: string, flags: FloatFlags): string | null {
  if (flags.sharp && verb !== 'v') throw new BuiltinFailure('sprintf: the # flag with a fraction');
  if (!Number.isFinite(value)) throw new BuiltinFailure('sprintf: a number beyond 64 bits of float');
  if ((flags.precision ?? 0) > MOST_DIGITS) throw new BuiltinFailure('sprintf: so many digits of a fraction');
  const digits = digitsOf(Math.abs(value), verb, flags.precision);
  if (digits === null) return null;
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const missing = Math.max(0, (flags.width ?? 0) - sign.length - digits.length);
  if (flags.minus) return sign + digits + ' '.repeat(missing);
  return flags.zero ? sign + '0'.repeat(missing) + digits : ' '.repeat(missing) + sign + digits;
}
