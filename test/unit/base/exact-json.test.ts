import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalOf, ExactNumber, isRounded, parseExact } from '../../../src/base/exact-json.ts';

/** Numbers as JSON writes them, most of them too long or too far for a JavaScript number. */
const numbers = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,24}$/)),
    fraction: fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,20}$/)),
    exponent: fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][-+]?\d{1,2}$/)),
  })
  .map(({ sign, whole, fraction, exponent }) => `${sign}${whole}${fraction}${exponent}`);

/** The value times 10^150, which is a whole number for all of `numbers`. */
function scaled(text: string): bigint {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(`${whole}${fraction}`) * 10n ** BigInt(150 + Number(exponent) - fraction.length);
}

describe('numbers of a JSON text', () => {
  it('keep their value when they are parsed and written again, wherever they stand', () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1 }), fc.constantFrom('', ' ', '\n'), (list, space) => {
        const text = `{"a":${space}${list[0]},"b":[${list.join(`${space},${space}`)}]}`;
        const again = JSON.stringify(parseExact(text));
        const found = again.replace(/^.*\[|\]\}$/g, '').split(',');
        expect(found.map(scaled)).toEqual(list.map(scaled));
      }),
    );
  });

  it('have the same text exactly when they have the same value', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.nat(5), (a, b, zeros) => {
        expect(decimalOf(a) === decimalOf(b)).toBe(scaled(a) === scaled(b));
        const spelled = /[.]/.test(a) ? a : a.replace(/(?=[eE]|$)/, `.${'0'.repeat(zeros + 1)}`);
        expect(decimalOf(spelled)).toBe(decimalOf(a));
      }),
    );
  });

  it.each([
    ['9007199254740993', true],
    ['9007199254740992', false],
    ['100000000000000000000', false],
    ['1e400', true],
    ['-1e-400', true],
    ['0.1', false],
    ['0.30000000000000004', false],
    ['0.123456789012345678', true],
    ['1.0000000000000000', false],
    ['0e999999999999999999999', false],
    ['1e999999999999999999999', true],
  ])('%s: a JavaScript number rounds it: %s', (text, rounded) => {
    expect(isRounded(text)).toBe(rounded);
    expect(parseExact(text) instanceof ExactNumber).toBe(rounded);
    if (rounded) expect(JSON.stringify(parseExact(`[${text}]`))).toBe(`[${text}]`);
  });

  it('leaves texts and keys as they are', () => {
    const text = '{":12345678901234567890":"a,98765432109876543210 [1e999","b":[{"c":9007199254740993}]}';
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });

  it('refuses what JSON.parse refuses', () => {
    for (const text of ['', '[1e999,]', '{"a":01234567890123456789}', '12345678901234567890.']) {
      expect(() => parseExact(text)).toThrow(SyntaxError);
    }
  });
});
