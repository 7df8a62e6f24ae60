/** Plans that are told and never applied: values that are made up, and plans that another service keeps. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Core, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const WHY = 'Terragrunt planned with mock_outputs of live/vpc: values that are made up';

let core: Core;
beforeEach(async () => {
  core = await Core.open([stackWith()]);
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const card = (): string =>
  core.chat
    .in('C0OPS')
    .map((m) => [textOf(m.card), ...m.replies].join('\n'))
    .join('\n');

describe('a plan that may only be told', () => {
  it('is shown with the reason, and neither policies nor people can apply it', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'fine' }]);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    core.cloud.tellOnly.set(STACK, WHY);
    const run = await core.check();
    expect(run).toMatchObject({ state: 'denied', tellOnly: WHY });
    await core.deliver();
    expect(card()).toContain(WHY);
    expect(card()).toContain('m0 can’t apply it');
    expect(card()).not.toContain('denied by policy');
    expect(await core.sayText(`approve #${run.id}`)).toContain(
      `Nothing to approve in run #${run.id}: ${WHY}.`,
    );
    await core.untilIdle();
    expect(core.cloud.applies).toEqual([]);
    expect(await core.sayText(`why #${run.id}`)).toContain(WHY);
    expect(await core.sayText('status prod')).toContain(WHY);
    expect(await core.sayText(`policy ${STACK}`)).toContain(WHY);
  });

  it('is not applied where only the look right before the apply is one', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const run = await core.check();
    expect(run.state).toBe('awaiting_approval');
    core.now += 120_000;
    core.cloud.tellOnly.set(STACK, WHY);
    await core.say(`approve #${run.id}`);
    await core.untilIdle();
    expect(await core.run(run.id)).toMatchObject({
      state: 'denied',
      approvals: [],
      applied: [],
      tellOnly: WHY,
    });
    await core.deliver();
    expect(card()).toContain(WHY);
    expect(core.cloud.applies).toEqual([]);
  });

  it('is forgotten with the next plan that may be applied', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    core.cloud.tellOnly.set(STACK, WHY);
    await core.check();
    core.cloud.tellOnly.delete(STACK);
    const run = await core.check();
    expect(run).toMatchObject({ state: 'awaiting_approval', tellOnly: null });
    await core.say(`approve #${run.id}`);
    await core.untilIdle();
    expect((await core.run(run.id)).state).toBe('realigned');
  });

  it('proves nothing where its values may be wrong and it finds nothing', async () => {
    core.cloud.tellOnly.set(STACK, WHY);
    core.cloud.unsure.set(STACK, WHY);
    expect(await core.check()).toMatchObject({ state: 'quiet', unsure: WHY });
  });
});
