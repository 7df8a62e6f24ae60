import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longTexts, readableLines, type TextLine, textDiff } from '../../../src/drift/text-diff.ts';

const WHOLE = Number.MAX_SAFE_INTEGER;

function side(lines: readonly TextLine[], other: '-' | '+'): string {
  return lines.flatMap((line) => (line.sign === other ? [] : [`${line.text}\n`])).join('');
}

describe('textDiff', () => {
  it('shows the changed line with its neighbours and its number', () => {
    const before = Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`).join('');
    const diff = textDiff(before, before.replace('line 30\n', 'LINE 30\n'), 1);
    expect(diff).toEqual({
      hunks: [
        {
          line: 29,
          lines: [
            { sign: ' ', text: 'line 29' },
            { sign: '-', text: 'line 30' },
            { sign: '+', text: 'LINE 30' },
            { sign: ' ', text: 'line 31' },
          ],
        },
      ],
      changed: 1,
      total: 40,
      lineEnds: false,
    });
  });

  const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', '  a', '+x', '-y', '\\ No newline'), {
    maxLength: 30,
  });

  it('loses no line: both texts can be put together again from a diff with all lines', () => {
    fc.assert(
      fc.property(lines, lines, (was, is) => {
        const [before, after] = [was, is].map((some) => some.map((line) => `${line}\n`).join(''));
        const { hunks, changed } = textDiff(before ?? '', after ?? '', WHOLE);
        expect(changed === 0).toBe(before === after);
        if (before === after) return;
        const all = hunks.flatMap((hunk) => hunk.lines);
        expect([side(all, '+'), side(all, '-')]).toEqual([before, after]);
      }),
    );
  });

  it('shows all lines of two texts that have nothing in common, however long', () => {
    const text = (name: string): string => Array.from({ length: 5000 }, (_, i) => `${name} ${i}\n`).join('');
    const all = textDiff(text('a'), text('b'), 1).hunks.flatMap((hunk) => hunk.lines);
    expect([side(all, '+'), side(all, '-')]).toEqual([text('a'), text('b')]);
  });

  it('compares no line ends, but says that they differ', () => {
    expect(textDiff('a\r\nb\r\n', 'a\nb\n', 1)).toMatchObject({ hunks: [], changed: 0, lineEnds: true });
    expect(textDiff('a\r\nb\r\n', 'a\nc\n', 1)).toMatchObject({ changed: 1, lineEnds: true });
    expect(textDiff('a\n', 'a', 1)).toMatchObject({ hunks: [], changed: 0, lineEnds: true });
    expect(textDiff('a', 'b\nc\n', 1)).toMatchObject({ changed: 2, lineEnds: false });
  });
});

describe('readableLines', () => {
  it('cuts a changed line around the change, and its replacement in the same place', () => {
    const [was, is] = readableLines(
      [
        { sign: '-', text: `${'x'.repeat(500)}OLD${'y'.repeat(500)}` },
        { sign: '+', text: `${'x'.repeat(500)}NEW${'y'.repeat(500)}` },
      ],
      60,
    );
    expect(was?.text).toContain('OLD');
    expect(is?.text).toContain('NEW');
    expect(Math.max(was?.text.length ?? 99, is?.text.length ?? 99)).toBeLessThanOrEqual(60);
  });

  it('makes blanks at the end of a changed line visible', () => {
    const shown = readableLines(
      [
        { sign: '-', text: 'a  ' },
        { sign: '+', text: 'a' },
      ],
      60,
    );
    expect(shown.map((line) => line.text)).toEqual(['a␣␣', 'a']);
  });
});

it('readableLines loses no line, however a long run of changes is ordered', () => {
  const some = fc.array(fc.string({ unit: fc.constantFrom('a', 'b') }), { maxLength: 12 });
  fc.assert(
    fc.property(some, some, fc.integer({ min: 1, max: 5 }), (was, is, chunk) => {
      const lines = [
        ...was.map((text): TextLine => ({ sign: '-', text })),
        ...is.map((text): TextLine => ({ sign: '+', text })),
      ];
      const shown = readableLines(lines, 100, chunk);
      const of = (sign: string) => shown.filter((line) => line.sign === sign).map((line) => line.text);
      expect([of('-'), of('+')]).toEqual([was, is]);
      if (was.length > 0 && is.length > 0) {
        expect(shown.slice(0, chunk + 1).map((line) => line.sign)).toContain('+');
      }
    }),
  );
});

describe('longTexts', () => {
  it.each([
    ['two texts of several lines', 'a\nb', 'a\nc', true],
    ['a text that is new', null, 'a\nb', true],
    ['one line with a line break at its end', 'a\n', 'b\n', false],
    ['a number', 'a\nb', 1, false],
    ['an unknown value', 'a\nb', { unknown: true }, false],
  ] as const)('%s', (_name, from, to, long) => {
    expect(longTexts(from, to) !== null).toBe(long);
  });
});
