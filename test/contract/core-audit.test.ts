import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/model/audit-entry.ts';
import { toScope } from '../../src/model/open-findings.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { CODE, DANA, KIM, NOON, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const ofTag = toScope([TAG]);
const ofSsh = toScope([SSH]);
/** An exemption is about the drift, not about what an apply does. */
const drift = (scope: typeof ofTag) => scope.map(({ address, fingerprint }) => ({ address, fingerprint }));
const OPS = { platform: 'slack', channel: 'C0OPS' };
const BUNDLES = { 'tags-auto': 'a1b2c3d4' };

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  expect(await core.store.verifyAudit()).toMatchObject({ ok: true });
  await core.close();
});

/** The entries with this action, oldest first. */
async function lines(action: string, stack = STACK): Promise<readonly AuditEntry[]> {
  return (await core.store.audit({ stack })).filter((e) => e.action === action).reverse();
}

const fingerprint = async (id: number): Promise<string | null> => (await core.run(id)).fingerprint;

it('an approval: person, place, findings, commit, bundles, and the number of approvals', async () => {
  await core.restart({ ...core.directory, stacks: [twoMustApprove()] });
  core.cloud.drift.set(STACK, [TAG, SSH]);
  const { id } = await core.check();
  const seen = await fingerprint(id);
  await core.say(`approve #${id}`);
  await core.say(`approve #${id}`, KIM);
  await core.untilIdle();
  const common = { place: OPS, runId: id, fingerprint: seen, commit: CODE.commit, bundles: BUNDLES };
  const scope = [...ofTag, ...ofSsh];
  expect(await lines('approve')).toEqual([
    {
      ...{ ...common, at: NOON, action: 'approve', stack: STACK, actor: DANA, scope },
      detail: 'awaiting_approval -> awaiting_approval: 1 of 2',
    },
    {
      ...{ ...common, at: NOON, action: 'approve', stack: STACK, actor: KIM, scope },
      detail: 'awaiting_approval -> approved: 2 of 2',
    },
  ]);
  // The actions that m0 takes after the approval have the same findings and no chat.
  for (const action of ['confirmed', 'applied', 'verified']) {
    expect(await lines(action), action).toMatchObject([
      { actor: { platform: 'm0' }, place: null, runId: id, commit: CODE.commit, bundles: BUNDLES, scope },
    ]);
  }
  expect((await lines('verified'))[0]?.detail).toBe('verifying -> realigned');
});

function twoMustApprove() {
  return stackWith({ approvers: { from: ['sre'], need: 2, notTheAuthor: false } });
}

it('an automatic decision: the findings and the bundles that allowed them', async () => {
  core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
  core.cloud.drift.set(STACK, [TAG, SSH]);
  const { id } = await core.check();
  expect(await lines('decided')).toMatchObject([
    {
      ...{ actor: { platform: 'm0' }, place: null, runId: id, bundles: BUNDLES, scope: ofTag },
      detail: 'deciding -> approved',
    },
  ]);
});

it.each([
  ['reject', 'vendor is on it', 'awaiting_approval -> rejected: vendor is on it'],
  ['cancel', '', 'awaiting_approval -> canceled'],
])('a %s: person, place and reason', async (deed, reason, detail) => {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.say(`${deed} #${id} ${reason}`);
  expect(await lines(deed)).toMatchObject([
    {
      ...{ actor: DANA, place: OPS, runId: id, commit: CODE.commit, bundles: BUNDLES },
      fingerprint: await fingerprint(id),
      detail,
    },
  ]);
});

it('an exemption and its end: finding, expiry and reason', async () => {
  core.cloud.drift.set(STACK, [TAG, SSH]);
  const { id } = await core.check();
  const about = { actor: DANA, place: OPS, runId: id, commit: CODE.commit, bundles: BUNDLES };
  await core.say(`snooze #${id} ${SSH.address} 2h vendor needs it`);
  expect(await lines('snooze')).toMatchObject([
    {
      ...about,
      scope: drift(ofSsh),
      detail: `${SSH.address} until 2026-03-02T14:00:00.000Z: vendor needs it`,
    },
  ]);
  await core.say(`accept #${id} ${TAG.address} nobody owns it`);
  expect(await lines('accept')).toMatchObject([
    { ...about, scope: drift(ofTag), detail: `${TAG.address}: nobody owns it` },
  ]);
  await core.say(`unsnooze #${id}`, KIM);
  await core.say(`unaccept #${id}`, KIM);
  await core.untilIdle();
  expect(await lines('unsnooze')).toMatchObject([{ actor: KIM, place: OPS, scope: drift(ofSsh) }]);
  expect(await lines('unaccept')).toMatchObject([{ actor: KIM, place: OPS, scope: drift(ofTag) }]);
  await core.say(`snooze ${STACK} 1h`);
  expect((await lines('snooze'))[1]).toMatchObject({
    ...{ actor: DANA, place: OPS, scope: null },
    detail: 'the whole stack until 2026-03-02T13:00:00.000Z',
  });
});

it('an acknowledged stale policy: person, place, and the commit still in use', async () => {
  core.cloud.stale.set('tags-auto', { id: 'e'.repeat(40), error: 'tags.rego:3: no', since: NOON });
  await core.policyWatch.checkPolicies();
  await core.say('seen tags-auto');
  expect(await lines('policy-seen', 'tags-auto')).toMatchObject([
    { actor: DANA, place: OPS, commit: 'a1b2c3d4', bundles: BUNDLES, detail: 'tags.rego:3: no' },
  ]);
});

it('no entry for a refused command', async () => {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  for (const words of ['approve', 'reject', 'cancel']) await core.say(`${words} #${id}`, EVE);
  expect((await core.store.audit({})).filter((e) => e.actor.platform === 'slack')).toEqual([]);
});

it('checks that m0 makes by itself: one line about the answer, and one a day while code and cloud agree', async () => {
  const told = async (): Promise<readonly string[]> =>
    (await core.store.audit({ stack: STACK })).map((e) => `${e.action} ${e.detail}`).reverse();
  const agreed = 'decided deciding -> clean';
  for (let i = 0; i < 3; i += 1) await core.check();
  expect(await told()).toEqual([agreed]);

  core.cloud.drift.set(STACK, [SSH]);
  await core.check();
  const drifted = 'decided deciding -> awaiting_approval';
  expect(await told()).toEqual([agreed, drifted]);

  core.cloud.drift.delete(STACK);
  for (let i = 0; i < 2; i += 1) await core.check();
  const over = expect.stringMatching(/^supersede awaiting_approval -> superseded/);
  expect(await told()).toEqual([agreed, drifted, agreed, over, agreed]);

  core.now += 86_400_000;
  for (let i = 0; i < 2; i += 1) await core.check();
  expect((await told()).slice(5)).toEqual([agreed]);

  // What a person asked for is written step by step.
  await core.check('command');
  const steps = ['start queued -> planning', 'planned planning -> deciding', agreed];
  expect((await told()).slice(6)).toEqual(steps);
});
