import { expect, it } from 'vitest';
import { WaitingForRuns } from '../../../src/alerts/waiting-for-runs.ts';

it('tells who waits for a run, and what an answer still waits for', () => {
  const waiting = new WaitingForRuns();
  waiting.add('a', [1, 2]);
  waiting.add('b', [2, 3]);
  expect([...waiting.answersOf(2)]).toEqual(['a', 'b']);
  expect([...waiting.answersOf(9)]).toEqual([]);
  expect(waiting.end(2)).toEqual(['a', 'b']);
  expect([...waiting.runsOf('a')]).toEqual([1]);
  expect(waiting.end(2)).toEqual([]);
  expect([...waiting.runs()].sort()).toEqual([1, 3]);
});

it('follows a run to the one that took over, also if both were waited for', () => {
  const waiting = new WaitingForRuns();
  waiting.add('a', [1, 5]);
  waiting.add('b', [1]);
  waiting.replace(1, 5);
  expect([...waiting.answersOf(5)]).toEqual(['a', 'b']);
  expect([...waiting.runsOf('a')]).toEqual([5]);
  waiting.end(5);
  expect(waiting.runsOf('b').size).toBe(0);
});

it('forgets an answer, and the runs that only it waited for', () => {
  const waiting = new WaitingForRuns();
  waiting.add('a', [1, 2]);
  waiting.add('b', [2]);
  waiting.remove('a');
  expect(waiting.has('a')).toBe(false);
  expect(waiting.runs()).toEqual([2]);
  waiting.remove('never there');
  expect([...waiting.answersOf(2)]).toEqual(['b']);
});
