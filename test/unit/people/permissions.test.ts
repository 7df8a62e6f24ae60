import { describe, expect, it } from 'vitest';
import { checkPermission, couldApprove } from '../../../src/people/permissions.ts';
import { directory, stack } from '../../support/directory.ts';
import { CODE, DANA, KIM, NOON, sshFinding } from '../../support/runs.ts';

const ON_CALL = { primary: ['dana'] };
const about = { code: CODE, findings: [sshFinding()], now: NOON };
const byCode = { code: CODE, findings: [{ ...sshFinding(), origin: 'code' as const }], now: NOON };

describe('who may approve', () => {
  it('a member of an approving group, and the person on call', () => {
    const bySre = stack({ approvers: { from: ['sre'], need: 1, notTheAuthor: true } });
    const byRota = stack({ approvers: { from: ['oncall:primary'], need: 1, notTheAuthor: true } });
    expect(checkPermission('approve', DANA, bySre, directory(), ON_CALL, about).ok).toBe(true);
    expect(checkPermission('approve', DANA, byRota, directory(), ON_CALL, about).ok).toBe(true);
    expect(checkPermission('approve', DANA, byRota, directory(), { primary: ['kim'] }, about)).toMatchObject({
      ok: false,
      refusal: 'Only the person on call (Kim) may approve prod-network.',
    });
  });

  it('nobody, if no approvers are configured', () => {
    const none = stack({ approvers: { from: [], need: 1, notTheAuthor: true } });
    for (const deed of ['approve', 'reject', 'cancel', 'snooze', 'accept'] as const) {
      expect(checkPermission(deed, DANA, none, directory(), ON_CALL, about)).toMatchObject({
        ok: false,
        refusal: expect.stringContaining('no approvers are configured'),
      });
    }
  });

  it('nobody, if nobody is on call', () => {
    const byRota = stack({ approvers: { from: ['oncall:primary'], need: 1, notTheAuthor: true } });
    expect(checkPermission('approve', DANA, byRota, directory(), {}, about).ok).toBe(false);
    expect(checkPermission('approve', DANA, byRota, directory(), { primary: [] }, about).ok).toBe(false);
  });

  it('never a chat user who is not in m0.yaml', () => {
    const stranger = { ...DANA, person: null };
    expect(checkPermission('approve', stranger, stack(), directory(), ON_CALL, about)).toMatchObject({
      ok: false,
      refusal: expect.stringContaining('does not know you'),
    });
  });

  it('the author of the code may revert the cloud, but not approve their own code', () => {
    const bySre = stack({ approvers: { from: ['sre'], need: 1, notTheAuthor: true } });
    expect(checkPermission('approve', KIM, bySre, directory(), ON_CALL, about).ok).toBe(true);
    expect(checkPermission('approve', KIM, bySre, directory(), ON_CALL, byCode).ok).toBe(false);
    expect(checkPermission('approve', DANA, bySre, directory(), ON_CALL, byCode).ok).toBe(true);
  });

  it('more people may get the permission to snooze or accept, but not to approve', () => {
    const wide = directory({ may: { snooze: ['dev'], accept: null } });
    const eve = { ...DANA, person: 'eve', name: 'Eve' };
    expect(checkPermission('snooze', eve, stack(), wide, ON_CALL, about).ok).toBe(true);
    expect(checkPermission('accept', eve, stack(), wide, ON_CALL, about).ok).toBe(false);
    expect(checkPermission('approve', eve, stack(), wide, ON_CALL, about).ok).toBe(false);
  });

  it('a user group or PagerDuty can put anybody whom m0 knows on call, a rotation only its own people', () => {
    const byRota = stack({ approvers: { from: ['oncall:primary'], need: 1, notTheAuthor: true } });
    const filled = [
      { kind: 'pagerduty', schedule: 'PABC123' },
      { kind: 'slackUsergroup', id: 'S0SRE' },
      { kind: 'rotation', people: ['dana'], everyMs: 1, from: 0 },
    ] as const;
    const could = (person: string) =>
      filled.map((primary) => couldApprove(person, byRota, directory({ oncall: { primary } })));
    expect(could('eve')).toEqual([true, true, false]);
    expect(could('dana')).toEqual([true, true, true]);
    expect(could('stranger')).toEqual([false, false, false]);
  });
});
