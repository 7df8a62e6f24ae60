import {
  add,
  type BigFloat,
  divide,
  formatBigFloat,
  fromInteger,
  isWhole,
  multiply,
  parseFloatText,
  subtract,
  truncate,
} from './big-float.ts';
import { smallInt, wholeNumber } from './number.ts';
import { compare, RegoNumber, RegoSet, type RegoValue, sorted } from './value.ts';

/** Numbers by their texts in, the result's text out; undefined where OPA's builtin errs. */
export type Arithmetic = (a: string, b: string) => string | undefined;

/** OPA counts in plain ints while both operands fit into 32 bits. */
function small(text: string): bigint | undefined {
  const value = smallInt(text);
  return value !== undefined && value === BigInt.asIntN(32, value) ? value : undefined;
}

/** Whole numbers that a double holds, as most are. */
const PLAIN = /^-?\d{1,15}$/;

function exactly(
  plain: (a: number, b: number) => number,
  whole: (a: bigint, b: bigint) => bigint,
  float: (a: BigFloat, b: BigFloat) => BigFloat,
): Arithmetic {
  return (a, b) => {
    if (PLAIN.test(a) && PLAIN.test(b)) {
      const result = plain(Number(a), Number(b));
      if (Number.isSafeInteger(result)) return String(result);
    }
    const x = wholeNumber(a);
    const y = x === undefined ? undefined : wholeNumber(b);
    if (x !== undefined && y !== undefined) return whole(x, y).toString();
    return formatBigFloat(float(parseFloatText(a), parseFloatText(b)));
  };
}

export const plus = exactly(
  (a, b) => a + b,
  (a, b) => a + b,
  add,
);
export const minus = exactly(
  (a, b) => a - b,
  (a, b) => a - b,
  subtract,
);
export const times = exactly(
  (a, b) => a * b,
  (a, b) => a * b,
  multiply,
);

export const over: Arithmetic = (a, b) => {
  const [x, y] = [small(a), small(b)];
  if (x !== undefined && y !== undefined) {
    if (y === 0n) return undefined;
    if (x !== 0n && x % y === 0n) return (x / y).toString();
  }
  const divisor = parseFloatText(b);
  if (divisor.mantissa === 0n) return undefined;
  const dividend = parseFloatText(a);
  if (dividend.mantissa === 0n) return dividend.negative !== divisor.negative ? '-0' : '0';
  return formatBigFloat(divide(dividend, divisor));
};

export const remainder: Arithmetic = (a, b) => {
  const [x, y] = [wholeNumber(a), wholeNumber(b)];
  return x === undefined || y === undefined || y === 0n ? undefined : (x % y).toString();
};

function unary(
  whole: (value: bigint) => bigint,
  float: (value: BigFloat) => BigFloat,
): (text: string) => string {
  return (text) => {
    const value = small(text);
    return value === undefined ? formatBigFloat(float(parseFloatText(text))) : whole(value).toString();
  };
}

const HALF: BigFloat = { negative: false, mantissa: 1n, exponent: -1, precision: 53 };
const ONE: BigFloat = { negative: false, mantissa: 1n, exponent: 0, precision: 53 };

function same(value: bigint): bigint {
  return value;
}

/** True where a rounded value is the value: then it is not moved on. */
function isThat(value: BigFloat, whole: BigFloat): boolean {
  return isWhole(value) && truncate(value) === truncate(whole);
}

export const abs = unary(
  (v) => (v < 0n ? -v : v),
  (v) => ({ ...v, negative: false }),
);
export const round = unary(same, (v) => fromInteger(truncate(v.negative ? subtract(v, HALF) : add(v, HALF))));
export const ceil = unary(same, (v) => {
  const whole = fromInteger(truncate(v));
  // Towards zero is up already for a negative result; Go's -0 is not one.
  return whole.negative || isThat(v, whole) ? whole : add(whole, ONE);
});
export const floor = unary(same, (v) => {
  const whole = fromInteger(truncate(v));
  return !whole.negative || isThat(v, whole) ? whole : subtract(whole, ONE);
});

function members(value: RegoValue | undefined): readonly RegoValue[] | undefined {
  if (value instanceof RegoSet) return sorted(value.items);
  return Array.isArray(value) ? (value as readonly RegoValue[]) : undefined;
}

function fold(
  value: RegoValue | undefined,
  start: bigint,
  whole: (a: bigint, b: bigint) => bigint,
  float: (a: BigFloat, b: BigFloat) => BigFloat,
): RegoValue | undefined {
  const texts: string[] = [];
  for (const item of members(value) ?? [null]) {
    if (!(item instanceof RegoNumber)) return undefined;
    texts.push(item.text);
  }
  const wholes = texts.map(wholeNumber);
  if (wholes.every((w) => w !== undefined)) return new RegoNumber(wholes.reduce(whole, start).toString());
  const first: BigFloat = { negative: false, mantissa: start, exponent: 0, precision: 53 };
  return new RegoNumber(formatBigFloat(texts.map(parseFloatText).reduce(float, first)));
}

/** `sum`, of an array or a set of numbers. */
export function sum([value]: readonly RegoValue[]): RegoValue | undefined {
  return fold(
    value,
    0n,
    (a, b) => a + b,
    (a, b) => add(a, b, 64),
  );
}

/** `product`, of an array or a set of numbers. Go starts from a double, so fractions keep 53 bits. */
export function product([value]: readonly RegoValue[]): RegoValue | undefined {
  return fold(
    value,
    1n,
    (a, b) => a * b,
    (a, b) => multiply(a, b, 53),
  );
}

/** `max`: of equal ones the last, as OPA picks. */
export function max([value]: readonly RegoValue[]): RegoValue | undefined {
  const items = members(value) ?? [];
  return items.length === 0 ? undefined : items.reduce((a, b) => (compare(a, b) <= 0 ? b : a));
}

/** `min`: of equal ones the last, as OPA picks. */
export function min([value]: readonly RegoValue[]): RegoValue | undefined {
  const items = members(value) ?? [];
  return items.length === 0 ? undefined : items.reduce((a, b) => (compare(a, b) >= 0 ? b : a));
}
