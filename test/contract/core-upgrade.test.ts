import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import { Core, STACK } from '../support/core.ts';
import { DANA, sshFinding, tagFinding } from '../support/runs.ts';

/** The same drift as the version before told it: an older fingerprint, and no change hash. */
function before(finding: Finding): Finding {
  const { change: _, ...told } = finding;
  return { ...told, fingerprint: Buffer.from(finding.fingerprint).toString('hex').padEnd(64, '0') };
}
const TAG = tagFinding();
const SSH = sshFinding();

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const posted = () => core.chat.in('C0OPS');

/** The old version told this drift; then m0 was replaced by the new one. */
async function toldBefore(findings: readonly Finding[], words: readonly string[] = []): Promise<number> {
  core.cloud.drift.set(STACK, findings.map(before));
  const { id } = await core.check();
  for (const said of words) await core.say(said.replace('RUN', `#${id}`));
  await core.deliver();
  await core.restart();
  return id;
}

it('no card is posted again, and the open one can be approved after the first check', async () => {
  const first = await toldBefore([TAG, SSH]);
  core.cloud.drift.set(STACK, [TAG, SSH]);
  const { state, relatedRun } = await core.check();
  await core.deliver();
  expect([state, relatedRun]).toEqual(['quiet', first]);
  expect(posted()).toHaveLength(1);
  expect((await core.store.run(first))?.findings.map((f) => f.fingerprint)).toEqual([
    TAG.fingerprint,
    SSH.fingerprint,
  ]);
  await core.say(`approve #${first}`);
  await core.untilIdle();
  expect((await core.store.run(first))?.state).toBe('realigned');
  const upgrades = (await core.store.audit({ stack: STACK })).filter((e) => e.action === 'upgrade');
  expect(upgrades).toMatchObject([
    { actor: { platform: 'm0' }, detail: expect.stringContaining('rewritten') },
  ]);
});

it('what was snoozed and accepted stays so, also after later checks', async () => {
  await toldBefore(
    [TAG, SSH],
    [`snooze RUN ${SSH.address} 2h vendor needs SSH`, `accept RUN ${TAG.address} nobody owns it`],
  );
  core.cloud.drift.set(STACK, [TAG, SSH]);
  for (const _ of [1, 2]) expect((await core.check()).state).toBe('quiet');
  await core.deliver();
  expect(posted()).toHaveLength(1);
  const kept = await core.store.exemptions(STACK);
  expect(kept.map((k) => [k.kind, k.fingerprint]).sort()).toEqual([
    ['accept', TAG.fingerprint],
    ['snooze', SSH.fingerprint],
  ]);
});

it('a snooze that ended while m0 was replaced opens again, as without an upgrade', async () => {
  const first = await toldBefore([TAG, SSH], [`snooze RUN ${SSH.address} 2h vendor needs SSH`]);
  core.cloud.drift.set(STACK, [TAG, SSH]);
  core.now += 3 * 3_600_000;
  expect(await core.check()).toMatchObject({ state: 'awaiting_approval' });
  await core.deliver();
  expect(posted()).toHaveLength(2);
  expect((await core.store.run(first))?.state).toBe('superseded');
});

it('what was snoozed stays so where somebody answers on the card at the same moment', async () => {
  const first = await toldBefore([TAG, SSH], [`snooze RUN ${SSH.address} 2h vendor needs SSH`]);
  core.cloud.drift.set(STACK, [TAG, SSH]);
  let raced = false;
  core.beforeCommit = async (changes) => {
    if (!raced && changes.some((change) => change.type === 'run.upgrade')) {
      raced = true;
      await core.say(`reject #${first} the owner does it`);
    }
  };
  expect(await core.check()).toMatchObject({ state: 'quiet' });
  expect(raced).toBe(true);
  await core.deliver();
  expect(posted()).toHaveLength(1);
  const [kept] = await core.store.exemptions(STACK);
  expect(kept?.fingerprint).toBe(SSH.fingerprint);
});

it('what moved since re-opens', async () => {
  await toldBefore([SSH], [`accept RUN ${SSH.address} vendor needs SSH`]);
  core.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0')]);
  expect((await core.check()).state).toBe('awaiting_approval');
});

it('an approval of the version before covers no apply, and its person is asked again', async () => {
  const id = await toldBefore([SSH]);
  core.cloud.drift.set(STACK, [SSH]);
  await core.say(`approve #${id}`, DANA);
  await core.untilIdle();
  expect(core.cloud.applies).toEqual([]);
  expect((await core.store.run(id))?.state).toBe('awaiting_approval');
  await core.say(`approve #${id}`, DANA);
  await core.untilIdle();
  expect((await core.store.run(id))?.state).toBe('realigned');
});
