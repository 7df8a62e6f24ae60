import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { scrub } from '../../../src/drift/secrets.ts';
import { plan } from '../../support/plan.ts';

const encode = (text: string, alphabet: 'base64' | 'base64url'): string =>
  Buffer.from(text).toString(alphabet);

/** True if the text holds the secret in any base64 that a reader could find: every run, from every character on. */
function leaks(text: string, secret: string, depth: number): boolean {
  if (text.includes(secret)) return true;
  if (depth === 0) return false;
  const runs = text.replace(/\\?\s*[\r\n]\s*/g, '').match(/[A-Za-z0-9+/_-]{8,}/g) ?? [];
  return runs.some((run) =>
    [0, 1, 2, 3].some((shift) => {
      const bytes = Buffer.from(run.slice(shift), 'base64');
      return leaks(bytes.toString('latin1'), Buffer.from(secret).toString('latin1'), depth - 1);
    }),
  );
}

const secrets = fc.oneof(
  fc.string({ minLength: 6, maxLength: 40 }),
  fc.string({ minLength: 6, maxLength: 40, unit: 'grapheme' }),
  fc.stringMatching(/^[A-Za-z0-9+/_-]{6,40}$/),
);
const alphabets = fc.constantFrom('base64' as const, 'base64url' as const);

describe('a secret inside base64', () => {
  it('is hidden at any offset, in both alphabets, and in base64 of base64', () => {
    fc.assert(
      fc.property(
        secrets.filter((secret) => secret.isWellFormed()),
        fc.string(),
        fc.string(),
        fc.array(alphabets, { minLength: 1, maxLength: 3 }),
        (secret, before, after, layers) => {
          let text = `${before}${secret}${after}`;
          for (const alphabet of layers) text = `${before}${encode(text, alphabet)}${after}`;
          const shown = scrub(`user/${text}`, [secret]);
          expect(shown).toContain('(sensitive)');
          expect(leaks(shown, secret, layers.length)).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each<[string, (base64: string) => string]>([
    ['broken into lines', (base64) => base64.replace(/.{7}/g, '$&\n')],
    ['broken into lines with an indent', (base64) => base64.replace(/.{13}/g, '$&\r\n    ')],
    ['broken into lines inside a JSON string', (base64) => JSON.stringify(base64.replace(/.{11}/g, '$&\n'))],
    ['in an address', (base64) => encodeURIComponent(base64)],
    ['with escaped slashes', (base64) => base64.replaceAll('/', '\\/')],
  ])('is hidden if the base64 is %s', (_name, dress) => {
    // Its base64 has the special characters in every alignment.
    const secret = 'pw>>>>????~~~~ÿÿÿÿ';
    for (const before of ['', 'a', 'bc', 'export DB=']) {
      const base64 = encode(`${before}${secret}; echo`, 'base64');
      expect(base64).toMatch(/[+/]/);
      const shown = scrub(dress(base64), [secret]);
      expect(shown).toContain('(sensitive)');
      const left = shown
        .replaceAll('%2B', '+')
        .replaceAll('%2F', '/')
        .replace(/\\r|\\n|[\\"\s]/g, '');
      expect(leaks(left.replaceAll('%3D', '='), secret, 1)).toBe(false);
    }
  });

  it('is hidden in UTF-16, as PowerShell writes commands', () => {
    const base64 = Buffer.from("Set-X 's3cret-of-dana'", 'utf16le').toString('base64');
    expect(scrub(base64, ['s3cret-of-dana'])).toMatch(/^\w+\(sensitive\)\w*=?$/);
  });

  it('is the whole value if the base64 holds nothing else', () => {
    for (const secret of ['sixsix', 'sevenxx', 'eightxxx']) {
      expect(scrub(encode(secret, 'base64'), [secret])).toBe('(sensitive)');
    }
  });

  it('other base64 stays as it is', () => {
    fc.assert(
      fc.property(fc.base64String({ minLength: 8 }), fc.string(), (base64, text) => {
        expect(scrub(`${base64} ${text}`, ['never-in-there-0815'])).toBe(`${base64} ${text}`);
      }),
    );
  });
});

describe('masked base64', () => {
  it('hides what it holds wherever that stands in clear, also inside a JSON document', () => {
    const document = JSON.stringify({ user: 'svc', password: 'hunter2-hunter2' });
    const { secrets: _, ...shown } = analyzePlan(
      plan([
        {
          recorded: { data: encode(document, 'base64'), note: 'was', copy: 'x' },
          actual: {
            data: encode(document, 'base64'),
            note: 'hunter2-hunter2',
            copy: encode(`x${document}`, 'base64url'),
          },
          desired: { data: encode(document, 'base64'), note: 'was', copy: 'x' },
          sensitive: { data: true },
        },
      ]),
      { key: 'k' },
    );
    const text = JSON.stringify(shown);
    expect(text).toContain('"path":"note"');
    expect(leaks(text, 'hunter2-hunter2', 2)).toBe(false);
  });
});
