/** The main story of the core with its memory on PostgreSQL; the other tests of the core use SQLite. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Core, STACK } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { POSTGRES_MISSING } from '../support/postgres-server.ts';
import { KIM, sshFinding, tagFinding } from '../support/runs.ts';

const SSH = sshFinding();
const TAG = tagFinding();

describe.skipIf(POSTGRES_MISSING !== null)('with PostgreSQL', () => {
  const usual = Core.onPostgres;
  let core: Core;
  beforeAll(() => {
    Core.onPostgres = true;
  });
  afterAll(() => {
    Core.onPostgres = usual;
  });
  beforeEach(async () => {
    core = await Core.open();
    await core.worker.start();
  });
  afterEach(async () => {
    await core.checkInvariants();
    await core.close();
  });

  const card = (): string =>
    core.chat
      .in('C0OPS')
      .map((message) => textOf(message.card))
      .join('\n');

  it('drift is posted, approved, applied once and told as realigned, over a restart in between', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id, state } = await core.check();
    expect(state).toBe('awaiting_approval');
    await core.deliver();
    expect(card()).toContain(SSH.address);
    await core.restart();
    await core.say(`approve #${id}`);
    await core.untilIdle();
    await core.deliver();
    expect((await core.run(id)).state).toBe('realigned');
    expect(core.cloud.applies.map((apply) => apply.touched)).toEqual([[SSH.address]]);
    expect((await core.store.alerts({ state: 'open' })).length).toBe(0);
    expect(await core.store.verifyAudit()).toMatchObject({ ok: true });
  });

  it('of two people who decide at the same time one wins, and nothing is applied twice', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const { id } = await core.check();
    await core.deliver();
    await Promise.all([
      core.say(`approve #${id}`),
      core.say(`approve #${id}`),
      core.say(`reject #${id}`, KIM),
    ]);
    await core.untilIdle();
    expect(core.cloud.applies.length).toBeLessThanOrEqual(1);
    expect(['realigned', 'rejected']).toContain((await core.run(id)).state);
  });

  it('a pause holds an approved apply back, and status tells it', async () => {
    core.cloud.drift.set(STACK, [SSH, TAG]);
    const { id } = await core.check();
    await core.deliver();
    await core.say(`pause ${STACK} because of a release`);
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect(core.cloud.applies).toEqual([]);
    expect(await core.sayText('status')).toContain(STACK);
  });
});
