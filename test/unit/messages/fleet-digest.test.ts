/** Headlines that must leave something out, because not everything fits on a phone. */
import { describe, expect, it } from 'vitest';
import { digestCard } from '../../../src/messages/digest-card.ts';
import { fleetCard } from '../../../src/messages/fleet-card.ts';
import type { DigestView } from '../../../src/messages/view-digest.ts';
import type { FleetStack, FleetStackStatus, FleetView } from '../../../src/messages/view-fleet.ts';
import { cardText, countsOf, DANA, HOUR, NOW, ZONE } from '../../support/views.ts';

const MOMENT = { now: NOW, zone: ZONE };

function stack(status: FleetStackStatus, i: number): FleetStack {
  return {
    stack: `prod-${status}-${i}`,
    environment: 'prod',
    runId: i,
    status,
    open: 1,
    what: '',
    since: NOW,
    approvedBy: [],
    card: null,
  };
}

describe('a fleet', () => {
  const view = (...statuses: readonly FleetStackStatus[]): FleetView => ({
    alertKind: 'drift',
    stacks: statuses.map(stack),
    common: null,
    since: NOW,
    over: false,
    why: null,
    ...MOMENT,
  });

  it('says what healed and then what waits', () => {
    expect(fleetCard(view('healed', 'healed', 'waits')).headline).toBe(
      '3 stacks drifted since 14:12. 2 healed themselves, 1 waits: prod-waits-2',
    );
  });

  it('leaves out other statuses before what waits', () => {
    const many = view('trouble', 'denied', 'heals', 'left', 'kept', 'healed', 'applied', 'gone', 'waits');
    expect(fleetCard(many).headline).toMatch(
      /^9 stacks drifted since 14:12\. 2 wait: prod-trouble-0 and prod-waits-8, 1 may not be applied/,
    );
  });
});

describe('a digest', () => {
  const view: DigestView = {
    targets: ['prod'],
    since: NOW - 29 * HOUR,
    counts: countsOf({ aligned: 398, drifted: 1, failing: 1 }),
    neverChecked: [],
    checkedTooLongAgo: [],
    open: [{ stack: 'prod-db', open: 2, waiting: 2, since: NOW - 98 * HOUR, runId: 12, waitsFor: ['Kim'] }],
    healed: 12,
    approved: 0,
    snoozesEnding: [{ stack: 'prod-app', address: null, until: NOW + HOUR, by: DANA }],
    failing: [{ stack: 'prod-iam', since: NOW }],
    brokenPolicies: ['approvals'],
    openBefore: 1,
    ...MOMENT,
  };

  it('ends with the number of aligned stacks, and leaves out the snoozes if they do not fit', () => {
    const card = digestCard(view);
    expect(card.headline).toBe(
      'prod, since Tue 9:12: 1 open (oldest 4 d, prod-db) · 1 can’t be checked · 1 policy broken · 12 healed themselves · 398 of 400 aligned',
    );
    expect(cardText(card)).toContain('the snooze of everything by Dana ends');
  });

  it('leaves out what healed only if it must', () => {
    const card = digestCard({ ...view, targets: ['prod-europe-and-the-middle-east'] });
    expect(card.headline).toContain('398 of 400 aligned');
    expect(card.headline).not.toContain('healed');
    expect(cardText(card)).toContain('12 healed themselves');
  });
});
