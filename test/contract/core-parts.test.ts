/** People approve a run in parts: what destroys something is never approved together with the rest. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import type { Button, Card } from '../../src/messages/card.ts';
import type { Directory } from '../../src/model/directory.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { CODE, DANA, KIM, sshFinding, tagFinding, withInputs } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const DB = loss('prod');
function loss(name: string, action: 'replace' | 'delete' = 'replace'): Finding {
  return { ...tagFinding(`aws_db_instance.${name}`), type: 'aws_db_instance', origin: 'code', action };
}

let core: Core;
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

async function open(approvers: Partial<Directory['stacks'][0]['approvers']> = {}): Promise<void> {
  core = await Core.open([
    stackWith({ approvers: { from: ['sre'], need: 1, notTheAuthor: false, ...approvers } }),
  ]);
  core.cloud.code.set(STACK, withInputs(CODE, core.stack.source, { digest: 'same' }));
  await core.worker.start();
}

async function waitingWith(...findings: readonly Finding[]): Promise<number> {
  core.cloud.drift.set(STACK, findings);
  const { id } = await core.check();
  await core.deliver();
  return id;
}

const rootCard = (): Card => {
  const card = core.chat.in('C0OPS').findLast((m) => buttonsOf(m.card).length > 0)?.card;
  if (card === undefined) throw new Error('no card');
  return card;
};
const approveButtons = (card: Card | null = rootCard()): readonly Button[] =>
  card === null ? [] : buttonsOf(card).filter((b) => b.command.startsWith('approve'));
const labels = (card?: Card | null): readonly string[] => approveButtons(card).map((b) => b.label);
const touched = (): readonly (readonly string[])[] => core.cloud.applies.map((one) => one.touched);

async function click(label: string, by = DANA, card?: Card): Promise<string> {
  const button = approveButtons(card).find((b) => b.label === label);
  if (button === undefined) throw new Error(`no button "${label}", but ${labels(card).join(', ')}`);
  const said = await core.sayText(button.command, by, true);
  await core.untilIdle();
  await core.deliver();
  return said;
}

const TAGS_BACK = 'Approve: put the tag back';
const RECREATE = 'Approve: delete and recreate prod';

describe('a replacement beside a tag', () => {
  beforeEach(() => open());

  it('has a button of its own, which names the loss; the tag is applied alone, and then the replacement', async () => {
    const id = await waitingWith(TAG, DB);
    expect(labels()).toEqual([TAGS_BACK, RECREATE]);
    const [tag, db] = approveButtons();
    expect([tag?.style, db?.style]).toEqual(['primary', 'danger']);
    expect(tag?.confirm?.body).not.toContain(DB.address);
    expect(db?.confirm).toMatchObject({ title: 'Delete and recreate prod?' });
    expect(db?.confirm?.body).toContain(`Replaces: ${DB.address}`);
    expect(db?.confirm?.body).not.toContain(TAG.address);

    await click(TAGS_BACK);
    expect(touched()).toEqual([[TAG.address]]);
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
    expect(labels()).toEqual([RECREATE]);
    expect(core.cloud.plans.some((plan) => plan.only?.join() === TAG.address)).toBe(true);

    await click(RECREATE);
    expect(touched()).toEqual([[TAG.address], [DB.address]]);
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('can be replaced first, and the record says who approved what', async () => {
    const id = await waitingWith(TAG, DB);
    await click(RECREATE, KIM);
    expect(touched()).toEqual([[DB.address]]);
    expect(labels()).toEqual([TAGS_BACK]);
    const given = (await core.store.audit({ runId: id })).filter((e) => e.action === 'approve');
    expect(given.map((e) => [e.actor.person, e.scope?.map((s) => s.address), e.detail])).toMatchObject([
      ['kim', [DB.address], expect.stringContaining('1 of 1')],
    ]);
    expect(
      core.chat
        .in('C0OPS')
        .flatMap((m) => m.replies)
        .join(),
    ).toContain(`Kim approved ${DB.address} of run #${id}`);
  });

  it('while one part is applied, the other waits for the proof', async () => {
    const id = await waitingWith(TAG, DB);
    const [, db] = approveButtons();
    core.cloud.next('apply', async () => {
      const said = await core.sayText(db?.command ?? '', KIM, true);
      expect(said).toContain('once that is proven');
    });
    await click(TAGS_BACK);
    expect(touched()).toEqual([[TAG.address]]);
    expect((await core.run(id)).state).toBe('awaiting_approval');
  });

  it('a snooze of something in a part voids the clicks on the old card', async () => {
    const id = await waitingWith(TAG, SSH, DB);
    const old = rootCard();
    const [rest] = approveButtons(old);
    await core.say(`snooze #${id} ${SSH.address} 2h vendor`, DANA);
    await core.untilIdle();
    await core.deliver();
    expect(await core.sayText(rest?.command ?? '', DANA, true)).toContain('has changed since');
    expect(touched()).toEqual([]);
    // The other part is the same, so its old button still holds.
    await click(RECREATE, DANA, old);
    expect(touched()).toEqual([[DB.address]]);
  });
});

describe('parts that can’t be apart', () => {
  beforeEach(() => open());

  it('depend on each other: one button, the loss first', async () => {
    core.cloud.coupled.set(STACK, [[DB.address, SSH.address]]);
    const id = await waitingWith(TAG, SSH, DB);
    const both = 'Approve: delete and recreate prod, and 1 more change';
    expect(labels()).toEqual([TAGS_BACK, both]);
    expect(approveButtons()[1]?.confirm?.body).toMatch(/^Replaces: .*prod.*Removes: ingress/);
    await click(both);
    expect(touched()).toEqual([[DB.address, SSH.address]]);
    await click(TAGS_BACK);
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('are more than three losses: one button', async () => {
    const losses = ['a', 'b', 'c', 'd'].map((name) => loss(name, 'delete'));
    await waitingWith(TAG, ...losses);
    expect(labels()).toEqual([TAGS_BACK, 'Approve: delete these 4']);
    await click('Approve: delete these 4');
    expect(touched()).toEqual([losses.map((f) => f.address)]);
  });

  it('turn out to depend on each other in the plan of the apply: nothing is applied, then one button', async () => {
    const id = await waitingWith(TAG, DB);
    // -target of the tag takes the database along.
    core.cloud.alsoTouches = (only) =>
      only?.includes(TAG.address) && !only.includes(DB.address) ? [DB.address] : [];
    await click(TAGS_BACK);
    expect(touched()).toEqual([]);
    expect(await core.run(id)).toMatchObject({
      state: 'awaiting_approval',
      coupled: [[DB.address, TAG.address]],
    });
    expect(textOf(rootCard())).toContain(`the plan would also touch ${DB.address}`);
    expect(labels()).toEqual(['Approve what it is now']);
    expect(approveButtons()[0]).toMatchObject({
      style: 'danger',
      confirm: { title: 'Delete and recreate prod, and 1 more change?' },
    });
    await click('Approve what it is now');
    expect(touched()).toEqual([[DB.address, TAG.address]]);
    expect((await core.run(id)).state).toBe('realigned');
  });
});

describe('where two must approve', () => {
  beforeEach(() => open({ need: 2 }));

  it('an approval of the other part survives the apply of the first', async () => {
    const id = await waitingWith(TAG, DB);
    await click(RECREATE, DANA);
    expect(labels()).toEqual([TAGS_BACK, `${RECREATE} (1 of 2)`]);
    expect(textOf(rootCard())).toMatch(/"Dana".{0,60} ✓.{0,30} for “delete and recreate prod”/);
    await click(TAGS_BACK, DANA);
    await click(`${TAGS_BACK} (1 of 2)`, KIM);
    expect(touched()).toEqual([[TAG.address]]);
    expect((await core.run(id)).approvals.map((a) => a.by.name)).toEqual(['Dana']);
    expect(labels()).toEqual([`${RECREATE} (1 of 2)`]);
    expect(await core.sayText(`approve #${id}`, DANA)).toContain('already');
    await click(`${RECREATE} (1 of 2)`, KIM);
    expect(touched()).toEqual([[TAG.address], [DB.address]]);
  });

  it('it is void if what the stack reads moved meanwhile', async () => {
    const id = await waitingWith(TAG, DB);
    await click(RECREATE, DANA);
    await click(TAGS_BACK, DANA);
    core.cloud.next('apply', () => {
      const later = { ...CODE, commit: '2222222222222222222222222222222222222222' };
      core.cloud.code.set(STACK, withInputs(later, core.stack.source, { digest: 'moved' }));
    });
    await click(`${TAGS_BACK} (1 of 2)`, KIM);
    expect(touched()).toEqual([[TAG.address]]);
    expect((await core.run(id)).approvals).toEqual([]);
    expect(labels()).toEqual([RECREATE]);
  });

  it('the home page asks each person for the parts that they have not approved', async () => {
    await waitingWith(TAG, DB);
    await click(RECREATE, DANA);
    expect(await core.sayText('home', DANA)).toContain('1 stack waits for you');
    await click(TAGS_BACK, DANA);
    expect(await core.sayText('home', DANA)).toContain('you approved, and somebody else must too');
    expect(await core.sayText('home', KIM)).toContain('1 stack waits for you');
  });
});

describe('a typed approve', () => {
  const typed = async (id: number, by = DANA): Promise<Card> => {
    const reply = await core.handler({
      ...{ text: `approve #${id}`, actor: by, place: { platform: 'slack', channel: 'C0OPS' } },
      ...{ answers: null, from: null },
    });
    if (reply.type !== 'private') throw new Error(`answered with ${reply.type}`);
    return reply.card;
  };

  it('approves nothing by itself, and shows each part with what it does', async () => {
    await open();
    const id = await waitingWith(TAG, DB);
    const card = await typed(id);
    expect(card.headline).toBe(`${STACK}: approve run #${id} (2 parts, one by one)?`);
    expect(labels(card)).toEqual([TAGS_BACK, RECREATE]);
    expect(textOf(card)).toContain(`Replaces: ${DB.address}`);
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
    expect((await core.store.audit({ runId: id })).filter((e) => e.action === 'approve')).toEqual([]);
    await click(RECREATE, DANA, card);
    expect(touched()).toEqual([[DB.address]]);
  });

  it('asks also where the environment needs no confirmation, and then is done', async () => {
    await open();
    const id = await waitingWith(SSH);
    const card = await typed(id);
    expect(card.headline).toBe(`${STACK}: approve run #${id} (close SSH again)?`);
    expect(touched()).toEqual([]);
    await click('Approve: close SSH again', DANA, card);
    expect(touched()).toEqual([[SSH.address]]);
  });

  it('shows an author only what the code did not change', async () => {
    await open({ notTheAuthor: true });
    const id = await waitingWith(TAG, DB);
    // Kim wrote the code.
    expect(labels(await typed(id, KIM))).toEqual([TAGS_BACK]);
    expect(await click(RECREATE, KIM)).toContain('notTheAuthor');
    await click(TAGS_BACK, KIM);
    expect(touched()).toEqual([[TAG.address]]);
    expect(textOf(await typed(id, KIM))).toContain('notTheAuthor');
    expect(labels(await typed(id, DANA))).toEqual([RECREATE]);
    expect(await core.sayText('home', KIM)).not.toContain('1 stack waits for you');
    await click(RECREATE, DANA);
    expect(touched()).toEqual([[TAG.address], [DB.address]]);
  });
});

describe('a reject', () => {
  it('does what its dialog says: applies nothing, stays in the digest, and asks again when a value changes', async () => {
    await open();
    const id = await waitingWith(TAG, DB);
    const leave = buttonsOf(rootCard()).find((b) => b.label === 'Reject: leave it');
    expect(leave?.confirm?.body).toMatch(
      /^Applies nothing.*stays open in the digest.*asks again when one of/,
    );
    await core.say(leave?.command ?? '', DANA, true);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('rejected');
    expect(touched()).toEqual([]);
    expect(await core.check()).toMatchObject({ state: 'quiet' });
    expect(await core.sayText('digest')).toContain(STACK);
    core.cloud.drift.set(STACK, [tagFinding(TAG.address, 'moved'), DB]);
    const again = await core.check();
    expect(again.state).toBe('awaiting_approval');
  });
});

describe('an accept', () => {
  beforeEach(() => open());

  it('with an end lasts until then, and the drift is told again', async () => {
    const id = await waitingWith(SSH);
    const said = await core.sayText(`accept #${id} until 2026-03-05 9:00 the vendor leaves then`);
    expect(said).toContain('It opens again');
    const [kept] = await core.store.exemptions(STACK);
    expect(kept).toMatchObject({ kind: 'accept', reason: 'the vendor leaves then' });
    expect(kept?.until).toBe(Date.parse('2026-03-05T08:00:00Z'));
    await core.periodicWork();
    expect(await core.check()).toMatchObject({ state: 'quiet' });
    expect(await core.sayText('baseline prod')).toMatch(/accepted by .*until /s);

    core.now = Date.parse('2026-03-05T08:00:01Z');
    await core.periodicWork();
    const [open] = await core.alerts('open');
    expect((await core.run(open?.runId ?? 0)).state).toBe('awaiting_approval');
    expect(
      core.chat
        .in('C0OPS')
        .flatMap((m) => m.replies)
        .join(),
    ).toContain('The accept of');
    const ended = (await core.store.audit({ stack: STACK })).map((e) => e.detail).join('\n');
    expect(ended).toContain('accepted by Dana');
  });

  it('without an end lasts until it changes, also if its reason begins with "until"', async () => {
    const id = await waitingWith(SSH);
    await core.say(`accept #${id} until the fix ships`);
    expect(await core.store.exemptions(STACK)).toMatchObject([
      { kind: 'accept', until: null, reason: 'until the fix ships' },
    ]);
    core.now += 400 * 86_400_000;
    await core.periodicWork();
    expect(await core.store.exemptions(STACK)).toHaveLength(1);
  });

  it.each(['until 2020-01-01 it is over', 'until 2036-01-01 far away'])('%s is refused', async (end) => {
    const id = await waitingWith(SSH);
    expect(await core.sayText(`accept #${id} ${end}`)).toMatch(/passed|too long/);
    expect(await core.store.exemptions(STACK)).toEqual([]);
  });
});
