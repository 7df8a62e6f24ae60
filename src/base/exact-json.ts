/** JSON whose numbers keep all their digits, also those that a JavaScript number rounds. */

/**
 * A number that no JavaScript number holds: an integer above 2^53, a long fraction, an exponent out of range.
 * `JSON.stringify` writes its digits as they were read, and `String` gives them.
 */
export class ExactNumber {
  /** The number as it was written in the JSON text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): unknown {
    return RAW.rawJSON(this.text);
  }
}

/** What TypeScript's library does not declare yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown };

/** Every number that may be rounded: 16 digits or more, or an exponent. It also finds some texts in strings. */
const LONG = /(?:^|[:,[\s])(-?\d(?:[\d.]{15,}(?:[eE][-+]?\d+)?|[\d.]*[eE][-+]?\d+))/g;

/**
 * Parses a JSON text like `JSON.parse`, but numbers that would be rounded become an `ExactNumber`. It costs little
 * more than `JSON.parse` as long as the text has none.
 *
 * @throws SyntaxError if the text is not JSON.
 */
export function parseExact(text: string): unknown {
  for (const match of text.matchAll(LONG)) {
    if (isRounded(match[1] ?? '')) return parseAllExact(text);
  }
  return JSON.parse(text);
}

/** As `parseExact`, for a text that has such a number. */
export function parseAllExact(text: string): unknown {
  const exact = (_key: string, value: unknown, context: { readonly source?: string }): unknown => {
    const { source } = context;
    return typeof value === 'number' && source !== undefined && isRounded(source)
      ? new ExactNumber(source)
      : value;
  };
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}

/** True if a JavaScript number would change the value of this JSON number. */
export function isRounded(source: string): boolean {
  if (source.length < 16 && !/e/i.test(source)) return false;
  const rounded = Number(source);
  return !Number.isFinite(rounded) || decimalOf(source) !== decimalOf(String(rounded));
}

/** The longest integer that is written without an exponent. */
const MOST_DIGITS = 400;

/**
 * The same text for all JSON numbers of the same value: `1e2`, `100` and `100.0` give `100`. Numbers of different
 * values never give the same text.
 */
export function decimalOf(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  // The exponent itself may be longer than a number holds.
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return power >= 0n && power + BigInt(significant.length) <= BigInt(MOST_DIGITS)
    ? `${sign}${significant}${'0'.repeat(Number(power))}`
    : `${sign}${significant}e${power}`;
}
