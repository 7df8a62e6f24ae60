import { describe, expect, it } from 'vitest';
import { brakeOn, brakeReason, brakesOf, type Heal } from '../../../src/model/brake.ts';
import { NOON } from '../../support/runs.ts';

const LOGS = { address: 'aws_s3_bucket.logs', fingerprint: 'f-logs' };
const WEB = { address: 'aws_security_group.web', fingerprint: 'f-web' };
const LIMIT = { environment: 'prod', limit: 20 };
const heal = (run: number, change: Partial<Heal> = {}): Heal => ({
  ...{ ...LOGS, stack: 'prod-network', run, at: NOON + run, byPolicy: true, seenAgainAt: null },
  ...change,
});
const brakes = (heals: readonly Heal[], inEnvironment = 0, limit = LIMIT) =>
  brakesOf([LOGS, WEB], { heals, inEnvironment }, limit);

describe('the brake', () => {
  it('lets two heals of a finding pass, and holds the third', () => {
    expect(brakes([heal(1)])).toEqual([]);
    expect(brakes([heal(1), heal(2)])).toMatchObject([
      { ...LOGS, why: 'again', heals: [{ run: 1 }, { run: 2 }] },
    ]);
  });

  it('counts only the same address with the same fingerprint', () => {
    expect(brakes([heal(1), heal(2, { fingerprint: 'f-other' })])).toEqual([]);
    expect(brakes([heal(1), heal(2, { address: WEB.address })])).toEqual([]);
  });

  it('starts anew after a person approved that finding, and only that finding', () => {
    const answered = heal(3, { byPolicy: false });
    expect(brakes([heal(1), heal(2), answered])).toEqual([]);
    expect(brakes([heal(1), heal(2), answered, heal(4)])).toEqual([]);
    expect(brakes([heal(1), heal(2), answered, heal(4), heal(5)])).toHaveLength(1);
    expect(brakes([heal(1), heal(2), { ...answered, ...WEB }])).toHaveLength(1);
  });

  it('holds everything once the limit of the environment is reached', () => {
    expect(brakes([], 19)).toEqual([]);
    const held = brakes([], 20);
    expect(held).toEqual([
      { ...LOGS, why: 'limit', ...LIMIT },
      { ...WEB, why: 'limit', ...LIMIT },
    ]);
    expect(held.map(brakeReason)[0]).toContain('20 runs of prod healed within an hour');
    expect(brakes([], 0, { ...LIMIT, limit: 0 })).toHaveLength(2);
  });

  it('is about exactly one finding', () => {
    const held = brakes([heal(1), heal(2)]);
    expect(brakeOn(LOGS, held)).toBe(held[0]);
    expect(brakeOn({ ...LOGS, fingerprint: 'f-other' }, held)).toBeUndefined();
    expect(brakeOn(LOGS, undefined)).toBeUndefined();
  });
});
