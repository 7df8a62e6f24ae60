import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import { applyMark } from '../../src/model/tool-mark.ts';
import { BREAK_GLASS, CAUSES, causeEvent, FakeLog } from '../support/causes.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { CODE, DANA, KIM, sshFinding, tagFinding, withInputs } from '../support/runs.ts';

const MINUTE = 60_000;
const SSH = sshFinding();
const TAG = tagFinding();

let core: Core;
let log: FakeLog;

async function open(change: Parameters<typeof stackWith>[0] = {}): Promise<void> {
  core = await Core.open([stackWith({ causes: CAUSES, ...change })]);
  log = new FakeLog();
  core.causeSources = [log];
  await core.restart();
}

beforeEach(() => open());
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

/** The words of a card's blocks, without its form's and buttons' commands. Times are left out. */
function words(value: unknown): string {
  if (Array.isArray(value)) return value.map(words).join('');
  if (typeof value !== 'object' || value === null) return '';
  const { text, name, type } = value as { text?: unknown; name?: unknown; type?: string };
  if (type === 'person') return String(name);
  return typeof text === 'string' ? text : Object.values(value).map(words).join('\n');
}
const newest = (): string => words(core.chat.in('C0OPS').at(-1)?.card.blocks);
const dms = (): string =>
  core.chat.messages
    .filter(({ channel }) => channel !== 'C0OPS')
    .map(({ card }) => textOf(card))
    .join('\n');

/** A clean check, then one that finds the drift two hours later, told in chat. */
async function found(finding: Finding = SSH): Promise<number> {
  core.cloud.drift.set(STACK, []);
  await core.check();
  core.now += 120 * MINUTE;
  core.cloud.drift.set(STACK, [finding]);
  const run = await core.check();
  await core.deliver();
  return run.id;
}

describe('who changed the cloud', () => {
  it('is asked after the alert, and told on the card once the log has it', async () => {
    const began = core.now;
    await found();
    const at = core.now - 4 * MINUTE;
    expect(core.chat.in('C0OPS')).toHaveLength(1);
    expect(log.questions).toHaveLength(0);

    await core.askCauses();
    expect(newest()).toContain('Who did it is not known yet: nothing in the log yet; asked until ');
    expect(log.questions[0]).toMatchObject({
      ...{ address: SSH.address, from: began, to: core.now, deleted: false },
      attributes: [{ path: 'ingress[*]', values: expect.arrayContaining(['22', '203.0.113.7/32']) }],
    });

    log.events = [causeEvent({ at })];
    core.now += 4 * MINUTE;
    await core.askCauses();
    expect(log.questions).toHaveLength(1);
    core.now += MINUTE;
    await core.askCauses();
    expect(log.questions).toHaveLength(2);
    expect(core.chat.in('C0OPS')).toHaveLength(1);
    expect(newest()).toContain('By Dana (SSO, console) ');
    expect(newest()).toContain(' · AuthorizeSecurityGroupIngress · event');
    const [entry] = (await core.store.audit({ stack: STACK })).filter((e) => e.action === 'cause-found');
    expect(entry?.detail).toBe(
      `${SSH.address}: by dana@acme.dev (SSO, console, dana of m0.yaml), AuthorizeSecurityGroupIngress at ${new Date(at).toISOString()}: event names the attribute`,
    );

    // It is known: nothing is asked any more, in later checks neither.
    await core.check();
    core.now += 60 * MINUTE;
    await core.askCauses();
    expect(log.questions).toHaveLength(2);
    expect(words((await core.say('why #2'))?.blocks)).toContain('By Dana (SSO, console)');
    expect(words((await core.say(`history ${STACK}`))?.blocks)).toContain('learnt who changed the cloud of');
  });

  it('is not known after 20 minutes if the log never has it', async () => {
    await found();
    for (const minutes of [0, 5, 10, 5]) {
      core.now += minutes * MINUTE;
      await core.askCauses();
    }
    expect(newest()).toContain('Who did it is not known: nothing in the log');
    expect(log.questions).toHaveLength(4);
    core.now += 60 * MINUTE;
    await core.askCauses();
    expect(log.questions).toHaveLength(4);
    expect((await core.store.causes(STACK))[0]?.status).toBe('none');
  });

  it('is said with care where no event names the attribute', async () => {
    await found();
    log.events = [
      causeEvent({ at: core.now - MINUTE, grade: 'event touched the resource', name: 'CreateTags' }),
    ];
    await core.askCauses();
    expect(newest()).toContain('Perhaps by Dana (SSO, console)');
    expect(newest()).toContain('it touched the resource and names no attribute · asked again until');
    core.now += 20 * MINUTE;
    await core.askCauses();
    expect(newest()).not.toContain('asked again until');
  });

  it('tells why the log can not be asked, and asks again a minute later', async () => {
    await found();
    log.events = new Error('AccessDenied: no lookups for m0');
    await core.askCauses();
    expect(newest()).toContain('Who did it is not known yet: AccessDenied: no lookups for m0');
    log.events = [causeEvent({ at: core.now - MINUTE })];
    core.now += MINUTE;
    await core.askCauses();
    expect(newest()).toContain('By Dana');
  });

  it('survives a restart in between', async () => {
    await found();
    await core.askCauses();
    log.events = [causeEvent({ at: core.now - MINUTE })];
    core.now += 30 * MINUTE;
    await core.restart();
    await core.askCauses();
    expect(newest()).toContain('By Dana');
    expect(log.questions).toHaveLength(2);
  });

  it('is asked anew for the same drift made again, and not before it was right', async () => {
    await found();
    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    log.events = [];
    const seen = core.now;
    await found();
    await core.askCauses();
    expect(log.questions.at(-1)?.from).toBe(seen);
    expect(newest()).toContain('Who did it is not known yet');
  });

  it('is asked with the times at which m0 itself applied, and the mark of its requests then', async () => {
    const id = await found();
    await core.sayText(`approve #${id}`, DANA);
    await core.sayText(`approve #${id}`, KIM);
    await core.untilIdle();
    const { at } = (await core.run(id)).applied[0] ?? { at: 0 };
    expect(at).toBe(core.now);
    core.now += 60 * MINUTE;
    core.cloud.drift.set(STACK, [TAG]);
    await core.check();
    await core.askCauses();
    const asked = log.questions.find(({ address }) => address === TAG.address);
    expect(asked?.applies).toEqual([{ mark: applyMark(STACK, id, 'test-key'), from: at, to: at }]);
  });

  it('costs nothing where no role is configured', async () => {
    await core.close();
    await open({ causes: { cloudtrail: null, athena: null, ask: false } });
    await found();
    await core.askCauses();
    expect(log.questions).toHaveLength(0);
    expect(newest()).not.toContain('Who did it');
    expect(await core.store.causes(STACK)).toEqual([]);
  });
});

describe('whoever changed the cloud', () => {
  beforeEach(async () => {
    await core.close();
    await open({ approvers: { from: ['sre'], need: 1, notTheAuthor: true } });
  });

  it('may neither approve nor accept it under notTheAuthor; somebody else may', async () => {
    const id = await found();
    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    expect(newest()).toContain(', but not Dana, who changed some of it by hand');
    const refusal = "By the cloud's log you made some of this drift of prod-network yourself";
    expect(await core.sayText(`approve #${id}`, DANA)).toContain(refusal);
    expect(await core.sayText(`accept #${id} it is right`, DANA)).toContain(refusal);
    expect(await core.sayText(`approve #${id}`, KIM)).not.toContain(refusal);
    await core.untilIdle();
    expect(core.cloud.applies).toHaveLength(1);
  });

  it('who is nobody of m0.yaml costs one approval more', async () => {
    const id = await found();
    log.events = [causeEvent({ at: core.now - MINUTE, who: BREAK_GLASS })];
    await core.askCauses();
    expect(newest()).toContain('By break-glass (role, session ops, console)');
    expect(newest()).toContain(
      'break-glass is nobody under people in m0.yaml, so one more person must approve',
    );
    await core.sayText(`approve #${id}`, KIM);
    expect(core.cloud.applies).toHaveLength(0);
    await core.sayText(`approve #${id}`, DANA);
    await core.untilIdle();
    expect(core.cloud.applies).toHaveLength(1);
  });

  it('may approve before the log names them, but only with one person more', async () => {
    const id = await found();
    expect(newest()).toContain('2 approvals from');
    expect(newest()).toContain(
      'One more approval, because it is not known yet who changed the cloud: the log is asked until ',
    );
    expect(await core.sayText(`approve #${id}`, DANA)).toContain(
      'needs 2 approvals: Dana ✓, 1 more. One more approval, because it is not known yet who changed the cloud.',
    );
    expect(core.cloud.applies).toHaveLength(0);

    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    expect(newest()).toContain('1 approval:');
    expect(newest()).toContain(', but not Dana, who changed some of it by hand');
    expect(newest()).not.toContain('Dana ✓');
    expect(words((await core.say(`history ${STACK}`))?.blocks)).toContain('counted again the approvals of');
    expect(core.cloud.applies).toHaveLength(0);
    await core.sayText(`approve #${id}`, KIM);
    await core.untilIdle();
    expect(core.cloud.applies).toHaveLength(1);
    expect((await core.run(id)).applied[0]?.approvedBy.map(({ name }) => name)).toEqual(['Kim']);
  });

  it.each([
    ['names somebody else', () => [causeEvent({ at: core.now - MINUTE })]],
    ['never has it', () => []],
  ])('who approved with one more needed is enough once the log %s', async (_, events) => {
    const id = await found();
    await core.sayText(`approve #${id}`, KIM);
    await core.untilIdle();
    expect(core.cloud.applies).toHaveLength(0);
    log.events = events();
    core.now += 20 * MINUTE;
    await core.askCauses();
    expect(core.cloud.applies).toHaveLength(1);
    expect((await core.run(id)).applied[0]?.approvedBy.map(({ name }) => name)).toEqual(['Kim']);
  });

  it('is enough after a restart, if m0 ended right after it stored what the log said', async () => {
    const id = await found();
    await core.askCauses();
    await core.sayText(`approve #${id}`, KIM);
    await core.untilIdle();
    const [cause] = await core.store.causes(STACK);
    if (cause === undefined) throw new Error('nobody asked');
    const events = [causeEvent({ at: core.now - MINUTE })];
    const told = { ...cause, status: 'found' as const, events, looks: cause.looks + 1, nextLookAt: null };
    await core.store.commit([{ type: 'cause.update', cause: told }]);
    expect((await core.run(id)).state).toBe('awaiting_approval');
    await core.restart();
    await core.askCauses();
    expect(core.cloud.applies).toHaveLength(1);
  });

  it.each([
    ['counts the approvals', 'runs'],
    ['stores the count', 'commit'],
  ])('is enough at the next look where the store fails as m0 %s', async (_, method) => {
    const id = await found();
    await core.askCauses();
    await core.sayText(`approve #${id}`, KIM);
    core.now += 20 * MINUTE;
    let told = false;
    core.storeFault = (name) => {
      const fails = told && name === method;
      // The first commit stores what the log said.
      told ||= name === 'commit';
      return fails ? new Error('the disk is gone') : null;
    };
    await core.look();
    core.storeFault = null;
    expect((await core.store.causes(STACK)).map(({ status }) => status)).toEqual(['none']);
    expect((await core.run(id)).state).toBe('awaiting_approval');
    await core.askCauses();
    expect(core.cloud.applies).toHaveLength(1);
  });

  const use = (change: Parameters<typeof stackWith>[0], sre = ['dana', 'kim']): void => {
    const groups = { ...core.directory.groups, sre };
    core.live.replace({ ...core.directory, groups, stacks: [{ ...core.stack, ...change }] });
  };
  const approvers = { from: ['sre'], need: 2, notTheAuthor: true };
  it.each<[string, (id: number) => unknown]>([
    ['m0.yaml took the right from who approved', () => use({}, ['dana'])],
    ['m0.yaml asks for one more', () => use({ approvers })],
    ['m0.yaml says realign: never', () => use({ realign: 'never' })],
    [
      'the policies deny it',
      () => core.cloud.policies.set('tags-auto', [{ rule: 'deny', text: 'a freeze' }]),
    ],
    ['somebody rejected it', (id) => core.sayText(`reject #${id} not today`, DANA)],
    ['somebody snoozed it', (id) => core.sayText(`snooze #${id} 2h later`, DANA)],
    ['it drifted further', () => core.cloud.drift.set(STACK, [SSH, TAG])],
    ['its code changed', () => core.cloud.code.set(STACK, { ...CODE, commit: '2'.repeat(40) })],
  ])('is not enough where meanwhile %s', async (_, change) => {
    const id = await found();
    await core.askCauses();
    await core.sayText(`approve #${id}`, KIM);
    await change(id);
    core.now += 20 * MINUTE;
    await core.askCauses();
    await core.askCauses();
    expect((await core.store.causes(STACK))[0]?.status).toBe('none');
    expect(core.cloud.applies).toEqual([]);
  });

  it('is not applied before the end of a pause that began meanwhile', async () => {
    const id = await found();
    await core.askCauses();
    await core.sayText(`approve #${id}`, KIM);
    await core.sayText(`pause ${STACK} a freeze`, DANA);
    core.now += 20 * MINUTE;
    await core.look();
    expect((await core.run(id)).state).toBe('approved');
    expect(core.cloud.applies).toEqual([]);
    await core.sayText(`resume ${STACK}`, DANA);
    await core.untilIdle();
    expect(core.cloud.applies).toHaveLength(1);
  });

  it('is enough for each part of a run, one after the other', async () => {
    const db = {
      ...tagFinding('aws_db_instance.prod'),
      ...{ type: 'aws_db_instance', origin: 'cloud' as const, action: 'replace' as const },
    };
    core.cloud.code.set(STACK, withInputs(CODE, core.stack.source, { digest: 'same' }));
    core.cloud.drift.set(STACK, [TAG, db]);
    const { id } = await core.check();
    await core.deliver();
    const buttons = core.chat.in('C0OPS').flatMap((m) => buttonsOf(m.card));
    const approvals = buttons.map((b) => b.command).filter((command) => command.startsWith('approve'));
    expect(approvals).toHaveLength(2);
    for (const command of approvals) await core.sayText(command, KIM, true);
    expect(core.cloud.applies).toHaveLength(0);
    core.now += 20 * MINUTE;
    await core.askCauses();
    await core.askCauses();
    expect(core.cloud.applies.map(({ touched }) => touched)).toEqual([[TAG.address], [db.address]]);
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('is not enough where the log names them while their approval is being confirmed', async () => {
    await core.close();
    await open({ approvers: { from: ['sre'], need: 1, notTheAuthor: true } });
    const id = await found();
    await core.askCauses();
    await core.sayText(`approve #${id}`, DANA);
    // The log is asked until then; after it nobody is excluded.
    core.now += 20 * MINUTE;
    core.cloud.next('plan', async () => {
      const [cause] = await core.store.causes(STACK);
      if (cause === undefined) throw new Error('nobody asked');
      const events = [causeEvent({ at: core.now - MINUTE })];
      await core.store.commit([
        { type: 'cause.update', cause: { ...cause, status: 'found', events, looks: cause.looks + 1 } },
      ]);
    });
    await core.askCauses();
    expect(core.cloud.applies).toHaveLength(0);
    expect((await core.run(id)).state).toBe('awaiting_approval');
    expect(newest()).toContain("by the cloud's log Dana made some of this drift (notTheAuthor)");
  });

  it('may accept it before the log names them, which then ends', async () => {
    const id = await found();
    await core.sayText(`accept #${id} it is right`, DANA);
    await core.deliver();
    expect((await core.store.exemptions(STACK)).map(({ kind }) => kind)).toEqual(['accept']);
    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    expect(await core.store.exemptions(STACK)).toEqual([]);
    expect(newest()).toContain('By Dana (SSO, console)');
    const [run] = await core.store.runs({ stack: STACK, limit: 1 });
    expect(run?.state).toBe('awaiting_approval');
    const refusal = "By the cloud's log you made some of this drift";
    expect(await core.sayText(`accept #${run?.id} it is right`, DANA)).toContain(refusal);
    expect(await core.sayText(`accept #${run?.id} it is right`, KIM)).toContain('Accepted');
  });

  it('costs no approval more where authors may approve', async () => {
    await core.close();
    await open({ approvers: { from: ['sre'], need: 1, notTheAuthor: false } });
    const id = await found();
    expect(newest()).not.toContain('One more approval');
    await core.sayText(`approve #${id}`, DANA);
    await core.untilIdle();
    expect(core.cloud.applies).toHaveLength(1);
  });

  it('is asked in a direct message where m0.yaml says so', async () => {
    await core.close();
    await open({ causes: { ...CAUSES, ask: true } });
    await found();
    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    await core.deliver();
    expect(dms()).toContain('Was this you?');
    await core.askCauses();
    expect(dms().split('Was this you?')).toHaveLength(2);
  });

  it('is not asked where m0.yaml does not', async () => {
    await found();
    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    expect(dms()).not.toContain('Was this you?');
  });
});

describe('a policy that reads who did it', () => {
  beforeEach(() => {
    core.cloud.causeReaders.add('tags-auto');
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'a tag' }]);
  });

  it('allows nothing before it is known, and is asked again then', async () => {
    await found(TAG);
    expect(core.cloud.causes?.get(TAG.fingerprint)).toMatchObject({ status: 'pending', who: null });
    expect(core.cloud.applies).toHaveLength(0);
    expect(newest()).toContain('waits for who did it, until 15:20');

    log.events = [causeEvent({ at: core.now - MINUTE, name: 'DeleteBucketTagging' })];
    await core.askCauses();
    expect(core.cloud.causes?.get(TAG.fingerprint)).toMatchObject({
      ...{ status: 'found', who: 'dana@acme.dev', how: 'console', grade: 'event names the attribute' },
      events: [{ person: 'dana', role: 'Admin', event: 'DeleteBucketTagging' }],
    });
    expect(core.cloud.applies).toHaveLength(1);
    expect(newest()).toContain('By Dana (SSO, console)');
  });

  it('is asked again after 20 minutes where nothing is found', async () => {
    await found(TAG);
    await core.askCauses();
    core.now += 20 * MINUTE;
    await core.askCauses();
    expect(core.cloud.causes?.get(TAG.fingerprint)).toMatchObject({ status: 'none', grade: 'nothing found' });
    expect(core.cloud.applies).toHaveLength(1);
  });

  it('still denies at once', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'deny', text: 'no' }]);
    await found(TAG);
    expect((await core.store.runs({ stack: STACK }))[0]?.state).toBe('denied');
  });

  it('does not hold up one that does not', async () => {
    core.cloud.causeReaders.clear();
    await found(TAG);
    expect(core.cloud.applies).toHaveLength(1);
    // Who took the healed tag away is told all the same.
    log.events = [causeEvent({ at: core.now - MINUTE, name: 'DeleteBucketTagging' })];
    core.now += 5 * MINUTE;
    await core.askCauses();
    expect(newest()).toContain('By Dana (SSO, console)');
  });
});
