import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StaleBundle } from '../../src/decisions/decision.ts';
import type { Stack } from '../../src/model/directory.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { DANA, KIM, NOON, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const ALLOW = [{ rule: 'allow' as const, text: 'metadata only', address: TAG.address }];
const REFUSED = 'e4f5a6b7'.repeat(5);
const STALE: StaleBundle = {
  id: REFUSED,
  error: 'commit e4f5a6b is refused: tags.rego:7: rego_parse_error: unexpected token',
  since: NOON,
};

let core: Core;
async function open(change: Partial<Stack> = {}): Promise<void> {
  core = await Core.open([stackWith(change)]);
  await core.worker.start();
}
beforeEach(() => open());
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});
const applied = (): readonly (readonly string[])[] => core.cloud.applies.map((a) => a.touched);

/** A drifted tag under a policy whose newest commit is refused. */
async function stale(trouble: StaleBundle = STALE): Promise<void> {
  core.cloud.policies.set('tags-auto', ALLOW);
  core.cloud.stale.set('tags-auto', trouble);
  core.cloud.drift.set(STACK, [TAG]);
}

const policyCards = () => core.chat.in('C0OPS').filter((m) => m.card.headline.startsWith('Policy tags-auto'));

describe('a stale policy', () => {
  it('applies nothing automatically, and is reported once with the compiler’s line', async () => {
    await stale();
    expect((await core.check()).state).toBe('awaiting_approval');
    await core.policyWatch.checkPolicies();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(applied()).toEqual([]);
    const [card, ...more] = policyCards();
    expect(more).toEqual([]);
    const text = card === undefined ? '' : textOf(card.card);
    expect(text).toContain('tags.rego:7: rego_parse_error');
    expect(text).toContain('is broken at e4f5a6b: nothing is applied by itself');
    expect(text).toContain(STACK);
  });

  it('decides by the last good commit after an approver acknowledged this problem', async () => {
    await stale();
    await core.check();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(await core.click('seen tags-auto')).toBeNull();
    expect((await core.check('command')).state).toBe('realigned');
    expect(applied()).toEqual([[TAG.address]]);
    await core.deliver();
    expect(textOf(policyCards()[0]?.card ?? { headline: '', tone: 'plain', blocks: [] })).toContain('Dana');

    // The next refused commit is a new problem, which nobody has acknowledged.
    await stale({ ...STALE, id: 'f'.repeat(40) });
    expect((await core.check('command')).state).toBe('awaiting_approval');
    expect(applied()).toHaveLength(1);
    const record = await core.store.audit({ stack: 'tags-auto' });
    expect(record.map((e) => [e.action, e.actor.name])).toEqual([
      ['policy-seen', 'Dana'],
      ['policy-stale', 'm0'],
    ]);
  });

  it('can be acknowledged by approvers only, and not from an old card', async () => {
    await stale();
    await core.check();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(await core.sayText('seen tags-auto', EVE)).toMatch(/Only .* may approve prod-network/);
    await stale({ ...STALE, id: 'f'.repeat(40) });
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(await core.sayText(`seen tags-auto ${REFUSED.slice(0, 8)}`)).toContain('an earlier state');
    expect(await core.sayText('seen nothing')).toContain('There are tags-auto');
    await core.check('command');
    expect(applied()).toEqual([]);
  });

  it('still denies what the last good commit denies', async () => {
    await stale();
    core.cloud.policies.set('tags-auto', [{ rule: 'deny', text: 'frozen' }]);
    expect((await core.check()).state).toBe('denied');
    expect(await core.sayText('approve #1')).toContain('Nothing to approve');
  });

  it('that turns stale between the decision and the apply is not applied', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('bundles', () => void core.cloud.stale.set('tags-auto', STALE));
    await core.check();
    expect(applied()).toEqual([]);
    expect((await core.store.runs({ states: ['awaiting_approval'] })).length).toBe(1);
  });

  it('without any good commit can’t be acknowledged', async () => {
    await stale();
    core.cloud.commit = null;
    await core.policyWatch.checkPolicies();
    expect(await core.sayText('seen tags-auto')).toContain('No commit of tags-auto was ever good');
  });

  it('that is fixed closes its message and decides again', async () => {
    await stale();
    await core.check();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    core.cloud.stale.clear();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(policyCards().map((m) => m.card.headline)).toEqual([
      expect.stringContaining('Policy tags-auto is in order since'),
    ]);
    expect((await core.check('command')).state).toBe('realigned');
  });

  it('of an unreachable repository is reported after five minutes, once', async () => {
    await stale({ id: NOON.toString(16), error: 'running git fetch: connection refused', since: NOON });
    await core.check();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(policyCards()).toEqual([]);
    core.now += 5 * 60_000;
    await core.policyWatch.checkPolicies();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(policyCards().map((m) => textOf(m.card))).toEqual([expect.stringContaining('connection refused')]);
    expect(applied()).toEqual([]);

    // A new process measures the outage from its start, but for people it is the same problem.
    await core.click('seen tags-auto');
    const since = core.now + 1000;
    await stale({ id: since.toString(16), error: 'running git fetch: connection refused', since });
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(policyCards()).toHaveLength(1);
    expect((await core.check('command')).state).toBe('realigned');
  });
});

describe('a policy that leaves something out', () => {
  const DENY = { file: 'tags_test.rego', line: 8, text: 'this deny is left out' };
  const LIMITS = { file: 'limits.json', line: 1, text: 'left out, because only data.json is loaded' };
  const told = () => core.chat.in('C0OPS').filter((m) => m.card.headline.includes('leaves'));

  async function look(leftOut: readonly (typeof DENY)[], commit = 'a1b2c3d4'.repeat(5)): Promise<void> {
    core.cloud.commit = commit;
    core.cloud.leftOut.set('tags-auto', leftOut);
    await core.policyWatch.checkPolicies();
    await core.deliver();
  }

  it('is told once in the channel, and again only when it leaves out something else', async () => {
    await look([DENY]);
    await look([DENY]);
    await look([DENY], 'b'.repeat(40));
    expect(told().map((m) => m.card.headline)).toEqual([
      'Policy tags-auto leaves something out at a1b2c3d: m0 decides without it',
    ]);
    const text = textOf(told()[0]?.card ?? { headline: '', tone: 'plain', blocks: [] });
    for (const part of ['tags_test.rego:8', 'this deny is left out', STACK]) expect(text).toContain(part);
    await look([DENY, LIMITS], 'c'.repeat(40));
    expect(told().map((m) => m.card.headline)).toEqual([
      expect.stringContaining('leaves something out at a1b2c3d'),
      'Policy tags-auto leaves 2 things out at ccccccc: m0 decides without them',
    ]);
  });

  it('is told again once it was put right', async () => {
    await look([DENY]);
    await look([], 'b'.repeat(40));
    await look([DENY], 'c'.repeat(40));
    expect(told()).toHaveLength(2);
  });

  it('is not told while nothing is known of it, and stays told', async () => {
    await look([DENY]);
    core.cloud.commit = null;
    core.cloud.leftOut.clear();
    await core.policyWatch.checkPolicies();
    await look([DENY], 'b'.repeat(40));
    expect(told()).toHaveLength(1);
  });

  it('is warned about in `policy STACK`', async () => {
    await look([DENY, LIMITS]);
    const text = await core.sayText(`policy ${STACK}`);
    const parts = ['WARNING', 'it leaves something out:', 'tags_test.rego:8', DENY.text, 'limits.json:1'];
    for (const part of parts) expect(text).toContain(part);
    core.cloud.leftOut.clear();
    expect(await core.sayText(`policy ${STACK}`)).not.toContain('WARNING');
  });
});

describe('policies asked again with the approvers', () => {
  const two = (approvers: readonly (string | null)[]) =>
    approvers.length < 2 ? [{ rule: 'pending' as const, text: 'two people must approve' }] : ALLOW;

  async function waiting(finding = SSH): Promise<number> {
    core.cloud.drift.set(STACK, [finding]);
    const run = await core.check();
    expect(run.state).toBe('awaiting_approval');
    await core.deliver();
    return run.id;
  }

  it('one that requires two approvals waits for the second, and the first one stays', async () => {
    core.cloud.policies.set('tags-auto', two);
    core.cloud.readers.add('tags-auto');
    const id = await waiting();
    await core.sayText(`approve #${id}`, DANA);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [{ by: DANA }] });
    await core.deliver();
    expect(
      core.chat
        .in('C0OPS')
        .flatMap((m) => m.replies)
        .join('\n'),
    ).toContain('Not applied yet: tags-auto: two people must approve');
    expect(core.chat.in('DU0DANA').map((m) => m.replies)).toEqual([
      ['Not applied yet: tags-auto: two people must approve. Please look again'],
    ]);
    await core.sayText(`approve #${id}`, KIM);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('one that does not read the approvers needs one approval only', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'pending', text: 'a person looks' }]);
    const id = await waiting();
    await core.sayText(`approve #${id}`, DANA);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('the reported missing approval is that of the policy that requires it', async () => {
    await core.close();
    await open({
      policies: ['tags-auto', 'network-human'].map((name) => ({
        ...{ name, git: '', ref: '', path: '' },
        mode: 'decide' as const,
      })),
    });
    core.cloud.policies.set('tags-auto', two);
    core.cloud.readers.add('tags-auto');
    core.cloud.policies.set('network-human', [{ rule: 'pending', text: 'a person looks' }]);
    const id = await waiting();
    await core.sayText(`approve #${id}`, DANA);
    await core.untilIdle();
    await core.deliver();
    expect(core.chat.in('C0OPS').flatMap((m) => m.replies)).toContain(
      'Not applied yet: tags-auto: two people must approve',
    );
    await core.sayText(`approve #${id}`, KIM);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('a new deny is final', async () => {
    core.cloud.policies.set('tags-auto', (approvers) =>
      approvers.includes('dana') ? [{ rule: 'deny', text: 'not by the author' }] : [],
    );
    const id = await waiting();
    await core.sayText(`approve #${id}`, DANA);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect((await core.run(id)).state).toBe('denied');
  });

  it('one that reads the approvers and fails allows nothing', async () => {
    core.cloud.readers.add('tags-auto');
    core.cloud.policies.set('tags-auto', (approvers) =>
      approvers.length > 0 ? new Error('took longer than 2 s') : [],
    );
    const id = await waiting();
    await core.sayText(`approve #${id}`, DANA);
    await core.untilIdle();
    expect(applied()).toEqual([]);
    expect((await core.run(id)).state).toBe('awaiting_approval');
  });

  it('drift that the policies no longer allow is not applied', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    // With a second finding the first plan can't be applied as it is.
    core.cloud.drift.set(STACK, [TAG, SSH]);
    core.cloud.next('bundles', () => void core.cloud.policies.set('tags-auto', []));
    await core.check();
    expect(applied()).toEqual([]);
  });
});
