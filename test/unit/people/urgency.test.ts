import { describe, expect, it } from 'vitest';
import { isQuiet, mayDisturb, severityOf } from '../../../src/people/urgency.ts';
import { sshFinding, tagFinding } from '../../support/runs.ts';

const NIGHT = { from: 22 * 60, to: 7 * 60, weekends: false, timezone: 'Europe/Berlin' };
const at = (time: string): number => Date.parse(time);

describe('quiet hours', () => {
  it.each([
    ['2026-07-15T19:59:00Z', false],
    ['2026-07-15T20:00:00Z', true],
    ['2026-07-16T03:00:00Z', true],
    ['2026-07-16T04:59:00Z', true],
    ['2026-07-16T05:00:00Z', false],
    // In winter the same hours are one hour later in UTC.
    ['2026-01-15T20:30:00Z', false],
    ['2026-01-15T21:00:00Z', true],
  ])('a night in Berlin, at %s: %s', (time, quiet) => {
    expect(isQuiet(NIGHT, at(time))).toBe(quiet);
  });

  it('within a day, and a weekend', () => {
    const noon = { from: 12 * 60, to: 13 * 60, weekends: true, timezone: 'UTC' };
    expect(isQuiet(noon, at('2026-07-15T12:30:00Z'))).toBe(true);
    expect(isQuiet(noon, at('2026-07-15T13:00:00Z'))).toBe(false);
    expect(isQuiet(noon, at('2026-07-18T09:00:00Z'))).toBe(true);
    expect(isQuiet(noon, at('2026-07-19T23:59:00Z'))).toBe(true);
    expect(isQuiet(noon, at('2026-07-20T00:00:00Z'))).toBe(false);
  });
});

describe('severity', () => {
  const rules = [
    { match: 'aws_s3_bucket.*.tags', severity: 'low' as const },
    { match: 'aws_security_group.*', severity: 'urgent' as const },
  ];
  const of = (...findings: readonly ReturnType<typeof tagFinding>[]) =>
    severityOf(
      { severity: rules },
      { interrupted: null },
      findings.map((finding) => ({ finding })),
    );

  it('is that of the most severe finding, normal without a matching rule', () => {
    expect(of(tagFinding())).toBe('low');
    expect(of(tagFinding(), sshFinding())).toBe('urgent');
    expect(severityOf({}, { interrupted: null }, [{ finding: tagFinding() }])).toBe('normal');
  });

  it('is urgent for what an interrupted apply left behind', () => {
    const interrupted = { run: 1, addresses: [] };
    expect(severityOf({ severity: rules }, { interrupted }, [{ finding: tagFinding() }])).toBe('urgent');
  });

  it('decides who may be notified', () => {
    const night = at('2026-07-16T00:00:00Z');
    const day = at('2026-07-16T10:00:00Z');
    const stack = { quietHours: NIGHT };
    expect([mayDisturb(stack, 'low', day), mayDisturb(stack, 'low', night)]).toEqual([false, false]);
    expect([mayDisturb(stack, 'normal', day), mayDisturb(stack, 'normal', night)]).toEqual([true, false]);
    expect([mayDisturb(stack, 'urgent', day), mayDisturb(stack, 'urgent', night)]).toEqual([true, true]);
    expect(mayDisturb({}, 'normal', night)).toBe(true);
  });
});
