/** How a fleet begins and ends, what never joins one, and what its card says of each stack. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import type { Stack } from '../../src/model/directory.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { Core, stackWith } from '../support/core.ts';
import { buttonsOf, type FakeMessage, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const MINUTE = 60_000;
/** Rules that make SSH urgent and the tag usual. */
const URGENT = [{ match: 'aws_security_group.*', severity: 'urgent' as const }];
const NAMES = Array.from({ length: 20 }, (_, i) => `prod-${String(i).padStart(2, '0')}`);

let core: Core;
async function open(change: Partial<Stack> = {}): Promise<void> {
  core = await Core.open(NAMES.map((name) => stackWith({ name, ...change })));
  await core.worker.start();
}
beforeEach(() => open());
afterEach(async () => {
  await settle();
  await core.checkInvariants();
  expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  await core.close();
});

const ops = () => core.chat.in('C0OPS');
const dms = () => core.chat.in('DU0DANA');
const isFleet = ({ card }: FakeMessage): boolean => / stacks? /.test(card.headline);
const fleets = () => ops().filter(isFleet);
const fleet = (index = 0): Card => fleets()[index]?.card as Card;

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    core.now += 15_000;
    await core.deliver();
  }
}

/** The stacks drift and are checked, with this pause after each. */
async function drifts(names: readonly string[], finding = TAG, pause = 1_000): Promise<void> {
  for (const name of names) {
    core.cloud.drift.set(name, [finding]);
    await core.check('schedule', name);
    await core.deliver();
    core.now += pause;
  }
  await settle();
}

async function ends(names: readonly string[]): Promise<void> {
  for (const name of names) {
    core.cloud.drift.set(name, []);
    await core.check('schedule', name);
    await core.deliver();
  }
  await settle();
}

/** The text of the card's block that names the stack. */
function lineOf(card: Card, stack: string): string {
  const block = card.blocks.find((b) => 'spans' in b && JSON.stringify(b.spans).includes(stack));
  if (block === undefined || !('spans' in block)) return '';
  return block.spans
    .map((s) => ('text' in s ? s.text : s.type === 'person' ? s.name : `<${s.type}>`))
    .join('');
}

describe('urgent drift', () => {
  beforeEach(async () => {
    await core.close();
    await open({ severity: URGENT });
  });

  it('is posted as a message of its own while a fleet of open stacks stands', async () => {
    await drifts(NAMES.slice(0, 8));
    expect(ops()).toHaveLength(4);
    await drifts(['prod-15'], SSH);
    expect(ops()).toHaveLength(5);
    expect(ops()[4]?.card.headline).toMatch(/^prod-15: SSH/);
    expect(textOf(fleet())).not.toContain('prod-15');
    expect(dms().at(-1)?.card.headline).toMatch(/^prod-15: /);
  });

  it('is posted as a message of its own while a fleet of settled stacks stands', async () => {
    await drifts(NAMES.slice(0, 8));
    await ends(NAMES.slice(0, 8));
    const before = fleet();
    await drifts(['prod-15'], SSH);
    expect(ops().at(-1)?.card.headline).toMatch(/^prod-15: SSH/);
    expect(fleet().headline).toBe(before.headline);
    expect(fleet().tone).toBe('good');
  });

  it('of many stacks at once is a message for each, and never counts as the begin of a fleet', async () => {
    await drifts(NAMES.slice(0, 5), SSH);
    expect(ops()).toHaveLength(5);
    await drifts(NAMES.slice(5, 8));
    expect(ops()).toHaveLength(8);
    await drifts(NAMES.slice(8, 10));
    expect(fleets()).toHaveLength(1);
    expect(fleet().headline).toMatch(/^5 stacks/);
    expect(textOf(fleet())).not.toContain('prod-00');
  });

  it('that a stack of the fleet gets is posted anew, and the fleet points to it', async () => {
    await drifts(NAMES.slice(0, 8));
    await drifts(['prod-06'], SSH);
    expect(ops()).toHaveLength(5);
    const own = ops()[4] as FakeMessage;
    expect(own.card.headline).toMatch(/^prod-06: SSH/);
    expect(lineOf(fleet(), 'prod-06')).toMatch(/^prod-06 {2}has a newer card · since <time> · run #9$/);
    expect(textOf(fleet())).toContain(core.chat.link(own));
    expect(fleet().headline).toContain('1 has a newer card');
  });
});

describe('a fleet', () => {
  it('takes in stacks for half an hour from its first member on, then another begins', async () => {
    // Every 4 minutes one: the window would never end if each stack renewed it.
    core.now += MINUTE;
    await drifts(NAMES.slice(0, 6), TAG, 2 * MINUTE);
    expect(fleets()).toHaveLength(1);
    await drifts(NAMES.slice(6, 14), TAG, 4 * MINUTE);
    const [first] = fleets();
    expect(first?.card.headline).toMatch(/^1[0-3] stacks/);
    const taken = Number(first?.card.headline.split(' ')[0]);
    core.now += 10 * MINUTE;
    await drifts(NAMES.slice(14, 20));
    expect(fleets()).toHaveLength(2);
    expect(Number(fleets()[0]?.card.headline.split(' ')[0])).toBe(taken);
    expect(fleet(1).headline).toMatch(/ stacks drifted/);
  });

  it('whose stacks are all settled opens again for the same round, and never after it', async () => {
    await drifts(NAMES.slice(0, 8));
    await ends(NAMES.slice(0, 8));
    expect(fleet().tone).toBe('good');
    core.now += 20 * MINUTE;
    await drifts(['prod-10']);
    expect(fleet().headline).toMatch(/^9 stacks/);
    await ends(['prod-10']);
    // Ten minutes after the last stack joined, and half an hour after the first.
    core.now += 10 * MINUTE;
    const settled = textOf(fleet());
    await drifts(['prod-11']);
    expect(ops().at(-1)?.card.headline).toMatch(/^prod-11: /);
    expect(textOf(fleet())).toBe(settled);
    expect((await core.alerts('open')).map((a) => a.subject)).toEqual(['prod-11']);
  });

  it('says since when each stack drifts', async () => {
    await drifts(NAMES.slice(0, 6), TAG, MINUTE);
    const times = fleet().blocks.flatMap((b) =>
      'spans' in b ? b.spans.flatMap((s) => (s.type === 'time' ? [s.at] : [])) : [],
    );
    // One for the whole fleet, and one for each stack.
    expect(new Set(times).size).toBe(6);
  });

  it('says who approved, while it runs and when it is done', async () => {
    await drifts(NAMES.slice(0, 8), SSH);
    core.cloud.next('apply', async () => {
      await core.deliver();
      await settle();
      expect(lineOf(fleet(), 'prod-06')).toMatch(
        /^prod-06 {2}approved by Dana · being applied · since <time>/,
      );
      expect(fleet().headline).toContain('1 is approved');
      expect(buttonsOf(fleet()).map((b) => b.command)).not.toContain('status stack:prod-06');
    });
    const answer = await core.say('status stack:prod-06');
    const approve = buttonsOf(answer as Card).find((b) => b.command.startsWith('approve'));
    await core.say(approve?.command ?? '', DANA);
    await core.untilIdle();
    await settle();
    expect(core.cloud.applies).toHaveLength(1);
    expect(lineOf(fleet(), 'prod-06')).toMatch(/^1 applied, approved by Dana: prod-06 since <time>$/);
    expect(fleet().headline).toContain('1 applied');
  });

  it('says who approved so far where more approvals are needed', async () => {
    await core.close();
    await open({ approvers: { from: ['sre'], need: 2, notTheAuthor: false } });
    await drifts(NAMES.slice(0, 8), SSH);
    const run = (await core.store.runs({ stack: 'prod-06' }))[0]?.id;
    await core.say(`approve #${run}`, KIM);
    await settle();
    expect(lineOf(fleet(), 'prod-06')).toMatch(/^prod-06 {2}waits for a person, approved by Kim so far · /);
  });
});

describe('a card of a stack whose newer drift a fleet shows', () => {
  it('links to the message of the fleet, once that is posted', async () => {
    await drifts(['prod-10']);
    core.now += 60 * MINUTE;
    await drifts(NAMES.slice(0, 3), SSH);
    await drifts(['prod-10'], SSH);
    const [old, own] = [ops()[0] as FakeMessage, fleets()[0] as FakeMessage];
    expect(own.card.headline).toMatch(/^4 stacks/);
    expect(textOf(old.card)).toContain('superseded by run #5');
    expect(textOf(old.card)).toContain(core.chat.link(own));
  });
});

describe('a stack that is taken out of m0.yaml while its drift is in a fleet', () => {
  it('is told on the card, its alert ends, and nothing is left to deliver', async () => {
    await drifts(NAMES.slice(0, 8), SSH);
    const stacks = core.directory.stacks.filter((s) => s.name !== 'prod-06');
    await core.restart({ ...core.directory, stacks });
    await settle();
    expect(lineOf(fleet(), 'prod-06')).toMatch(/^1 is no longer watched: prod-06 since <time>$/);
    expect(fleet().headline).toContain('7 wait');
    expect((await core.alerts('open')).map((a) => a.subject)).not.toContain('prod-06');
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  });

  it('is told also if all of its stacks left or were renamed', async () => {
    await drifts(NAMES.slice(0, 8), SSH);
    const stacks = NAMES.map((name) => stackWith({ name: `new-${name}` }));
    await core.restart({ ...core.directory, stacks });
    await settle();
    expect(fleet().headline).toContain('8 are no longer watched');
    expect(fleet().tone).toBe('plain');
    expect(await core.alerts('open')).toEqual([]);
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  });

  it('before anything of it was posted leaves nothing to deliver', async () => {
    core.chat.outage = new ChatError('posting: no answer');
    await drifts(NAMES.slice(0, 8), SSH);
    await core.say('reject #7 not now', KIM);
    core.chat.outage = null;
    const stacks = core.directory.stacks.slice(8);
    await core.restart({ ...core.directory, stacks });
    for (let i = 0; i < 5; i += 1) {
      core.now += 10 * MINUTE;
      await core.deliver();
    }
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
    expect(await core.alerts('open')).toEqual([]);
  });
});

describe('a delivery that can never be made', () => {
  it('is given up: a fleet for a person and a channel that left m0.yaml before it was posted', async () => {
    await drifts(NAMES.slice(0, 3), SSH);
    core.chat.outage = new ChatError('posting: no answer');
    await drifts(NAMES.slice(3, 8), SSH);
    core.chat.outage = null;
    expect((await core.store.alerts({ kind: 'fleet' })).map((f) => f.subject).sort()).toEqual([
      'slack:C0OPS',
      'slack:dm:dana',
    ]);
    const other = [{ platform: 'slack' as const, channel: 'C0DEV' }];
    await core.restart({
      ...core.directory,
      people: core.directory.people.filter((p) => p.key !== 'dana'),
      oncall: {},
      stacks: core.directory.stacks.map((s) => ({
        ...s,
        channels: other,
        approvers: { ...s.approvers, from: ['sre'] },
      })),
    });
    const asked = dms().length;
    for (let i = 0; i < 5; i += 1) {
      core.now += 10 * MINUTE;
      await core.deliver();
    }
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
    expect([ops().length, dms().length]).toEqual([3, asked]);
  });

  it('is given up: a line of history of an alert that no channel ever got', async () => {
    await core.close();
    await open({ channels: [{ platform: 'slack', channel: 'C0GONE' }] });
    core.cloud.drift.set('prod-00', [SSH]);
    const { id } = await core.check('schedule', 'prod-00');
    await core.say(`reject #${id} not now`, KIM);
    core.cloud.drift.set('prod-00', []);
    await core.check('schedule', 'prod-00');
    for (let i = 0; i < 5; i += 1) {
      core.now += 10 * MINUTE;
      await core.deliver();
    }
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  });

  it('is given up: about an alert that is not in the store', async () => {
    const card = { type: 'card' as const, alertId: 4711 };
    await core.store.commit([{ type: 'outbox.add', key: 'card:4711', delivery: card, at: core.now }]);
    await core.deliver();
    expect(core.logLines.join('\n')).toContain('alert 4711 is not in the store');
    expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
  });
});
