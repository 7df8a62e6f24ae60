import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScheduleOnCall } from '../../../../src/model/rota.ts';
import { openPagerDuty } from '../../../../src/people/pagerduty/pagerduty.ts';
import { DANA_THERE, FakePagerDuty, KEY, KIM_THERE } from '../../../support/fake-pagerduty.ts';

const NOON = Date.parse('2026-03-02T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const FAR = '2026-03-09T09:00:00Z';
const PRIMARY = { primary: { kind: 'pagerduty', schedule: 'PABC123' } } as const;

let pagerduty: FakePagerDuty;
let now: number;
let ask: ScheduleOnCall;
beforeEach(async () => {
  pagerduty = await FakePagerDuty.start();
  now = NOON;
  const opened = openPagerDuty({ token: KEY, apiUrl: pagerduty.url }, PRIMARY, () => now);
  if (opened === undefined) throw new Error('PagerDuty is not set up');
  ask = opened;
});
afterEach(() => pagerduty.close());

/** Names of the people on call; `nobody: …` if they are not known. */
async function names(): Promise<string> {
  return ask('PABC123').then(
    ({ onDuty }) => onDuty.map((one) => one.name).join(', '),
    (error: unknown) => `nobody: ${(error as Error).message}`,
  );
}

describe('answers', () => {
  it('are requested once for all concurrent callers, and count for a minute', async () => {
    pagerduty.puts('PABC123', DANA_THERE, FAR);
    expect(await Promise.all([names(), names(), names()])).toEqual(['Dana Ray', 'Dana Ray', 'Dana Ray']);
    pagerduty.puts('PABC123', KIM_THERE, FAR);
    now += MINUTE - 1;
    expect(await names()).toBe('Dana Ray');
    expect(pagerduty.asked).toHaveLength(1);
    now += 1;
    expect(await names()).toBe('Kim Lee');
  });

  it('are requested again when a shift in them ends', async () => {
    pagerduty.puts('PABC123', DANA_THERE, '2026-03-02T12:00:20Z');
    pagerduty.shifts.push({ schedule: 'PABC123', user: KIM_THERE, start: '2026-03-02T12:00:20Z', end: FAR });
    expect(await names()).toBe('Dana Ray');
    now += 20 * SECOND - 1;
    expect(await names()).toBe('Dana Ray');
    now += 1;
    expect(await names()).toBe('Kim Lee');
  });

  it('for one schedule do not count for another', async () => {
    pagerduty.puts('PABC123', DANA_THERE, FAR);
    expect(await names()).toBe('Dana Ray');
    expect(await ask('POTHER')).toEqual({ onDuty: [], trouble: null });
  });

  it('are requested again if the clock was set back', async () => {
    pagerduty.puts('PABC123', DANA_THERE, FAR);
    await names();
    pagerduty.puts('PABC123', KIM_THERE, FAR);
    now -= 60 * MINUTE;
    expect(await names()).toBe('Kim Lee');
  });
});

describe('while PagerDuty cannot be reached', () => {
  it('the last answer counts for ten minutes, with a note, and then nobody is on call', async () => {
    pagerduty.puts('PABC123', DANA_THERE, FAR);
    await names();
    pagerduty.breaks();
    now += MINUTE;
    expect(await ask('PABC123')).toEqual({
      onDuty: [{ id: 'PDANA1', name: 'Dana Ray', email: 'Dana@Acme.dev', until: Date.parse(FAR) }],
      trouble: expect.stringMatching(/can't be reached \(.+\); its last answer counts/),
    });
    now = NOON + 10 * MINUTE - 1;
    expect(await names()).toBe('Dana Ray');
    now += 1;
    expect(await names()).toMatch(/^nobody: asking PagerDuty who is on call for PABC123: .*can't be reached/);
    pagerduty.works();
    now += 10 * SECOND;
    expect(await ask('PABC123')).toMatchObject({ onDuty: [{ name: 'Dana Ray' }], trouble: null });
  });

  it('nobody is on call after the end of a shift, or if there never was an answer', async () => {
    pagerduty.puts('PABC123', DANA_THERE, '2026-03-02T12:03:00Z');
    await names();
    pagerduty.breaks();
    now = NOON + 3 * MINUTE - 1;
    expect(await names()).toBe('Dana Ray');
    now += 1;
    expect(await names()).toMatch(/^nobody: /);
    expect(await ask('POTHER').catch((e: unknown) => (e as Error).message)).toContain("can't be reached");
  });

  it('a person whose shift has ended is off call, the others stay', async () => {
    pagerduty.puts('PABC123', DANA_THERE, '2026-03-02T12:03:00Z');
    pagerduty.shifts.push({ schedule: 'PABC123', user: KIM_THERE, start: null, end: FAR });
    await names();
    pagerduty.breaks();
    now += 3 * MINUTE;
    expect(await names()).toBe('Kim Lee');
  });

  it('m0 waits ten seconds before the next request, or as long as PagerDuty says but at most five minutes', async () => {
    pagerduty.breaks();
    await names();
    const tries = pagerduty.asked.length;
    now += 10 * SECOND - 1;
    await names();
    expect(pagerduty.asked).toHaveLength(tries);
    pagerduty.answers(429, '{}', { 'retry-after': '90' });
    now += 1;
    expect(await names()).toContain('429');
    pagerduty.puts('PABC123', DANA_THERE, FAR);
    pagerduty.works();
    now += 90 * SECOND - 1;
    expect(await names()).toContain('429');
    now += 1;
    expect(await names()).toBe('Dana Ray');
    pagerduty.answers(429, '{}', { 'ratelimit-reset': '86400' });
    now += MINUTE;
    await names();
    pagerduty.works();
    now += 5 * MINUTE - 1;
    await names();
    const before = pagerduty.asked.length;
    now += 1;
    await names();
    expect(pagerduty.asked).toHaveLength(before + 1);
  });
});

it('answers from before a refusal no longer count', async () => {
  for (const status of [401, 403, 404]) {
    pagerduty.works();
    pagerduty.puts('PABC123', DANA_THERE, FAR);
    now += 10 * SECOND;
    expect(await names()).toBe('Dana Ray');
    pagerduty.answers(status, '{}');
    now += MINUTE;
    expect(await names()).toMatch(/^nobody: /);
  }
});

describe('without a key', () => {
  const without = { token: null, apiUrl: 'https://api.pagerduty.com' };

  it('a rota of PagerDuty is refused, with what to do', () => {
    expect(() => openPagerDuty(without, PRIMARY, () => NOON)).toThrow(
      'PAGERDUTY_TOKEN is not set, which oncall.primary of m0.yaml needs: set it to a read-only REST API key',
    );
  });

  it('nothing is missing without a rota of PagerDuty', () => {
    const group = { primary: { kind: 'slackUsergroup', id: 'S0SRE' } } as const;
    expect(openPagerDuty(without, group, () => NOON)).toBeUndefined();
  });
});
