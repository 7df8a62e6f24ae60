import { BuiltinFailure } from './failure.ts';

interface FloatFlags {
  readonly sharp: boolean;
  readonly zero: boolean;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly space: boolean;
  readonly width: number | null;
  readonly precision: number | null;
}

/** Go writes at least two digits of exponent. */
function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

/** `%g`: the shortest text (or so many significant digits), with an exponent where Go wants one. */
function general(value: number, precision: number | null): string {
  if (precision === null) {
    const [digits = '0', exponent = '0'] = value.toExponential().split('e');
    const at = Number(exponent);
    // For the shortest text Go takes the exponent from 1e+06 on.
    return at < -4 || at >= 6 ? goExponent(`${digits}e${at < 0 ? '-' : '+'}${Math.abs(at)}`) : fixed(value);
  }
  const significant = Math.max(1, precision);
  const [digits = '0', exponent = '0'] = value.toExponential(Math.min(100, significant - 1)).split('e');
  const at = Number(exponent);
  const short = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  const count = short.replace(/\D/g, '').length;
  const limit = significant > count && count >= at + 1 ? count : significant;
  if (at < -4 || at >= limit) return goExponent(`${short}e${at < 0 ? '-' : '+'}${Math.abs(at)}`);
  const text = value.toFixed(Math.min(100, Math.max(0, significant - 1 - at)));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Plain decimal digits without an exponent, as short as reads back the same. */
function fixed(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const [digits = '0', exponent = '0'] = text.split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const at = Number(exponent);
  if (at < 0) return `0.${'0'.repeat(-at - 1)}${whole}${fraction}`;
  return whole + fraction.padEnd(at, '0');
}

function digitsOf(value: number, verb: string, precision: number | null): string | null {
  if (precision !== null && precision > 100) {
    throw new BuiltinFailure('sprintf: more than 100 digits of a fraction');
  }
  switch (verb) {
    case 'v':
    case 'g':
      return general(value, precision);
    case 'G':
      return general(value, precision).toUpperCase();
    case 'e':
      return goExponent(value.toExponential(precision ?? 6));
    case 'E':
      return goExponent(value.toExponential(precision ?? 6)).toUpperCase();
    case 'f':
    case 'F':
      if (value >= 1e21) throw new BuiltinFailure('sprintf: %f of a number past 1e21');
      return value.toFixed(precision ?? 6);
    case 'b':
    case 'x':
    case 'X':
      throw new BuiltinFailure(`sprintf: %${verb} of a fraction`);
    default:
      return null;
  }
}

/** A float by Go's verbs for it; null where the verb is none of them. */
export function formatFloat(value: number, verb: string, flags: FloatFlags): string | null {
  if (flags.sharp && verb !== 'v') throw new BuiltinFailure('sprintf: the # flag with a fraction');
  const digits = digitsOf(Math.abs(value), verb, flags.precision);
  if (digits === null) return null;
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  const missing = Math.max(0, (flags.width ?? 0) - sign.length - digits.length);
  if (flags.minus) return sign + digits + ' '.repeat(missing);
  return flags.zero ? sign + '0'.repeat(missing) + digits : ' '.repeat(missing) + sign + digits;
}
