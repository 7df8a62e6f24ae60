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
  await core.holds();
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
  it('applies nothing by itself, and chat is told once with the compiler’s line', async () => {
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

  it('goes on by the last good commit once an approver has seen it, and only for this trouble', async () => {
    await stale();
    await core.check();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(await core.click('seen tags-auto')).toBeNull();
    expect((await core.check('command')).state).toBe('realigned');
    expect(applied()).toEqual([[TAG.address]]);
    await core.deliver();
    expect(textOf(policyCards()[0]?.card ?? { headline: '', tone: 'plain', blocks: [] })).toContain('Dana');

    // The next refused commit is a trouble that nobody has seen.
    await stale({ ...STALE, id: 'f'.repeat(40) });
    expect((await core.check('command')).state).toBe('awaiting_approval');
    expect(applied()).toHaveLength(1);
    const record = await core.store.audit({ stack: 'tags-auto' });
    expect(record.map((e) => [e.action, e.actor.name])).toEqual([
      ['policy-seen', 'Dana'],
      ['policy-stale', 'm0'],
    ]);
  });

  it('is for approvers to wave on, and not by an old card', async () => {
    await stale();
    await core.check();
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(await core.told('seen tags-auto', EVE)).toMatch(/Only .* may approve prod-network/);
    await stale({ ...STALE, id: 'f'.repeat(40) });
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(await core.told(`seen tags-auto ${REFUSED.slice(0, 8)}`)).toContain('an earlier state');
    expect(await core.told('seen nothing')).toContain('There are tags-auto');
    await core.check('command');
    expect(applied()).toEqual([]);
  });

  it('keeps what the last good commit denies denied', async () => {
    await stale();
    core.cloud.policies.set('tags-auto', [{ rule: 'deny', text: 'frozen' }]);
    expect((await core.check()).state).toBe('denied');
    expect(await core.told('approve #1')).toContain('Nothing to approve');
  });

  it('that turns stale between the decision and the apply is not applied', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('bundles', () => void core.cloud.stale.set('tags-auto', STALE));
    await core.check();
    expect(applied()).toEqual([]);
    expect((await core.store.runs({ states: ['awaiting_approval'] })).length).toBe(1);
  });

  it('without any good commit can’t be waved on', async () => {
    await stale();
    core.cloud.commit = null;
    await core.policyWatch.checkPolicies();
    expect(await core.told('seen tags-auto')).toContain('No commit of tags-auto was ever good');
  });

  it('mended closes its message and decides again', async () => {
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

  it('a repository that is away for less than five minutes is no news, then it is, once', async () => {
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

    // Another process counts anew since when it is away: for people it is the same trouble.
    await core.click('seen tags-auto');
    const since = core.now + 1000;
    await stale({ id: since.toString(16), error: 'running git fetch: connection refused', since });
    await core.policyWatch.checkPolicies();
    await core.deliver();
    expect(policyCards()).toHaveLength(1);
    expect((await core.check('command')).state).toBe('realigned');
  });
});

describe('policies asked again with those who approved', () => {
  const two = (approvers: readonly (string | null)[]) =>
    approvers.length < 2 ? [{ rule: 'pending' as const, text: 'two people must approve' }] : ALLOW;

  async function waiting(finding = SSH): Promise<number> {
    core.cloud.drift.set(STACK, [finding]);
    const run = await core.check();
    expect(run.state).toBe('awaiting_approval');
    await core.deliver();
    return run.id;
  }

  it('one that wants two waits for the second, and the first yes stands', async () => {
    core.cloud.policies.set('tags-auto', two);
    core.cloud.readers.add('tags-auto');
    const id = await waiting();
    await core.told(`approve #${id}`, DANA);
    await core.rest();
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
    await core.told(`approve #${id}`, KIM);
    await core.rest();
    expect(applied()).toEqual([[SSH.address]]);
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('one that never reads them only wanted a person', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'pending', text: 'a person looks' }]);
    const id = await waiting();
    await core.told(`approve #${id}`, DANA);
    await core.rest();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('what is said to be missing is what that policy misses, whatever others want a person for', async () => {
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
    await core.told(`approve #${id}`, DANA);
    await core.rest();
    await core.deliver();
    expect(core.chat.in('C0OPS').flatMap((m) => m.replies)).toContain(
      'Not applied yet: tags-auto: two people must approve',
    );
    await core.told(`approve #${id}`, KIM);
    await core.rest();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('a deny that comes up by then is final', async () => {
    core.cloud.policies.set('tags-auto', (approvers) =>
      approvers.includes('dana') ? [{ rule: 'deny', text: 'not by the author' }] : [],
    );
    const id = await waiting();
    await core.told(`approve #${id}`, DANA);
    await core.rest();
    expect(applied()).toEqual([]);
    expect((await core.run(id)).state).toBe('denied');
  });

  it('one that reads them and then errs lets nothing through', async () => {
    core.cloud.readers.add('tags-auto');
    core.cloud.policies.set('tags-auto', (approvers) =>
      approvers.length > 0 ? new Error('took longer than 2 s') : [],
    );
    const id = await waiting();
    await core.told(`approve #${id}`, DANA);
    await core.rest();
    expect(applied()).toEqual([]);
    expect((await core.run(id)).state).toBe('awaiting_approval');
  });

  it('what the policies allowed and no longer do is not applied', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    // A second finding makes the first plan one that can't be applied as it is.
    core.cloud.drift.set(STACK, [TAG, SSH]);
    core.cloud.next('bundles', () => void core.cloud.policies.set('tags-auto', []));
    await core.check();
    expect(applied()).toEqual([]);
  });
});
