/** Values of a size that no person reads: the analysis and everything that shows them stays quick and does not break. */
import { describe, expect, it } from 'vitest';
import { explainDiff } from '../../../src/cli/explain-diff.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Analysis, Json } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import { readableLines } from '../../../src/drift/text-diff.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { textRow } from '../../../src/messages/text-rows.ts';
import { type Planned, planJson } from '../../support/plan.ts';
import { driftView, finding, item } from '../../support/views.ts';

/** Far above what it takes, and far below what a comparison of all pairs takes (ms). */
const LIMIT = 8000;

const analyze = (planned: Planned): Analysis =>
  analyzePlan(readPlan(JSON.stringify(planJson([planned])), 'p'), { key: 'k' });

const range = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));

describe('big values', () => {
  it('a text of which 150,000 lines were replaced', () => {
    const [before, after] = ['old', 'new'].map((word) =>
      range(150_000, (i) => `${word} ${i}`).join('\n'),
    ) as [string, string];
    const lines = range(150_000, (i) => ({ sign: '-', text: `old ${i}` }) as const);
    expect(readableLines(lines, 80)).toHaveLength(150_000);
    const detail = {
      context: 1,
      lines: Number.POSITIVE_INFINITY,
      width: 80,
      chunk: Number.POSITIVE_INFINITY,
    };
    const row = textRow('t', before, after, '', detail);
    expect(row.kind === 'lines' && row.lines.length).toBeGreaterThan(299_999);
    const analysis = analyze({ recorded: { t: before }, desired: { t: after } });
    expect(explainDiff(analysis, 'p', false, false)).toContain('old 0');
  });

  it('a map of 20,000 keys, all changed by hand', { timeout: LIMIT }, () => {
    const map = (word: string): { [key: string]: Json } =>
      Object.fromEntries(range(20_000, (i) => [`k${i}`, `${word} ${i}`]));
    const { findings, untold } = analyze({
      recorded: { m: map('a') },
      actual: { m: map('b') },
      desired: { m: map('a') },
    });
    expect(untold).toEqual([]);
    expect(findings[0]?.attributes).toHaveLength(20_000);
  });

  it('a list of 4,000 blocks that are all known in part', { timeout: LIMIT }, () => {
    const blocks = (word: string): Json[] => range(4000, (i) => ({ name: `${word} ${i}`, port: i }));
    const { findings } = analyze({
      recorded: { rule: blocks('a') },
      desired: { rule: range(4000, (i) => ({ name: `a ${3999 - i}` })) },
      unknown: { rule: range(4000, () => ({ port: true })) },
    });
    // Each pairs with the block of the same name.
    expect(findings[0]?.attributes).toHaveLength(4000);
    expect(findings[0]?.attributes.every(({ recorded }) => recorded !== null)).toBe(true);
  });

  it('a card of 25,000 resources that would be deleted', { timeout: LIMIT }, () => {
    const findings = range(25_000, (i) => finding(`aws_x.a${i}`, { origin: 'code', action: 'delete' }));
    const view = driftView({ findings: findings.map((one) => item(one, { type: 'waits' })) });
    expect(driftCard(view).headline).toContain('An apply deletes or replaces 24,999 more');
  });

  it('JSON that is nested deeper than any document is a text', () => {
    const nested = (inner: string): string => `${'['.repeat(5000)}${inner}${']'.repeat(5000)}`;
    const { findings } = analyze({ recorded: { doc: nested('1') }, desired: { doc: nested('2') } });
    expect(findings).toMatchObject([{ attributes: [{ path: 'doc', desired: nested('2') }] }]);
    expect(findings[0]?.attributes[0]?.json).toBeUndefined();
  });
});
