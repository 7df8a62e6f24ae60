import { describe, expect, it } from 'vitest';
import { onCallNow, onCallUntil, type Rotation } from '../../../src/model/rota.ts';

const HOUR = 3_600_000;
const FROM = Date.parse('2026-01-05T09:00:00Z');
const rota = (people: string[], everyMs = HOUR): Rotation => ({
  kind: 'rotation',
  people,
  everyMs,
  from: FROM,
});

describe('a rotation', () => {
  it.each([
    [-1, null, 0],
    [0, 'dana', 1],
    [HOUR - 1, 'dana', 1],
    [HOUR, 'kim', 2],
    [2 * HOUR, 'lee', 3],
    [3 * HOUR, 'dana', 4],
    [3001 * HOUR + 5, 'kim', 3002],
  ])('%d ms after its start: %s', (after, person, untilTurn) => {
    const three = rota(['dana', 'kim', 'lee']);
    expect(onCallNow(three, FROM + after)).toBe(person);
    expect(onCallUntil(three, FROM + after)).toBe(FROM + untilTurn * HOUR);
  });

  it('counts consecutive turns of one person as one', () => {
    const twice = rota(['dana', 'dana', 'kim']);
    expect(onCallUntil(twice, FROM)).toBe(FROM + 2 * HOUR);
    expect(onCallUntil(twice, FROM + 2 * HOUR)).toBe(FROM + 3 * HOUR);
  });

  it('never ends with one person only', () => {
    expect(onCallNow(rota(['dana']), FROM + 99 * HOUR)).toBe('dana');
    expect(onCallUntil(rota(['dana']), FROM)).toBeNull();
  });

  it('has nobody on call without people', () => {
    expect(onCallNow(rota([]), FROM + HOUR)).toBeNull();
    expect(onCallUntil(rota([]), FROM + HOUR)).toBeNull();
  });
});
