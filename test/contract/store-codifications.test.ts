/** What goes into the code, in the store: one at a time for a finding, and no step over somebody else's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CODIFICATION_STATES,
  type Codification,
  type CodificationState,
  isActive,
} from '../../src/model/codification.ts';
import type { Change } from '../../src/ports/store.ts';
import { StoreError } from '../../src/ports/store-error.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { aCodification } from '../support/codifications.ts';
import { BACKENDS } from '../support/store-backends.ts';

const mark = (name: string): Change => ({ type: 'value.set', name, value: 'written' });
const insert = (over: Parameters<typeof aCodification>[0] = {}): Change => ({
  type: 'codification.insert',
  codification: aCodification(over),
});
const update = (one: Codification, over: Partial<Codification>, version = one.version): Change => ({
  type: 'codification.update',
  codification: { ...one, ...over },
  was: { state: one.state, version },
});

describe.each(BACKENDS)('$name: codifications', (backend) => {
  let place: string;
  let store: AuditedStore;
  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-codifications-'));
    store = await backend.open(place);
  });
  afterEach(async () => {
    await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  async function only(): Promise<Codification> {
    const [one, ...more] = await store.codifications({});
    expect(more).toEqual([]);
    if (one === undefined) throw new Error('there is none');
    return one;
  }

  it('gives back all of what was stored, also after a restart', async () => {
    const full = aCodification({
      ...{ state: 'open', base: 'c0ffee', commit: 'decade', patch: '--- a\n+++ b\n-ü\r\n+\u{1f512}\n' },
      edits: [{ file: 'a b/main.tf', line: 41, says: 'adds the rule to web (main.tf:41)' }],
      proof: [{ stack: 'prod-network', before: 1, after: 0, against: [] }],
      pullRequest: {
        ...{
          kind: 'github',
          git: 'https://git.acme.dev/infra.git',
          base: 'main',
          branch: 'm0/prod/3f2a91c0',
        },
        ...{ number: 118, url: 'https://git.acme.dev/infra/pull/118' },
      },
      ...{ trouble: 'the host can’t be reached', tries: 2, dueAt: 9_000, confirmed: true },
    });
    expect(await store.commit([{ type: 'codification.insert', codification: full }])).toMatchObject({
      ok: true,
    });
    await store.close();
    store = await backend.open(place);
    expect(await only()).toEqual({ ...full, id: 1, version: 1 });
    expect(await store.codification(1)).toEqual(await only());
    expect(await store.codification(2)).toBeUndefined();
  });

  it('has one active of a resource of a stack: a second one refuses the whole commit', async () => {
    await store.commit([insert()]);
    expect(await store.commit([mark('before'), insert({ fingerprint: 'f2:other' })])).toEqual({
      ok: false,
      staleCodification: 1,
    });
    expect(await store.value('before')).toBeUndefined();
    const others = [insert({ address: 'aws_s3_bucket.logs' }), insert({ stack: 'dev-network' })];
    expect(await store.commit(others)).toMatchObject({ ok: true });
    await store.commit([update(await one(1), { state: 'closed', why: 'it ended' })]);
    expect(await store.commit([insert()])).toMatchObject({ ok: true });
    expect((await store.codifications({ stack: 'prod-network' })).map((each) => each.state)).toEqual([
      'asked',
      'asked',
      'closed',
    ]);
  });

  it('refuses a second active one by the database too', async () => {
    await store.commit([insert()]);
    await expect(
      backend.sql(
        place,
        `INSERT INTO codifications (stack, address, state, version, updated_at, data)
          SELECT stack, address, 'open', 1, 1, data FROM codifications`,
      ),
    ).rejects.toThrow(/unique/i);
  });

  async function one(id: number): Promise<Codification> {
    const found = await store.codification(id);
    if (found === undefined) throw new Error(`there is no ${id}`);
    return found;
  }

  it('refuses a step of somebody who read an older version, all of it', async () => {
    await store.commit([insert()]);
    const read = await only();
    expect(await store.commit([update(read, { state: 'proving' })])).toMatchObject({ ok: true });
    expect(await only()).toMatchObject({ state: 'proving', version: 2 });
    const late = await store.commit([mark('late'), update(read, { state: 'proving' })]);
    expect(late).toEqual({ ok: false, staleCodification: 1 });
    // The same state, but another version of it.
    const now = await only();
    expect(await store.commit([update(now, { tries: 1 })])).toMatchObject({ ok: true });
    expect(await store.commit([update(now, { tries: 7 })])).toEqual({ ok: false, staleCodification: 1 });
    expect([await only(), await store.value('late')]).toMatchObject([{ tries: 1, version: 3 }, undefined]);
  });

  const states = Object.keys(CODIFICATION_STATES) as CodificationState[];

  it('never leaves a state for one that does not follow it', async () => {
    for (const from of states) {
      for (const to of states) {
        const address = `aws_s3_bucket.${from}_${to}`;
        await store.commit([insert({ address, state: from })]);
        const stored = (await store.codifications({})).find((each) => each.address === address);
        if (stored === undefined) throw new Error('it was not stored');
        const step = store.commit([update(stored, { state: to })]);
        const follows: readonly string[] = CODIFICATION_STATES[from];
        if (to === from || follows.includes(to)) expect(await step).toMatchObject({ ok: true });
        else await expect(step, `${from} to ${to}`).rejects.toThrow(StoreError);
      }
    }
  });

  it('lists the active ones of all stacks or of one, the newest first', async () => {
    for (const state of states) await store.commit([insert({ address: `a.${state}`, state })]);
    await store.commit([insert({ stack: 'dev-network' })]);
    const active = await store.codifications({ active: true });
    expect(active.map(({ id }) => id)).toEqual(active.map(({ id }) => id).sort((a, b) => b - a));
    expect(active.filter(({ stack }) => stack === 'prod-network').map(({ state }) => state)).toEqual(
      states.filter((state) => isActive({ state })).reverse(),
    );
    expect(await store.codifications({ stack: 'dev-network' })).toHaveLength(1);
    expect(await store.codifications({ stack: 'nobody' })).toEqual([]);
    expect(await store.codifications({ stack: 'prod-network' })).toHaveLength(states.length);
  });
});
