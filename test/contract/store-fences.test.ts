/** Who works on a stack, in the store: the newest to take it may write, and nobody before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Exemption } from '../../src/model/exemption.ts';
import type { Run } from '../../src/model/run.ts';
import type { Change } from '../../src/ports/store.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { exemption, run } from '../support/runs.ts';
import { BACKENDS } from '../support/store-backends.ts';

const newExemption = (stack: string): Omit<Exemption, 'id'> => {
  const { id: _, ...rest } = exemption({ stack, runId: null });
  return rest;
};
const mark = (name: string): Change => ({ type: 'value.set', name, value: 'written' });
const proof = (stack: string, fence: number): Change => ({ type: 'unless.taken', stack, fence });

describe.each(BACKENDS)('$name: stacks that processes take', (backend) => {
  let place: string;
  let first: AuditedStore;
  let second: AuditedStore;
  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-fences-'));
    first = await backend.open(place, 5_000);
    second = await backend.open(place, 5_000);
  });
  afterEach(async () => {
    await first.close();
    await second.close();
    rmSync(place, { recursive: true, force: true });
  });

  it('get a larger number each time, each stack its own', async () => {
    const taken = [
      await first.takeStack('a'),
      await second.takeStack('a'),
      await first.takeStack('b'),
      await first.takeStack('a'),
    ];
    expect(taken).toEqual([1, 2, 1, 3]);
  });

  it('get different numbers when many take one at the same time', async () => {
    const taken = await Promise.all([...Array(10)].map((_, i) => (i % 2 ? first : second).takeStack('a')));
    expect([...taken].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('refuse a commit of whoever had the stack before, all of it', async () => {
    const old = await first.takeStack('a');
    expect(await first.commit([proof('a', old), mark('before')])).toMatchObject({ ok: true });
    const now = await second.takeStack('a');
    expect(await first.commit([mark('after'), proof('a', old), mark('later')])).toEqual({
      ok: false,
      taken: 'a',
    });
    expect(await second.commit([proof('a', now), mark('of the second')])).toMatchObject({ ok: true });
    const values = ['before', 'after', 'later', 'of the second'].map((name) => second.value(name));
    expect(await Promise.all(values)).toEqual(['written', undefined, undefined, 'written']);
  });

  it('refuse the proof of a stack that nobody has taken', async () => {
    expect(await first.commit([proof('never', 1), mark('x')])).toEqual({ ok: false, taken: 'never' });
  });

  it('hold an apply back while one of the stacks before it is being applied', async () => {
    const applying: Omit<Run, 'id'> = run({ stack: 'network', state: 'applying' });
    await first.commit([{ type: 'run.insert', run: applying }]);
    const guard = (stacks: readonly string[]): Change => ({ type: 'unless.applying', stacks });
    expect(await second.commit([guard(['dns', 'network']), mark('x')])).toEqual({
      ok: false,
      applying: 'network',
    });
    expect(await second.value('x')).toBeUndefined();
    expect(await second.commit([guard(['dns']), guard([]), mark('x')])).toMatchObject({ ok: true });
  });

  it.each(['awaiting_approval', 'approved'] as const)(
    'hold changes back while a run is %s',
    async (state) => {
      const unless = (stack: string): Change => ({ type: 'unless.waiting', stack });
      await first.commit([
        { type: 'run.insert', run: run({ stack: 'a', state }) },
        { type: 'run.insert', run: run({ stack: 'b', state: 'deciding' }) },
      ]);
      expect(await second.commit([mark('x'), unless('a')])).toEqual({ ok: false, moved: 'a' });
      expect(await second.value('x')).toBeUndefined();
      expect(await second.commit([unless('b'), mark('x')])).toMatchObject({ ok: true });
    },
  );

  it('hold changes back that were made from other exemptions', async () => {
    const made = (ids: readonly number[]): Change => ({ type: 'if.exemptions', stack: 'a', ids });
    const moved = { ok: false, moved: 'a' };
    const add = (stack: string): Change => ({ type: 'exemption.insert', exemption: newExemption(stack) });
    expect(await first.commit([made([]), add('a'), add('b'), add('a')])).toMatchObject({ ok: true });
    const [one, two] = (await first.exemptions('a')).map(({ id }) => id);
    if (one === undefined || two === undefined) throw new Error('the exemptions were not stored');
    for (const ids of [[], [one], [one, two, two + 1], [one, two + 1]]) {
      expect(await second.commit([mark('x'), made(ids)])).toEqual(moved);
    }
    expect(await second.value('x')).toBeUndefined();
    expect(await second.commit([made([two, one])])).toMatchObject({ ok: true });
    await first.commit([{ type: 'exemption.end', id: one, by: exemption().by, at: 1 }]);
    expect(await second.commit([made([one, two])])).toEqual(moved);
    expect(await second.commit([made([two]), mark('x')])).toMatchObject({ ok: true });
  });
});
