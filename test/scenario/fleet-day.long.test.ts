import { beforeAll, describe, expect, it } from 'vitest';
import { fleetDay } from '../support/fleet-day.ts';
import type { FleetDayReport } from '../support/fleet-day-report.ts';

const MINUTE = 60_000;
/** Durations, in ms, of a plan of the sample stack while another plan runs, as measured by the bench. */
const PLAN_MS = [6_000, 6_500, 7_000, 8_000];
const APPLY_MS = [6_500, 7_500];

/** The most new messages that one channel may get about one incident of many stacks. */
const A_HANDFUL = 5;

describe('400 stacks every two hours on two cores', () => {
  let day: FleetDayReport;
  beforeAll(async () => {
    day = await fleetDay({ planMs: PLAN_MS, applyMs: APPLY_MS, concurrency: 2, seed: 1 });
  });

  it('each result is at most ten minutes late', () => {
    expect(day.late.ms, `of ${day.late.stack}`).toBeLessThanOrEqual(10 * MINUTE);
    expect(day.unanswered).toEqual([]);
  });

  it('no stack is checked twice for one tick, with or without a restart', () => {
    expect(day.twice).toEqual([]);
    // Twelve ticks per stack; after the downtime a missed tick leads to one check only.
    expect(day.checks.schedule).toBe(400 * 12);
  });

  it('commands and approvals wait for at most one plan and for no scheduled check', () => {
    expect(day.overtaken).toEqual([]);
    expect(day.commands.n).toBe(10);
    expect(day.commands.longestWait).toBeLessThanOrEqual(day.longestPlan);
    expect(day.approvals.n).toBe(3);
    expect(day.approvals.longestWait).toBeLessThanOrEqual(day.longestPlan);
  });

  it('each incident is reported and ends as people and policies decided', () => {
    expect(day.unreported).toEqual([]);
    expect(day.undelivered).toBe(0);
    expect(day.ends).toEqual({
      'stage-011': 'realigned',
      'prod-055': 'realigned',
      'stage-042': 'realigned',
      'dev-070': 'quiet',
      'stage-099': 'awaiting_approval',
      'prod-000': 'realigned',
      'prod-003': 'realigned',
    });
    expect(Object.values(day.told).reduce((sum, told) => sum + told.digests, 0)).toBe(4);
  });

  it('an incident of many stacks makes at most five new messages per channel', () => {
    const { lostTag, unreadable } = day.fleetMessages;
    // Two of the forty wait for the people on call.
    expect(Object.keys(lostTag).sort(), 'a tag lost by 40 stacks').toEqual(['C0OPS', 'C0PROD', 'DU0KIM']);
    expect(Object.keys(unreadable), '60 stacks that can’t be read').toEqual(['C0DEV']);
    for (const [place, n] of [...Object.entries(lostTag), ...Object.entries(unreadable)]) {
      expect(n, place).toBeLessThanOrEqual(A_HANDFUL);
    }
  });
});
