import { BuiltinFailure } from './failure.ts';
import { formatFloat } from './float.ts';
import { isPrintable, quote, quoteRune } from './quote.ts';
import { isInteger, print, RegoNumber, type RegoValue } from './value.ts';

/** An argument as OPA hands it to Go's fmt: integers, floats and text; everything else is its Rego text. */
type Argument = bigint | number | string;

interface Flags {
  sharp: boolean;
  zero: boolean;
  plus: boolean;
  minus: boolean;
  space: boolean;
  width: number | null;
  precision: number | null;
}

/** Go refuses wider ones too, as `%!(BADWIDTH)`. */
const MOST = 1_000_000;

function argumentOf(value: RegoValue): Argument {
  if (typeof value === 'string') return value;
  if (!(value instanceof RegoNumber)) return print(value, quote);
  return isInteger(value) ? BigInt(value.text) : Number(value.text);
}

function isBig(value: bigint): boolean {
  return value !== BigInt.asIntN(64, value);
}

function typeOf(value: Argument): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'float64';
  return isBig(value) ? '*big.Int' : 'int64';
}

function runes(text: string): string[] {
  return Array.from(text);
}

/** Pads to the width, with zeros only where Go does. */
function pad(text: string, flags: Flags, zeros = flags.zero): string {
  const missing = (flags.width ?? 0) - runes(text).length;
  if (missing <= 0) return text;
  if (flags.minus) return text + ' '.repeat(missing);
  return (zeros ? '0' : ' ').repeat(missing) + text;
}

function formatInteger(value: bigint, base: number, verb: string, flags: Flags): string {
  const negative = value < 0n;
  let digits = (negative ? -value : value).toString(base);
  if (verb === 'X') digits = digits.toUpperCase();
  let zero = flags.zero;
  if (flags.precision !== null) {
    // A precision sets the least number of digits and switches the zero flag off.
    zero = false;
    if (flags.precision === 0 && value === 0n) return pad('', { ...flags, zero: false });
    digits = digits.padStart(flags.precision, '0');
  } else if (zero && !flags.minus && flags.width !== null) {
    const signed = negative || flags.plus || flags.space ? 1 : 0;
    digits = digits.padStart(flags.width - signed, '0');
  }
  let prefix = '';
  if (flags.sharp) {
    if (base === 2) prefix = '0b';
    else if (base === 8 && !digits.startsWith('0')) prefix = '0';
    else if (base === 16) prefix = verb === 'X' ? '0X' : '0x';
  }
  if (verb === 'O') prefix = '0o';
  const sign = negative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  return pad(sign + prefix + digits, flags, false);
}

function formatUnicode(value: bigint, flags: Flags): string {
  const code = BigInt.asUintN(64, value);
  const hex = code
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, flags.precision ?? 4), '0');
  const rune = code <= 0x10ffffn ? String.fromCodePoint(Number(code)) : '';
  return pad(flags.sharp && isPrintable(rune) ? `U+${hex} '${rune}'` : `U+${hex}`, flags, false);
}

function formatHexText(text: string, verb: string, flags: Flags): string {
  let bytes = [...Buffer.from(text)];
  if (flags.precision !== null) bytes = bytes.slice(0, flags.precision);
  const prefix = flags.sharp ? `0${verb}` : '';
  const hex = bytes.map((b) => {
    const digits = b.toString(16).padStart(2, '0');
    return verb === 'X' ? digits.toUpperCase() : digits;
  });
  const joined = flags.space ? hex.map((h) => prefix + h).join(' ') : prefix + hex.join('');
  return pad(hex.length === 0 ? '' : joined, flags);
}

function formatText(text: string, verb: string, flags: Flags): string | null {
  const cut = flags.precision === null ? text : runes(text).slice(0, flags.precision).join('');
  switch (verb) {
    case 'v':
      return flags.sharp
        ? pad(quoteText(cut, { ...flags, sharp: false, plus: false }), flags)
        : pad(cut, flags);
    case 's':
      return pad(cut, flags);
    case 'x':
    case 'X':
      return formatHexText(text, verb, flags);
    case 'q':
      return pad(quoteText(cut, flags), flags);
    default:
      return null;
  }
}

function quoteText(text: string, flags: Flags): string {
  // Go writes `…` for %#q where the text holds no backquote and no control character but a tab.
  if (flags.sharp && !/[`\u0000-\u0008\u000a-\u001f\u007f\ufeff]/.test(text)) return `\`${text}\``;
  return quote(text, flags.plus);
}

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function formatWhole(value: bigint, verb: string, flags: Flags): string | null {
  if (isBig(value)) return formatBig(value, verb, flags);
  const base = BASES[verb];
  if (base !== undefined) {
    return formatInteger(value, base, verb, verb === 'v' ? { ...flags, sharp: false } : flags);
  }
  if (verb === 'c') {
    const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
    return pad(String.fromCodePoint(valid ? Number(value) : 0xfffd), flags);
  }
  if (verb === 'q') return pad(quoteRune(value, flags.plus), flags);
  if (verb === 'U') return formatUnicode(value, flags);
  return null;
}

/** Beyond 64 bits Go hands over to big.Int, whose own formatter knows fewer verbs and other corner cases. */
function formatBig(value: bigint, verb: string, flags: Flags): string {
  if (verb !== 'd' && verb !== 'v' && verb !== 's') {
    throw new BuiltinFailure(`sprintf: %${verb} of an integer beyond 64 bits`);
  }
  return formatInteger(value, 10, 'd', { ...flags, sharp: false });
}

function formatArgument(value: Argument, verb: string, flags: Flags): string | null {
  if (verb === 'T') return formatText(typeOf(value), 's', flags);
  if (typeof value === 'string') return formatText(value, verb, flags);
  if (typeof value === 'bigint') return formatWhole(value, verb, flags);
  return formatFloat(value, verb, flags);
}

/** `%!d(string=hi)`: what Go prints for a verb that does not fit its argument. */
function misfit(value: Argument, verb: string, flags: Flags): string {
  // Only a %v that was written has the sharp flag of its own meaning.
  return `%!${verb}(${typeOf(value)}=${formatArgument(value, 'v', { ...flags, sharp: false }) ?? ''})`;
}

/** Go's fmt.Sprintf over one format and its arguments. */
class Formatter {
  readonly #format: string[];
  readonly #args: readonly Argument[];
  #at = 0;
  #next = 0;
  #reordered = false;
  #goodIndex = true;
  #afterIndex = false;

  constructor(format: string, args: readonly Argument[]) {
    this.#format = runes(format);
    this.#args = args;
  }

  run(): string {
    let out = '';
    while (this.#at < this.#format.length) {
      const rune = this.#format[this.#at++] as string;
      out += rune === '%' ? this.#directive() : rune;
    }
    if (!this.#reordered && this.#next < this.#args.length) {
      const extra = this.#args
        .slice(this.#next)
        .map((a) => `${typeOf(a)}=${formatArgument(a, 'v', plain()) ?? ''}`);
      out += `%!(EXTRA ${extra.join(', ')})`;
    }
    return out;
  }

  #directive(): string {
    let trouble = '';
    const flags = this.#flags();
    this.#goodIndex = true;
    this.#afterIndex = false;
    this.#index();
    if (this.#format[this.#at] === '*') {
      this.#at++;
      const width = this.#star();
      if (width === null) trouble += '%!(BADWIDTH)';
      flags.width = width;
      if (width !== null && width < 0) {
        flags.width = -width;
        flags.minus = true;
        flags.zero = false;
      }
      this.#afterIndex = false;
    } else {
      flags.width = this.#number();
      if (this.#afterIndex && flags.width !== null) this.#goodIndex = false;
    }
    if (this.#at + 1 <= this.#format.length && this.#format[this.#at] === '.') {
      this.#at++;
      if (this.#afterIndex) this.#goodIndex = false;
      this.#index();
      if (this.#format[this.#at] === '*') {
        this.#at++;
        const precision = this.#star();
        flags.precision = precision !== null && precision < 0 ? null : precision;
        if (precision === null || precision < 0) trouble += '%!(BADPREC)';
        this.#afterIndex = false;
      } else {
        flags.precision = this.#number() ?? 0;
      }
    }
    if (!this.#afterIndex) this.#index();
    const verb = this.#format[this.#at++];
    if (verb === undefined) return `${trouble}%!(NOVERB)`;
    if (verb === '%') return `${trouble}%`;
    if (!this.#goodIndex) return `${trouble}%!${verb}(BADINDEX)`;
    const value = this.#args[this.#next];
    if (value === undefined) return `${trouble}%!${verb}(MISSING)`;
    this.#next++;
    // For %v a plus means fields of structs, which no argument has; only big.Int reads it as a sign.
    if (verb === 'v' && !(typeof value === 'bigint' && isBig(value))) flags.plus = false;
    if (verb === 'w' && typeof value === 'bigint' && isBig(value)) {
      throw new BuiltinFailure('sprintf: %w of an integer beyond 64 bits');
    }
    if (verb === 'w') return `${trouble}${misfit(value, verb, flags)}`;
    const shown = formatArgument(value, verb, flags);
    return trouble + (shown ?? misfit(value, verb, flags));
  }

  #flags(): Flags {
    const flags = plain();
    for (; ; this.#at++) {
      const rune = this.#format[this.#at];
      if (rune === '#') flags.sharp = true;
      else if (rune === '0') flags.zero = true;
      else if (rune === '+') flags.plus = true;
      else if (rune === '-') flags.minus = true;
      else if (rune === ' ') flags.space = true;
      else break;
    }
    // Go pads with zeros to the left only.
    if (flags.minus) flags.zero = false;
    return flags;
  }

  #number(): number | null {
    let digits = '';
    while (/^[0-9]$/.test(this.#format[this.#at] ?? '')) digits += this.#format[this.#at++];
    if (digits === '') return null;
    const value = Number(digits);
    if (value > MOST) throw new BuiltinFailure('sprintf: a width or precision beyond 1,000,000');
    return value;
  }

  /** `[n]`: the next argument by its number, from one. */
  #index(): void {
    if (this.#format[this.#at] !== '[') return;
    this.#reordered = true;
    const end = this.#format.indexOf(']', this.#at);
    if (end < 0) {
      this.#goodIndex = false;
      this.#at++;
      return;
    }
    const inside = this.#format.slice(this.#at + 1, end).join('');
    this.#at = end + 1;
    const wanted = /^\d+$/.test(inside) ? Number(inside) : 0;
    if (wanted < 1 || wanted > this.#args.length) {
      this.#goodIndex = false;
      return;
    }
    this.#next = wanted - 1;
    this.#afterIndex = true;
  }

  #star(): number | null {
    const value = this.#args[this.#next];
    if (value === undefined) return null;
    this.#next++;
    if (typeof value !== 'bigint' || value > BigInt(MOST) || value < BigInt(-MOST)) return null;
    return Number(value);
  }
}

function plain(): Flags {
  return {
    sharp: false,
    zero: false,
    plus: false,
    minus: false,
    space: false,
    width: null,
    precision: null,
  };
}

/** OPA's `sprintf`: Go's fmt.Sprintf over the arguments as OPA hands them to it. */
export function sprintf(format: string, values: readonly RegoValue[]): string {
  return new Formatter(format, values.map(argumentOf)).run();
}
