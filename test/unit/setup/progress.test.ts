import { expect, it } from 'vitest';
import { formatElapsed } from '../../../src/setup/progress.mjs';

it.each([
  [340, '0.3 s'],
  [9_940, '9.9 s'],
  [12_400, '12 s'],
  [75_000, '1 min 15 s'],
  [119_800, '2 min 0 s'],
])('%i ms is told as %s', (ms, text) => {
  expect(formatElapsed(ms)).toBe(text);
});
