import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csv } from '../../../src/text/csv.ts';

/** What a spreadsheet reads of one line whose cells are all in quotes. */
function read(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell = '']) => cell.replaceAll('""', '"'));
}

it.each([
  ['=HYPERLINK("https://evil.example")', '\'=HYPERLINK("https://evil.example")'],
  ['+1+1', "'+1+1"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  [' =1', "' =1"],
  ['\t=1', "'\\t=1"],
  ['\r\n=1', "'\\r\\n=1"],
  ['\uff1d1', "'\uff1d1"],
  ['a "quoted" name, and more', 'a "quoted" name, and more'],
  ['two\nlines', 'two\\nlines'],
  ['aws_x.y["=1"]', 'aws_x.y["=1"]'],
])('%j is no formula and stays in its cell', (value, shown) => {
  const text = csv(['a', 'b'], [[value, 'end']]);
  expect(text.split('\r\n')).toHaveLength(3);
  expect(read(text.split('\r\n')[1] ?? '')).toEqual([shown, 'end']);
});

it('numbers stay numbers and null is empty', () => {
  expect(csv(['n', 'none'], [[-1.5, null]])).toBe('"n","none"\r\n"-1.5",""\r\n');
});

it('no text breaks out of its cell', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (cells) => {
      const lines = csv(cells, []).split('\r\n');
      expect(lines).toHaveLength(2);
      const seen = read(lines[0] ?? '');
      expect(seen).toHaveLength(cells.length);
      for (const cell of seen) expect(cell).not.toMatch(/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
    }),
  );
});
