/** What holds applies back, in the store: pauses, and the heals that the brake counts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewHeals } from '../../src/model/brake.ts';
import type { Change } from '../../src/ports/store.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { DANA, KIM, NOON } from '../support/runs.ts';
import { BACKENDS } from '../support/store-backends.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NETWORK = { name: 'prod-network', environment: 'prod' };
const pauseOf = (target: string, at = NOON): Change => ({
  type: 'pause.add',
  pause: { target, by: DANA, at, reason: 'the vendor works on it' },
});
const guard = (stack = NETWORK): Change => ({ type: 'unless.paused', stack });
const mark = (name: string): Change => ({ type: 'value.set', name, value: 'written' });

function healsOf(run: number, at: number, change: Partial<NewHeals> = {}): NewHeals {
  const scope = [{ address: 'aws_s3_bucket.logs', fingerprint: 'f-logs' }];
  return {
    stack: 'prod-network',
    environment: 'prod',
    run,
    version: 5,
    at,
    byPolicy: true,
    scope,
    ...change,
  };
}
const add = (heals: NewHeals, limit = 20): Change => ({ type: 'heals.add', heals, limit });

describe.each(BACKENDS)('$name: pauses', (backend) => {
  let place: string;
  let store: AuditedStore;
  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-pauses-'));
    store = await backend.open(place);
  });
  afterEach(async () => {
    await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  it('refuse a commit with the guard, all of it, and say which pause it was', async () => {
    expect(await store.commit([guard(), mark('before')])).toMatchObject({ ok: true });
    await store.commit([pauseOf('prod')]);
    const refused = await store.commit([mark('after'), guard(), mark('later')]);
    const pause = { id: 1, target: 'prod', by: DANA, at: NOON, reason: 'the vendor works on it' };
    expect(refused).toEqual({
      ok: false,
      refused: { type: 'paused', pause: { ...pause, endedBy: null, endedAt: null } },
    });
    expect([await store.value('before'), await store.value('after')]).toEqual(['written', undefined]);
    expect(await store.commit([guard({ name: 'dev-app', environment: 'dev' })])).toMatchObject({ ok: true });
  });

  it.each([
    ['prod-network', true],
    ['PROD-Network', true],
    ['stack:prod-network', true],
    ['env:prod', true],
    ['environment:Prod', true],
    ['prod-*', true],
    ['*', true],
    ['env:prod-network', false],
    ['stack:prod', false],
    ['prod-networ', false],
    ['dev-*', false],
  ])('of %s cover a stack of prod: %s', async (target, covered) => {
    await store.commit([pauseOf(target)]);
    expect((await store.commit([guard()])).ok).toBe(!covered);
  });

  it('hold over a restart and until a person ends them; the first end stays', async () => {
    await store.commit([pauseOf('prod'), pauseOf('prod', NOON + 1), pauseOf('*')]);
    await store.close();
    store = await backend.open(place);
    expect((await store.pauses()).map((p) => [p.target, p.at])).toEqual([
      ['prod', NOON],
      ['*', NOON],
    ]);
    for (const [by, at] of [
      [KIM, NOON + HOUR],
      [DANA, NOON + 2 * HOUR],
    ] as const) {
      await store.commit([{ type: 'pause.end', id: 1, by, at }]);
    }
    expect((await store.pauses()).map((p) => p.target)).toEqual(['*']);
    expect((await store.pauses({ ended: true }))[0]).toMatchObject({ endedBy: KIM, endedAt: NOON + HOUR });
    expect((await store.overview([], NOON)).pauses.map((p) => p.target)).toEqual(['*']);
    await expect(store.commit([{ type: 'pause.end', id: 99, by: KIM, at: NOON }])).rejects.toThrow(
      'no pause 99',
    );
    // The same target can be paused again.
    await store.commit([pauseOf('prod', NOON + 3 * HOUR)]);
    expect((await store.pauses()).map((p) => p.target)).toEqual(['*', 'prod']);
  });

  it('that are damaged stop every apply, and no pause is overlooked', async () => {
    await store.commit([pauseOf('dev')]);
    await backend.sql(place, "UPDATE pauses SET by = 'no json'");
    await expect(store.commit([guard()])).rejects.toThrow('pause 1 in the database is not JSON');
  });
});

describe.each(BACKENDS)('$name: heals', (backend) => {
  let place: string;
  let store: AuditedStore;
  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-heals-'));
    store = await backend.open(place);
  });
  afterEach(async () => {
    await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  it('of the same finding are refused the third time in 24 hours, all of the commit', async () => {
    await store.commit([add(healsOf(1, NOON))]);
    await store.commit([add(healsOf(2, NOON + HOUR))]);
    const third = await store.commit([add(healsOf(3, NOON + 2 * HOUR)), mark('third')]);
    expect(third).toMatchObject({
      ok: false,
      refused: { type: 'braked', brakes: [{ why: 'again', heals: [{ run: 1 }, { run: 2 }] }] },
    });
    expect(await store.value('third')).toBeUndefined();
    expect((await store.healHistory(NETWORK, NOON + 2 * HOUR)).heals).toHaveLength(2);
    // Another value is another finding, another stack has a count of its own, and people are not limited.
    const other = [{ address: 'aws_s3_bucket.logs', fingerprint: 'f-other' }];
    expect(await store.commit([add(healsOf(3, NOON + 2 * HOUR, { scope: other }))])).toMatchObject({
      ok: true,
    });
    const stack = { stack: 'prod-db' };
    expect(await store.commit([add(healsOf(4, NOON + 2 * HOUR, stack))])).toMatchObject({ ok: true });
    expect(await store.commit([add(healsOf(5, NOON + 2 * HOUR, { byPolicy: false }))])).toMatchObject({
      ok: true,
    });
    // The answer of a person starts the count anew.
    expect(await store.commit([add(healsOf(6, NOON + 3 * HOUR))])).toMatchObject({ ok: true });
  });

  it('of 24 hours ago count no more, and those of the future count: then the clock was set back', async () => {
    await store.commit([add(healsOf(1, NOON)), add(healsOf(2, NOON + HOUR))]);
    expect((await store.commit([add(healsOf(3, NOON + 24 * HOUR - 1))])).ok).toBe(false);
    expect((await store.commit([add(healsOf(3, NOON - HOUR))])).ok).toBe(false);
    expect((await store.commit([add(healsOf(3, NOON + 24 * HOUR))])).ok).toBe(true);
  });

  it('are limited by runs in an hour for each environment; the first commit takes the last place', async () => {
    const one = (run: number, at: number, change: Partial<NewHeals> = {}) =>
      store.commit([add(healsOf(run, at, { stack: `s-${run}`, ...change }), 2)]);
    const two = [
      { address: 'aws_a.b', fingerprint: 'f-1' },
      { address: 'aws_c.d', fingerprint: 'f-2' },
    ];
    expect((await one(1, NOON, { scope: two })).ok).toBe(true);
    expect((await one(2, NOON, { byPolicy: false })).ok).toBe(true);
    const [a, b] = await Promise.all([one(3, NOON + MINUTE), one(4, NOON + MINUTE)]);
    expect([a.ok, b.ok]).toEqual([true, false]);
    expect(b).toMatchObject({
      refused: { type: 'braked', brakes: [{ why: 'limit', limit: 2, environment: 'prod' }] },
    });
    expect((await one(5, NOON + MINUTE, { environment: 'dev' })).ok).toBe(true);
    expect((await one(6, NOON + HOUR)).ok).toBe(true);
  });

  it('that changed nothing are taken back, and only those', async () => {
    await store.commit([add(healsOf(1, NOON)), add(healsOf(1, NOON + MINUTE, { version: 8 }))]);
    await store.commit([{ type: 'heals.undo', run: 1, version: 8 }]);
    expect((await store.healHistory(NETWORK, NOON + HOUR)).heals.map((h) => h.at)).toEqual([NOON]);
  });

  it('keep when the drift was first there again', async () => {
    await store.commit([add(healsOf(1, NOON))]);
    const findings = [{ address: 'aws_s3_bucket.logs', fingerprint: 'f-logs' }];
    const seen = (stack: string, at: number, fingerprint = 'f-logs'): Change => ({
      type: 'heals.seen',
      stack,
      findings: findings.map((f) => ({ ...f, fingerprint })),
      at,
    });
    await store.commit([seen('prod-network', NOON - 1), seen('prod-db', NOON + 1)]);
    await store.commit([seen('prod-network', NOON + 1, 'f-other')]);
    expect((await store.healHistory(NETWORK, NOON + HOUR)).heals[0]?.seenAgainAt).toBeNull();
    await store.commit([seen('prod-network', NOON + 9 * MINUTE), seen('prod-network', NOON + HOUR)]);
    expect((await store.healHistory(NETWORK, NOON + HOUR)).heals[0]?.seenAgainAt).toBe(NOON + 9 * MINUTE);
  });
});
