/** The commits that touch what a stack reads, and those that do not: who may approve, and what an approval is bound to. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import type { CodeAuthor, CodeVersion, StackInputs } from '../../src/model/code-version.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { textOf } from '../support/fake-chat.ts';
import { CODE, DANA, KIM, sshFinding, tagFinding, withInputs } from '../support/runs.ts';

const README = '1111111111111111111111111111111111111111';
const PORT = { ...CODE, commit: '2222222222222222222222222222222222222222', subject: 'open a port' };
const BY_CODE = { ...sshFinding(), origin: 'code' as const };
const SSH = sshFinding();
const TAG = tagFinding();

let core: Core;
beforeEach(async () => {
  core = await Core.open([stackWith({ approvers: { from: ['sre'], need: 1, notTheAuthor: true } })]);
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

/** The head of the ref and what the stack reads at it. */
function codeIs(code: CodeVersion, inputs: Partial<StackInputs> = {}): void {
  core.cloud.code.set(STACK, withInputs(code, core.stack.source, inputs));
}

const allow = (address: string) => [{ rule: 'allow' as const, text: 'metadata only', address }];
const person = (name: string, email = `${name.toLowerCase()}@acme.dev`): CodeAuthor => ({ name, email });

async function waitingWith(...findings: readonly Finding[]): Promise<number> {
  core.cloud.drift.set(STACK, findings);
  const { id } = await core.check();
  await core.deliver();
  return id;
}

const rootCard = (): string => textOf(core.chat.at('C0OPS', 0).card);

describe('a commit that touches nothing that the stack reads', () => {
  it('between the click and the apply does not void the approval, and both commits are on record', async () => {
    codeIs(CODE, { digest: 'same' });
    const id = await waitingWith(SSH);
    codeIs({ ...CODE, commit: README, author: 'Dana', subject: 'README' }, { digest: 'same' });
    await core.click(`approve #${id}`);
    await core.untilIdle();
    const run = await core.run(id);
    expect(run.state).toBe('realigned');
    expect(run.applied[0]?.commits).toEqual({ decided: CODE.commit, applied: README });
    const [entry] = (await core.store.audit({ runId: id })).filter((e) => e.action === 'confirmed');
    expect(entry).toMatchObject({ commit: README });
    expect(entry?.detail).toContain(`decided at ${CODE.commit}`);
    await core.deliver();
    expect(core.chat.at('C0OPS', 0).replies.join()).toContain('Applying from 1111111 instead of 9f8e7d6');
  });

  it('does not change who wrote it, and is not named on the card', async () => {
    const touched = { ...CODE, commit: PORT.commit, subject: 'open a port' };
    codeIs(
      { ...CODE, commit: README, author: 'Dana', authorEmail: 'dana@acme.dev', subject: 'README' },
      { touched, authors: [person('Kim')] },
    );
    const id = await waitingWith(BY_CODE);
    expect(rootCard()).toContain('infra@2222222');
    expect(rootCard()).not.toContain('README');
    expect(await core.sayText(`approve #${id}`, KIM)).toContain('notTheAuthor');
    await core.say(`approve #${id}`, DANA);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
  });
});

describe('a commit that touches it', () => {
  it('voids the approval and is named', async () => {
    codeIs(CODE, { touched: CODE });
    const id = await waitingWith(SSH);
    codeIs(PORT, { touched: PORT });
    await core.click(`approve #${id}`);
    await core.untilIdle();
    await core.deliver();
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
    expect(core.cloud.applies).toEqual([]);
    expect(rootCard()).toContain('infra@2222222 \\"open a port\\" by Kim changed the code');
  });

  it.each<[string, readonly CodeAuthor[]]>([
    ['its author', [person('Dana'), person('Kim')]],
    ['somebody with that address in another spelling', [person('D. Smith', 'DANA@acme.dev')]],
    ['somebody with that name', [person('dana', 'private@mail.example')]],
  ])('may not be approved by %s', async (_who, authors) => {
    codeIs(CODE, { authors });
    const id = await waitingWith(BY_CODE);
    expect(await core.sayText(`approve #${id}`, DANA)).toContain('notTheAuthor');
    expect(rootCard()).toMatch(/anyone in sre[^}]*}[^}]*, but not [^}]*}[^}]*Dana/);
    expect(rootCard()).toContain(', who wrote some of it');
  });

  it('by somebody who is nobody of m0.yaml costs one more approval, and the card says so', async () => {
    codeIs(CODE, { authors: [person('renovate[bot]', 'bot@renovate.example')] });
    const id = await waitingWith(BY_CODE);
    expect(rootCard()).toContain(
      'renovate[bot] is nobody under people in m0.yaml, so one more person must approve',
    );
    await core.say(`approve #${id}`, DANA);
    expect((await core.run(id)).state).toBe('awaiting_approval');
    await core.say(`approve #${id}`, KIM);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('costs nothing more if the cloud moved and not the code', async () => {
    codeIs(CODE, { authors: [person('renovate[bot]', 'bot@renovate.example'), person('Dana')] });
    const id = await waitingWith(SSH);
    await core.say(`approve #${id}`, DANA);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
  });

  it('by an author whose other address m0.yaml names costs nothing more', async () => {
    const people = directory().people.map((one) =>
      one.key === 'kim' ? { ...one, gitEmails: ['kim@users.noreply.example'] } : one,
    );
    await core.restart(directory({ stacks: core.directory.stacks, people }));
    codeIs(CODE, { authors: [person('K', 'Kim@users.noreply.example')] });
    const id = await waitingWith(BY_CODE);
    expect(await core.sayText(`approve #${id}`, KIM)).toContain('notTheAuthor');
    await core.say(`approve #${id}`, DANA);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
  });
});

describe('the commit at which code and cloud last agreed', () => {
  const since = (): string | null => core.cloud.since;

  it('is that of the last check that found nothing', async () => {
    await core.check();
    expect(since()).toBeNull();
    codeIs(PORT);
    core.cloud.drift.set(STACK, [BY_CODE]);
    await core.check();
    expect(since()).toBe(CODE.commit);
    await core.check();
    expect(since()).toBe(CODE.commit);
  });

  it('is that of an apply after which nothing was left', async () => {
    codeIs(PORT);
    const id = await waitingWith(SSH);
    await core.say(`approve #${id}`, DANA);
    await core.untilIdle();
    await core.check();
    expect(since()).toBe(PORT.commit);
  });

  it('is not that of a check in which all was accepted or snoozed', async () => {
    codeIs(PORT);
    const id = await waitingWith(BY_CODE);
    await core.say(`snooze #${id} 2h later`, DANA);
    await core.check();
    await core.check();
    expect(since()).toBeNull();
  });

  it('is unknown once the code is in another folder', async () => {
    await core.check();
    const moved = { ...core.stack, source: { ...core.stack.source, path: 'elsewhere' } };
    await core.restart(directory({ stacks: [moved] }));
    await core.check();
    expect(since()).toBeNull();
  });
});

describe('after it moved since it was approved', () => {
  it('what was approved is asked about again, and the rest heals as the policies say', async () => {
    const id = await waitingWith(SSH);
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0'), TAG]);
    await core.click(`approve #${id}`);
    await core.untilIdle();
    expect(core.cloud.applies.map((one) => one.touched)).toEqual([[TAG.address]]);
    const run = await core.run(id);
    expect(run).toMatchObject({ state: 'awaiting_approval', approvals: [] });
    expect(run.moved).not.toBeNull();
    // Also in the checks that follow.
    core.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0'), tagFinding('aws_s3_bucket.other')]);
    core.cloud.policies.set('tags-auto', allow('aws_s3_bucket.other'));
    await core.check();
    await core.untilIdle();
    expect(core.cloud.applies.at(-1)?.touched).toEqual(['aws_s3_bucket.other']);
    expect((await core.store.runs({ stack: STACK, limit: 1 }))[0]?.state).toBe('awaiting_approval');
  });

  it('what was approved never heals by itself in the same run', async () => {
    const id = await waitingWith(TAG);
    core.cloud.policies.set('tags-auto', allow(TAG.address));
    core.cloud.drift.set(STACK, [tagFinding(TAG.address, 'finance')]);
    await core.click(`approve #${id}`);
    await core.untilIdle();
    expect(core.cloud.applies).toEqual([]);
    expect(await core.run(id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
  });
});
