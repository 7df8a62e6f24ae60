import { describe, expect, test } from 'vitest';
import { diffLines } from '../../../../src/chat/slack/diff.ts';
import { CARD_DETAIL } from '../../../../src/chat/slack/limits.ts';
import { cutChange } from '../../../../src/text/inert.ts';

const lines = (...rows: Parameters<typeof diffLines>[0]): readonly string[] =>
  diffLines(rows, CARD_DETAIL).lines;

describe('diffLines', () => {
  test('aligns short rows, one line each', () => {
    expect(
      lines(
        { kind: 'del', label: 'tags.Owner', value: 'platform' },
        { kind: 'add', label: 'tags.CostCenter', value: '42' },
        { kind: 'change', label: 'retention_in_days', before: '7', after: '30' },
        { kind: 'same', label: 'name', value: 'app' },
      ),
    ).toEqual([
      '- tags.Owner         platform',
      '+ tags.CostCenter    42',
      '~ retention_in_days  7 → 30',
      '  name               app',
    ]);
  });

  test('puts what is too wide for a phone under its label', () => {
    const value = '22/tcp from 203.0.113.7/32 "emergency hotfix, please leave"';
    expect(lines({ kind: 'add', label: 'ingress[*]', value })).toEqual(['+ ingress[*]', `+   ${value}`]);
  });

  test('a value cannot pass for another row', () => {
    expect(lines({ kind: 'add', label: 'a\n- b', value: 'x\n- fake  row' })).toEqual([
      '+ a\\n- b  x\\n- fake  row',
    ]);
  });

  test('a note keeps its lines, indented, up to a limit', () => {
    const shown = lines({ kind: 'note', label: 'error', value: `first\n- second\n${'more\n'.repeat(20)}` });
    expect(shown.slice(0, 3)).toEqual(['  error:', '    first', '    - second']);
    expect(shown.at(-1)).toBe('    … 15 more lines');
  });

  test('a short note is one line', () => {
    expect(lines({ kind: 'note', label: 'tags', value: 'an apply leaves this as it is' })).toEqual([
      '  tags: an apply leaves this as it is',
    ]);
  });

  test('a long label keeps the others aligned, and itself whole', () => {
    const long = 'policy › Statement[0].Condition.StringEquals["aws:SourceAccount"]';
    expect(lines({ kind: 'add', label: 'a', value: '1' }, { kind: 'del', label: long, value: '42' })).toEqual(
      ['+ a  1', `- ${long}`, '-   42'],
    );
  });

  test('says how many rows it left out', () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ kind: 'del', label: `k${i}`, value: 'v' }) as const);
    const { lines: shown, hidden } = diffLines(rows, CARD_DETAIL);
    expect(hidden).toBe(28);
    expect(shown).toHaveLength(13);
    expect(shown.at(-1)).toBe('… 28 more');
  });
});

describe('cutChange', () => {
  test('keeps the part that differs', () => {
    const [before, after] = cutChange(
      `${'a'.repeat(5_000)}read${'b'.repeat(5_000)}`,
      `${'a'.repeat(5_000)}write${'b'.repeat(5_000)}`,
      60,
    );
    expect(before).toBe('…aaaaaaaaaareadbbbbbbbbbb…');
    expect(after).toBe('…aaaaaaaaaawritebbbbbbbbbb…');
  });

  test('shows where one is a part of the other', () => {
    const [before, after] = cutChange('x'.repeat(200), 'x'.repeat(201), 60);
    expect(before).not.toBe(after);
  });

  test('stays within the limit where all of it differs', () => {
    for (const cut of cutChange('x'.repeat(5_000), 'y'.repeat(5_000), 60)) {
      expect(cut.length).toBeLessThanOrEqual(60);
    }
  });
});
