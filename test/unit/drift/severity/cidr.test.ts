import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, isPublic, parseCidr } from '../../../../src/drift/severity/cidr.ts';

describe('addresses', () => {
  it.each([
    ['0.0.0.0/0', true],
    ['203.0.113.7', true],
    ['10.1.2.3/32', false],
    ['172.31.0.0/16', false],
    ['172.32.0.0/16', true],
    ['0.0.0.0/1', true],
    ['::/0', true],
    ['2001:db8::1', true],
    ['fd12::/16', false],
  ])('%s', (text, open) => {
    const cidr = parseCidr(text);
    expect(cidr !== undefined && isPublic(cidr)).toBe(open);
  });

  it.each([
    '',
    'x',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'fe80::1/129',
    '10.0.0.0/8/8',
  ])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('a range contains what it contains', () => {
    const range = fc.record({
      bits: fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
      length: fc.integer({ min: 0, max: 32 }),
    });
    fc.assert(
      fc.property(range, range, (a, b) => {
        const [x, y] = [
          { ...a, version: 4 },
          { ...b, version: 4 },
        ] as const;
        const first = (r: typeof a): bigint => (r.bits >> BigInt(32 - r.length)) << BigInt(32 - r.length);
        const last = (r: typeof a): bigint => first(r) + (1n << BigInt(32 - r.length)) - 1n;
        expect(contains(x, y)).toBe(first(a) <= first(b) && last(b) <= last(a));
      }),
    );
  });
});
