import { afterEach, describe, expect, it } from 'vitest';
import type { Directory, Stack } from '../../src/model/directory.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, NOON, sshFinding, tagFinding } from '../support/runs.ts';

const SSH = sshFinding();
const TAG = tagFinding();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

const oncall: Directory['oncall'] = {
  primary: { kind: 'rotation', people: ['dana', 'kim'], everyMs: WEEK, from: NOON - HOUR },
  secondary: { kind: 'rotation', people: ['eve'], everyMs: WEEK, from: NOON - HOUR },
};

let core: Core;
async function open(change: Partial<Stack> = {}, more: Partial<Directory> = {}): Promise<void> {
  core = await Core.open([stackWith(change)], { oncall, ...more });
  await core.worker.start();
}
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const dms = (person: string) => core.chat.in(`DU0${person.toUpperCase()}`);
const ops = () => core.chat.in('C0OPS');

async function waits(): Promise<number> {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.periodicWork();
  return id;
}

async function later(ms: number): Promise<void> {
  core.now += ms;
  await core.periodicWork();
}

const STEPS = [
  { afterMs: 30 * MINUTE, to: 'oncall:secondary', everyMs: null },
  { afterMs: 4 * HOUR, to: 'asked', everyMs: 4 * HOUR },
  { afterMs: 72 * HOUR, to: 'channel', everyMs: null },
];

describe('an undecided run', () => {
  it('goes to the second person on call after half an hour, with the reason', async () => {
    await open({ escalation: STEPS });
    await waits();
    expect(dms('dana')).toHaveLength(1);
    await later(29 * MINUTE);
    expect(dms('eve')).toEqual([]);
    await later(MINUTE);
    expect(dms('eve')).toHaveLength(1);
    expect(textOf(dms('eve')[0]?.card as never)).toContain(
      'Nobody has decided for 30 min: you are on call (secondary)',
    );
    expect(buttonsOf(dms('eve')[0]?.card as never).some((b) => b.command.startsWith('approve'))).toBe(true);
    const lines = (await core.store.audit({ stack: STACK })).filter((e) => e.action === 'escalated');
    expect(lines.map((e) => e.detail)).toEqual(['after 30 min to oncall:secondary: Eve']);
  });

  it('goes to the second person on call although another waiting stack can’t be read', async () => {
    core = await Core.open([stackWith({ escalation: STEPS }), stackWith({ name: 'prod-db' })], { oncall });
    await core.worker.start();
    core.cloud.drift.set('prod-db', [SSH]);
    await core.check('schedule', 'prod-db');
    await waits();
    for (const which of [1, 2]) {
      let reads = 0;
      core.storeFault = (method) => {
        if (method === 'exemptions') reads += 1;
        return method === 'exemptions' && reads === which ? new Error('the row is damaged') : null;
      };
      await later(15 * MINUTE);
    }
    core.storeFault = null;
    expect(dms('eve')).toHaveLength(1);
  });

  it('is repeated to the people asked, once per reminder, also over restarts', async () => {
    await open({ escalation: STEPS });
    await waits();
    await later(30 * MINUTE);
    await later(3.5 * HOUR);
    await core.periodicWork();
    await core.restart();
    await core.periodicWork();
    expect(dms('dana')).toHaveLength(1);
    expect(dms('dana')[0]?.replies).toEqual([`${STACK} has waited for 4 h: run #1, 1 resource`]);
    expect(dms('eve')[0]?.replies).toHaveLength(1);
    await later(4 * HOUR);
    expect(dms('dana')[0]?.replies.at(-1)).toBe(`${STACK} has waited for 8 h: run #1, 1 resource`);
  });

  it('is announced in the channel after three days', async () => {
    await open({ escalation: STEPS });
    await waits();
    await later(72 * HOUR);
    expect(ops()).toHaveLength(1);
    expect(core.chat.broadcasts.some((text) => text.includes('has waited for 3 d'))).toBe(true);
    expect(ops()[0]?.replies.filter((r) => r.includes('has waited'))).toHaveLength(1);
  });

  it('takes each step missed during a downtime once', async () => {
    await open({ escalation: STEPS });
    await waits();
    core.now += 40 * HOUR;
    await core.restart();
    await core.periodicWork();
    expect(dms('eve')).toHaveLength(1);
    expect(dms('dana')[0]?.replies).toHaveLength(1);
  });

  it('gets no more reminders after a decision', async () => {
    await open({ escalation: STEPS });
    const id = await waits();
    await core.say(`reject #${id} ships on Monday`, KIM);
    await later(5 * HOUR);
    expect(dms('eve')).toEqual([]);
    expect(dms('dana')[0]?.replies.filter((r) => r.includes('waited'))).toEqual([]);
  });

  it('is not repeated to a person who has approved', async () => {
    await open({
      escalation: STEPS,
      approvers: { from: ['sre', 'oncall:primary'], need: 2, notTheAuthor: false },
    });
    const id = await waits();
    await core.say(`approve #${id}`, DANA);
    await later(4 * HOUR);
    expect(dms('dana')[0]?.replies.filter((r) => r.includes('waited'))).toEqual([]);
    expect(dms('eve')).toHaveLength(1);
  });

  it('goes to the person whose shift starts', async () => {
    await open();
    await waits();
    await later(WEEK);
    expect(dms('kim')).toHaveLength(1);
    expect(dms('dana')).toHaveLength(1);
  });
});

// 12:00 UTC is 13:00 in Berlin.
const night = { from: 22 * 60, to: 7 * 60, weekends: false, timezone: 'Europe/Berlin' };

describe('quiet hours', () => {
  it('delay DMs of normal severity; the channel gets the message at once', async () => {
    await open({ quietHours: night, escalation: STEPS });
    core.now += 10 * HOUR;
    await waits();
    expect(ops()).toHaveLength(1);
    expect(dms('dana')).toEqual([]);
    await later(7 * HOUR);
    expect(dms('dana')).toEqual([]);
    await later(MINUTE);
    await later(HOUR);
    expect(dms('dana')).toHaveLength(1);
    expect(dms('eve')).toHaveLength(1);
  });

  it('do not delay urgent messages', async () => {
    const severity = [{ match: 'aws_security_group.*', severity: 'urgent' as const }];
    await open({ quietHours: night, severity });
    core.now += 10 * HOUR;
    await waits();
    expect(dms('dana')).toHaveLength(1);
  });

  it('of a weekend last until Monday', async () => {
    await open({ quietHours: { ...night, weekends: true } });
    // Saturday 7 March, noon.
    core.now += 5 * 24 * HOUR;
    await waits();
    expect(dms('dana')).toEqual([]);
    await later(43 * HOUR);
    expect(dms('dana')).toHaveLength(1);
  });
});

describe('severity', () => {
  it('low asks nobody at any time; the card has its buttons', async () => {
    await open({ severity: [{ match: 'aws_security_group.*', severity: 'low' }], escalation: STEPS });
    await waits();
    await later(80 * HOUR);
    expect(dms('dana')).toEqual([]);
    expect(core.chat.broadcasts).toEqual([]);
    expect(buttonsOf(ops()[0]?.card as never).some((b) => b.command.startsWith('approve'))).toBe(true);
  });

  it('of several findings is the highest', async () => {
    const severity = [
      { match: 'aws_s3_bucket.*.tags', severity: 'low' as const },
      { match: 'aws_security_group.*.ingress', severity: 'urgent' as const },
    ];
    await open({ severity, quietHours: night });
    core.now += 10 * HOUR;
    core.cloud.drift.set(STACK, [TAG]);
    await core.check();
    await core.periodicWork();
    expect(dms('dana')).toEqual([]);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    await core.check();
    await core.periodicWork();
    expect(dms('dana')).toHaveLength(1);
  });
});

describe('a run that nobody can be asked about', () => {
  const away = { primary: { kind: 'pagerduty' as const, schedule: 'PABC123' } };

  it('makes a separate alert, once, with the reason and who else may decide', async () => {
    await open({}, { oncall: away });
    core.pagerduty = async () => {
      throw new Error('asking PagerDuty for PABC123: 401 Unauthorized: check PAGERDUTY_TOKEN');
    };
    await waits();
    await core.periodicWork();
    expect(ops()).toHaveLength(2);
    const card = ops()[1]?.card;
    expect(card?.headline).toBe('Nobody on call can be asked about prod-network');
    expect(textOf(card as never)).toContain('401 Unauthorized');
    expect(textOf(card as never)).toContain('Anyone in sre may decide meanwhile.');
  });

  it('ends that alert when somebody can be asked, and asks them', async () => {
    await open({}, { oncall: away });
    core.pagerduty = async () => {
      throw new Error('no answer');
    };
    await waits();
    core.pagerduty = async () => ({
      onDuty: [{ id: 'P1', name: 'Dana', email: 'dana@acme.dev', until: core.now + HOUR }],
      trouble: null,
    });
    await later(MINUTE);
    await core.periodicWork();
    expect(dms('dana')).toHaveLength(1);
    expect(ops()[1]?.card.tone).toBe('good');
  });

  it('takes the next step of the escalation at once', async () => {
    await open({ escalation: STEPS }, { oncall: { ...away, secondary: oncall.secondary as never } });
    core.pagerduty = async () => {
      throw new Error('no answer');
    };
    await waits();
    expect(dms('eve')).toHaveLength(1);
  });

  it('counts a person whose direct messages are refused', async () => {
    await open();
    core.chat.fail('post', 'DU0DANA', {
      error: new ChatError('opening direct messages with U0DANA: the user is deactivated', {
        permanent: true,
      }),
      arrived: false,
    });
    await waits();
    await core.periodicWork();
    const card = ops().find((m) => m.card.headline.includes('can be asked'))?.card;
    expect(textOf(card as never)).toContain('Dana');
    expect(textOf(card as never)).toContain('the user is deactivated');
  });

  it('makes no alert if the stack names no rotation', async () => {
    await open({ approvers: { from: ['sre'], need: 1, notTheAuthor: false } });
    await waits();
    await core.periodicWork();
    expect(ops()).toHaveLength(1);
  });
});
