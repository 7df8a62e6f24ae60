import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { base64Text, visibleBase64Text } from '../../../src/drift/base64-text.ts';
import { plan } from '../../support/plan.ts';

const packed = (text: string): string => Buffer.from(text).toString('base64');
const SECRET = 'correct-horse-battery';

/** The decoded texts of `user_data` in a plan in which `SECRET` is a sensitive value elsewhere. */
function decodedOf(before: string, after: string) {
  const { findings } = analyzePlan(
    plan([
      {
        recorded: { user_data: before, password: SECRET },
        actual: { user_data: after, password: SECRET },
        desired: { user_data: before, password: SECRET },
        sensitive: { password: true },
      },
    ]),
    { key: 'k' },
  );
  return findings[0]?.attributes.find((attribute) => attribute.path === 'user_data');
}

describe('base64Text', () => {
  it('finds every printable text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 18, unit: 'grapheme-ascii' }), (text) => {
        expect(base64Text(packed(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['a short name', 'production'],
    ['a hash', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['an ARN', 'arn:aws:iam::123456789012:role/deploy'],
    ['packed bytes', Buffer.from(Array.from({ length: 60 }, (_, i) => i * 4)).toString('base64')],
    ['text with other text around it', `x ${packed('#!/bin/bash\necho hello\n')}!`],
  ])('takes %s for no text', (_name, value) => {
    expect(base64Text(value)).toBeUndefined();
  });
});

describe('decoded texts of a finding', () => {
  it('are there if all values are base64 of a text', () => {
    const [before, after] = ['#!/bin/bash\necho a\n', '#!/bin/bash\necho b\n'];
    expect(decodedOf(packed(before), packed(after))?.decoded).toEqual({
      recorded: before,
      actual: after,
      desired: before,
    });
    expect(decodedOf(packed(before), 'echo b')?.decoded).toBeUndefined();
  });

  it.each([0, 1, 2])('never contain a secret, at offset %i of a group', (offset) => {
    const script = (word: string): string => `${'#'.repeat(offset + 3)}\nPASSWORD=${SECRET}\necho ${word}\n`;
    const attribute = decodedOf(packed(script('a')), packed(script('b')));
    expect(attribute?.decoded?.actual).toContain('echo b');
    expect(attribute?.decoded?.actual).toContain('(sensitive)');
    expect(JSON.stringify(attribute?.decoded)).not.toContain(SECRET);
  });

  it('leave out every byte that shares a character with a hidden part, whatever the alignment', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 8, max: 20 }), (from, length) => {
        const text = Array.from({ length: 90 }, (_, i) => String.fromCharCode(33 + i)).join('');
        const value = packed(text);
        const scrubbed = `${value.slice(0, from)}(sensitive)${value.slice(from + length)}`;
        const shown = visibleBase64Text(value, scrubbed) ?? '';
        const hidden = text.slice(Math.floor((from * 3) / 4), Math.ceil(((from + length) * 3) / 4));
        const [before = '', after = ''] = shown.split('(sensitive)');
        expect(text.startsWith(before) && text.endsWith(after)).toBe(true);
        expect([...hidden].filter((character) => (before + after).includes(character))).toEqual([]);
      }),
    );
  });

  it('are not there if it is not clear which part of the encoded text is hidden', () => {
    const value = packed('a text with two secrets in it');
    const twice = `${value.slice(0, 8)}(sensitive)${value.slice(12, 16)}(sensitive)${value.slice(20)}`;
    expect(visibleBase64Text(value, twice)).toBeUndefined();
    expect(visibleBase64Text(value, '(sensitive)')).toBeUndefined();
  });

  it('are not there if the encoded text itself is the secret', () => {
    const hidden = packed('the plain form of a secret that is not listed');
    const { findings } = analyzePlan(
      plan([
        {
          recorded: { copy: null, password: hidden },
          actual: { copy: hidden, password: hidden },
          desired: { copy: null, password: hidden },
          sensitive: { password: true },
        },
      ]),
      { key: 'k' },
    );
    expect(JSON.stringify(findings)).toContain('"sensitive":true');
    expect(JSON.stringify(findings)).not.toContain('plain form');
  });
});
