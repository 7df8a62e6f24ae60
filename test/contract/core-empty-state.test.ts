/** A state that is empty although m0 saw resources in it: nothing is applied, healed or asked, until it is back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const ALLOW = [{ rule: 'allow', text: 'anything goes' }] as const;
const HOUR = 3_600_000;

/** What a plan finds where the state has nothing of what the code sets. */
function created(address: string): Finding {
  return {
    ...{ address, type: address.split('.')[0] ?? '', origin: 'code', action: 'create', actionable: true },
    attributes: [],
    fingerprint: `create-${address}`,
  };
}
const CREATES = [created('aws_s3_bucket.logs'), created('aws_security_group.web')];

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});
const ops = () => core.chat.in('C0OPS');
const newest = () => {
  const card = ops().at(-1)?.card;
  if (card === undefined) throw new Error('nothing was posted');
  return card;
};
const openKinds = async () => (await core.alerts('open')).map((a) => a.kind).sort();

function lose(): void {
  core.cloud.resources.set(STACK, 0);
  core.cloud.drift.set(STACK, CREATES);
}

function giveBack(...drift: readonly Finding[]): void {
  core.cloud.resources.set(STACK, 41);
  core.cloud.drift.set(STACK, drift);
}

/** The state has 41 resources, one check knows it, and then it is lost. */
async function lost(): Promise<number> {
  giveBack();
  expect((await core.check()).state).toBe('clean');
  lose();
  const run = await core.check();
  expect(run.state).toBe('state_empty');
  await core.deliver();
  return run.id;
}

describe('a state that is empty where m0 saw resources', () => {
  it('makes one alert of its own without an approve button, in one message that later checks update', async () => {
    await lost();
    await core.check();
    await core.deliver();
    expect(ops()).toHaveLength(1);
    expect(newest().headline).toBe(
      'prod-network: the state is empty, though m0 has seen 41 resources: wrong workspace, backend or key? Nothing will be applied.',
    );
    expect(textOf(newest())).not.toMatch(/merged|not applied for|Apply the code/);
    expect(buttonsOf(newest()).map((b) => b.command)).toEqual(['drift prod-network', 'accept #3']);
    expect(await openKinds()).toEqual(['empty-state']);
    expect(core.chat.in('DU0DANA')).toEqual([]);
  });

  it('is never healed, whatever the policies allow', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    await lost();
    await core.periodicWork();
    expect(core.cloud.applies).toEqual([]);
    expect([...core.cloud.kept.keys()]).toEqual([]);
  });

  it('ends by itself when the state is back', async () => {
    await lost();
    giveBack();
    expect((await core.check()).state).toBe('clean');
    await core.deliver();
    expect(newest().headline).toBe('prod-network: the state is back: 41 resources (run #3)');
    expect(buttonsOf(newest())).toEqual([]);
    expect(await openKinds()).toEqual([]);
    // A second loss is an alarm of its own.
    lose();
    expect((await core.check()).state).toBe('state_empty');
    await core.deliver();
    expect(ops()).toHaveLength(2);
  });

  it('is remembered over a restart, and while checks fail', async () => {
    giveBack();
    await core.check();
    core.cloud.next('plan', () => Promise.reject(new Error('no credentials')));
    await core.check();
    await core.restart();
    lose();
    expect((await core.check()).state).toBe('state_empty');
    await core.deliver();
    expect(await openKinds()).toEqual(['empty-state']);
  });

  it('stays an alarm when the tool can not tell the size of the state', async () => {
    await lost();
    core.cloud.resources.delete(STACK);
    await core.check();
    expect(await openKinds()).toContain('empty-state');
  });
});

describe('a new stack', () => {
  it('has an empty state, and its creates are asked as usual', async () => {
    lose();
    expect((await core.check()).state).toBe('awaiting_approval');
    await core.deliver();
    expect(await openKinds()).toEqual(['drift']);
    const [run] = await core.store.runs({ stack: STACK, limit: 1 });
    await core.say(`approve #${run?.id}`);
    core.cloud.next('apply', () => void core.cloud.resources.set(STACK, 2));
    await core.untilIdle();
    expect((await core.run(1)).state).toBe('realigned');
    // What the apply has created is remembered.
    lose();
    expect((await core.check()).state).toBe('state_empty');
  });

  it('is created by the policies alone if they allow it, however often its empty state was seen', async () => {
    core.cloud.resources.set(STACK, 0);
    core.cloud.drift.set(STACK, []);
    expect((await core.check()).state).toBe('clean');
    core.cloud.policies.set('tags-auto', ALLOW);
    lose();
    core.cloud.next('apply', () => void core.cloud.resources.set(STACK, 2));
    expect((await core.check()).state).toBe('realigned');
  });

  it('of which no plan tells the size never alarms', async () => {
    core.cloud.drift.set(STACK, []);
    await core.check();
    lose();
    expect((await core.check()).state).toBe('awaiting_approval');
  });
});

describe('drift that was open when the state was lost', () => {
  it('stays open; its run can not be approved or asked about; it goes on when the state is back', async () => {
    giveBack(SSH);
    const { id } = await core.check();
    await core.deliver();
    lose();
    const empty = await core.check();
    await core.deliver();
    expect(await openKinds()).toEqual(['drift', 'empty-state']);
    const refusal = await core.sayText(`approve #${id}`);
    expect(refusal).toContain('the state is empty, though m0 has seen 41 resources');
    expect(refusal).toContain(`accept #${empty.id} REASON`);
    expect(await core.sayText(`ask #${id}`, EVE)).toContain('the state is empty');
    expect((await core.run(id)).state).toBe('awaiting_approval');

    giveBack(SSH);
    await core.check();
    await core.deliver();
    expect(await openKinds()).toEqual(['drift']);
    expect(ops()).toHaveLength(2);
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('does not remind anybody while nothing can be approved', async () => {
    await core.close();
    core = await Core.open([stackWith({ escalation: [{ afterMs: HOUR, everyMs: null, to: 'channel' }] })]);
    await core.worker.start();
    giveBack(SSH);
    await core.check();
    lose();
    await core.check();
    core.now += 2 * HOUR;
    await core.periodicWork();
    expect(ops().flatMap((m) => m.replies)).toEqual([]);
  });
});

describe('a state that is lost after an approval', () => {
  it('is not applied on, and who approved is told', async () => {
    giveBack(SSH);
    const { id } = await core.check();
    await core.deliver();
    core.now += 2 * 60_000;
    core.cloud.next('plan', lose);
    await core.say(`approve #${id}`);
    await core.untilIdle();
    await core.deliver();
    expect((await core.run(id)).state).toBe('state_empty');
    expect(core.cloud.applies).toEqual([]);
    expect(await openKinds()).toEqual(['drift', 'empty-state']);
    const [drift] = ops();
    expect(drift?.card.headline).toContain('the state is empty, though m0 has seen 41 resources');
    expect(buttonsOf(drift?.card ?? newest()).map((b) => b.label)).not.toContain('Approve what it is now');
  });

  it('is not applied on even if the plan of exactly what was approved looks the same', async () => {
    const [create] = CREATES;
    if (create === undefined) return;
    giveBack(create);
    const { id } = await core.check();
    core.now += 2 * 60_000;
    core.cloud.next('plan', () => void core.cloud.resources.set(STACK, 0));
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('state_empty');
    expect(core.cloud.applies).toEqual([]);
  });

  it('stops also what the policies allowed', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
    giveBack(TAG, SSH);
    core.cloud.next('ask', () => core.cloud.next('plan', lose));
    const run = await core.check();
    expect(run.state).toBe('state_empty');
    expect(core.cloud.applies).toEqual([]);
  });
});

describe("m0's own apply", () => {
  const gone = (address: string): Finding => ({ ...created(address), action: 'delete' });

  it('that deletes everything leaves an empty state that is no alarm, then or later', async () => {
    giveBack(gone('aws_s3_bucket.logs'));
    core.cloud.resources.set(STACK, 1);
    const { id } = await core.check();
    core.cloud.next('apply', () => void core.cloud.resources.set(STACK, 0));
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
    expect((await core.check()).state).toBe('clean');
    lose();
    expect((await core.check()).state).toBe('awaiting_approval');
    expect(await openKinds()).toEqual(['drift']);
  });

  it('after which the state is empty for another reason is an alarm', async () => {
    giveBack(SSH);
    const { id } = await core.check();
    core.cloud.next('apply', () => {
      core.cloud.next('plan', lose);
    });
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('state_empty');
    expect(await openKinds()).toEqual(['drift', 'empty-state']);
  });
});

describe('accept of an empty state', () => {
  it('needs the permission and a reason, ends the alert, and then a person is asked about the creates', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    const id = await lost();
    expect(await core.sayText(`accept #${id} moved away`, EVE)).toContain('Only sre');
    expect(await openKinds()).toEqual(['empty-state']);
    expect(await core.sayText(`accept #${id} aws_s3_bucket.logs moved away`)).toContain('without an address');

    expect(await core.sayText(`accept #${id} moved to another account`)).toContain('Accepted that the state');
    await core.untilIdle();
    await core.deliver();
    expect(ops()[0]?.card.headline).toBe('prod-network: accepted as empty by Dana: moved to another account');
    expect(await openKinds()).toEqual(['drift']);
    const [run] = await core.store.runs({ stack: STACK, states: ['awaiting_approval'] });
    expect(run?.findings).toHaveLength(2);
    expect(await core.sayText(`why #${run?.id}`)).toContain(
      `the state is empty since run #${id}, so a person decides what is created`,
    );
    expect(core.cloud.applies).toEqual([]);
    const lines = (await core.store.audit({ stack: STACK })).filter((e) => e.action === 'accept');
    expect(lines).toMatchObject([
      { runId: id, actor: DANA, detail: 'the empty state: moved to another account' },
    ]);
    // It stays accepted, and the creates can be approved.
    expect((await core.check()).state).toBe('quiet');
    await core.say(`approve #${run?.id}`);
    await core.untilIdle();
    expect((await core.run(run?.id ?? 0)).state).toBe('realigned');
  });

  it('still asks a person when the first check after it fails', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    const id = await lost();
    core.cloud.next('plan', () => Promise.reject(new Error('no credentials')));
    await core.say(`accept #${id} it is right`);
    await core.untilIdle();
    expect((await core.check()).state).toBe('awaiting_approval');
    expect(core.cloud.applies).toEqual([]);
  });

  it('without a reason asks for it; a snooze is refused; a second accept too', async () => {
    const id = await lost();
    const reply = await core.handler({
      ...{ text: `accept #${id}`, actor: DANA, place: { platform: 'slack', channel: 'C0OPS' } },
      ...{ answers: null, from: null },
    });
    expect(reply).toMatchObject({ type: 'form', form: { command: `accept #${id}` } });
    expect(await core.sayText(`snooze #${id} 2h later`)).toContain('the state is empty');
    expect(await core.store.exemptions(STACK)).toEqual([]);
    // As the form sends it.
    await core.handler({
      ...{ text: `accept #${id}`, actor: DANA, place: { platform: 'slack', channel: 'C0OPS' } },
      ...{ answers: { reason: 'it is right' }, from: null },
    });
    await core.untilIdle();
    expect(ops().length).toBeGreaterThan(0);
    expect((await core.store.alerts({ kind: 'empty-state' }))[0]?.outcome).toBe(
      'accepted as empty by Dana: it is right',
    );
    expect(await core.sayText(`accept #${id} it is right`)).toContain('not open any more');
  });
});

describe('what people read about it', () => {
  it('in status, why, history, the digest and home', async () => {
    giveBack(SSH);
    await core.check();
    lose();
    const { id } = await core.check();
    await core.check();
    const words = 'the state is empty, though m0 has seen 41 resources';
    expect(await core.sayText(`status ${STACK}`)).toContain(words);
    expect(await core.sayText(`status ${STACK}`)).not.toContain('Approve');
    expect(await core.sayText(`why #${id}`)).toContain(`run #${id} of prod-network: ${words}`);
    const history = await core.sayText(`history ${STACK}`);
    expect(history.match(/found the state empty of/g)).toHaveLength(1);
    expect(history).toContain('m0 had seen 41 resources in run #1');
    expect(history).not.toContain('-> state_empty');
    const digest = await core.sayText(`digest ${STACK}`);
    expect(digest).toContain('1 with an empty state');
    expect(digest).toContain('0 of 1 aligned');
    const home = await core.sayText('home');
    expect(home).toContain(words);
    expect(home).not.toContain('Waits for you');
    giveBack(SSH);
    await core.check();
    expect(await core.sayText(`history ${STACK}`)).toContain('the state is back: 41 resources');
    expect(await core.sayText('home')).toContain('Waits for you');
  });

  it('stays open while checks fail, which status says as well', async () => {
    await lost();
    core.cloud.next('plan', () => Promise.reject(new Error('no credentials')));
    await core.check();
    expect(await openKinds()).toEqual(['empty-state', 'failure']);
    expect(await core.sayText('status')).toContain('no credentials');
  });

  it('many stacks that lost their state at once share one message', async () => {
    await core.close();
    const names = Array.from({ length: 6 }, (_, i) => `app-${i}`);
    core = await Core.open(names.map((name) => stackWith({ name })));
    await core.worker.start();
    for (const name of names) {
      core.cloud.resources.set(name, 5);
      await core.check('schedule', name);
      core.cloud.resources.set(name, 0);
      core.cloud.drift.set(name, CREATES);
    }
    for (const name of names) {
      await core.check('schedule', name);
      await core.deliver();
    }
    core.now += 60_000;
    await core.deliver();
    expect(ops()).toHaveLength(4);
    expect(newest().headline).toContain('6 stacks have an empty state');
    expect(newest().headline).toContain('wrong workspace, backend or key?');
  });

  it('a stack that is taken out of m0.yaml ends it', async () => {
    await lost();
    await core.restart({ ...core.directory, stacks: [stackWith({ name: 'other' })] });
    expect(await openKinds()).toEqual([]);
  });
});
