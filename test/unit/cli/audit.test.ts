import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { auditCommand } from '../../../src/cli/audit.ts';
import type { NewAuditEntry } from '../../../src/model/audit-entry.ts';
import type { AuditedStore } from '../../../src/store/audited-store.ts';
import { openStore } from '../../../src/store/open.ts';
import { DANA } from '../../support/runs.ts';

const MARCH = (day: number, hour = 12): number => Date.UTC(2026, 2, day, hour);

const LINES: readonly Partial<NewAuditEntry>[] = [
  { at: MARCH(1), place: null, bundles: null, scope: null },
  { at: MARCH(2), stack: 'prod-db', place: { platform: 'slack', user: 'U0DANA' } },
  { at: MARCH(2, 23), detail: 'two\nlines — "ok" \u2028' },
  { at: MARCH(3), action: 'reject' },
];

let dir: string;
let store: AuditedStore;

async function record(change: Partial<NewAuditEntry>): Promise<void> {
  const entry: NewAuditEntry = {
    ...{ at: 0, actor: DANA, place: { platform: 'slack', channel: 'C0OPS' }, action: 'approve' },
    ...{ stack: 'prod-network', runId: 7, fingerprint: 'f1', commit: 'c0ffee' },
    ...{ bundles: { b: 'a1b2', a: null }, scope: [{ address: 'aws_s3_bucket.logs', fingerprint: 'x' }] },
    detail: null,
    ...change,
  };
  await store.commit([{ type: 'audit', entry }]);
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-audit-'));
  store = await openStore({ url: `file:${join(dir, 'm0.db')}`, log: createLogger('silent') });
  for (const line of LINES) await record(line);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function say(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await auditCommand(
    args,
    { out: (text) => (out += text), err: (text) => (err += text) },
    {
      databaseUrl: `file:${join(dir, 'm0.db')}`,
      resolvePath: (path) => join(dir, path),
      write: async (text) => {
        out += text;
      },
    },
  );
  return { code, out, err };
}

/** Runs SQL on the database without m0, with the triggers removed. */
function tamper(statement: string): void {
  const client = new Sqlite(join(dir, 'm0.db'));
  client.exec(`DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; ${statement}`);
  client.close();
}

const exportTo = async (file: string, ...filters: string[]): Promise<string[]> => {
  const { out, code } = await say('export', ...filters);
  expect(code).toBe(0);
  writeFileSync(join(dir, file), out);
  return out.split('\n').slice(0, -1);
};

describe('audit verify', () => {
  it('reports how many lines are intact and the newest hash, while m0 uses the database', async () => {
    const first = await say('verify');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/m0\.db: 4 lines, whole from its start.*\nnewest hash: [0-9a-f]{64}\n$/);
    await record({});
    expect((await say('verify')).out).toContain(': 5 lines,');
  });

  it.each([
    ["UPDATE audit SET detail = 'x' WHERE id = 2", 'line 2: its text is not the one that was written'],
    ["UPDATE audit SET actor = '{' WHERE id = 3", 'line 3: its text is not the one that was written'],
    ['DELETE FROM audit WHERE id = 2', 'line 3: the entry before it was changed, removed'],
    ['DELETE FROM audit WHERE id = 1', 'line 2: the entry before it was changed, removed'],
  ])('names the first line that was changed: %s', async (statement, text) => {
    tamper(statement);
    const { code, out, err } = await say('verify');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(text);
  });

  it('neither migrates nor writes a database of an older m0', async () => {
    await store.close();
    const client = new Sqlite(join(dir, 'm0.db'));
    client.exec(`DROP TRIGGER audit_no_delete; DROP TRIGGER audit_no_update; DELETE FROM audit WHERE id > 1;
      ALTER TABLE audit DROP COLUMN place; ALTER TABLE audit DROP COLUMN bundles;
      ALTER TABLE audit DROP COLUMN scope`);
    client.pragma('journal_mode = DELETE');
    client.close();
    const hash = (): string =>
      createHash('sha256')
        .update(readFileSync(join(dir, 'm0.db')))
        .digest('hex');
    const before = hash();
    expect(await say('verify')).toMatchObject({ code: 0, out: expect.stringContaining(': 1 line,') });
    expect(await exportTo('old.jsonl')).toHaveLength(1);
    expect(hash()).toBe(before);
    expect(readdirSync(dir).sort()).toEqual(['m0.db', 'old.jsonl']);
  });

  it('refuses a file that is not a database of m0, and a missing one', async () => {
    await store.close();
    rmSync(join(dir, 'm0.db'));
    await expect(say('verify')).rejects.toThrow('there is no such file');
    expect(readdirSync(dir)).toEqual([]);
    new Sqlite(join(dir, 'm0.db')).exec('CREATE TABLE x (y)').close();
    await expect(say('verify')).rejects.toThrow('not a database of m0');
  });
});

describe('audit export', () => {
  it('has everything of a line, under stable keys', async () => {
    const [first, second] = (await exportTo('all.jsonl')).map((line) => JSON.parse(line) as object);
    expect(first).toMatchObject({ line: 1, place: null, bundles: null, scope: null });
    expect(second).toEqual({
      line: 2,
      at: '2026-03-02T12:00:00.000Z',
      action: 'approve',
      actor: DANA,
      place: { platform: 'slack', user: 'U0DANA' },
      ...{ stack: 'prod-db', run: 7, fingerprint: 'f1', commit: 'c0ffee' },
      bundles: { b: 'a1b2', a: null },
      scope: [{ address: 'aws_s3_bucket.logs', fingerprint: 'x' }],
      detail: null,
      prevHash: (first as { hash: string }).hash,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it.each([
    [['--stack', 'prod-db'], [2]],
    [
      ['--since', '2026-03-02'],
      [2, 3, 4],
    ],
    [
      ['--until', '2026-03-02'],
      [1, 2, 3],
    ],
    [['--since', '2026-03-02T12:00:01Z', '--until', '2026-03-03T12:59:59+01:00'], [3]],
    [['--stack', 'prod-network', '--since', '2026-03-02', '--until', '2026-03-02'], [3]],
  ])('filters: %j', async (filters, wanted) => {
    const lines = await exportTo('part.jsonl', ...filters);
    expect(lines.map((l) => (JSON.parse(l) as { line: number }).line)).toEqual(wanted);
    expect(await say('verify', 'part.jsonl', '--part')).toMatchObject({ code: 0 });
  });

  it("says that no line matches, and stops at a line that can't be read", async () => {
    expect(await say('export', '--stack', 'typo')).toMatchObject({
      ...{ code: 0, out: '' },
      err: expect.stringContaining('no line'),
    });
    tamper("UPDATE audit SET actor = '{' WHERE id = 3");
    await expect(say('export', '--stack', 'prod-db')).rejects.toThrow('line 3 of the record cannot be read');
  });

  it.each([
    [['export', '--since', 'yesterday'], '--since yesterday is no date'],
    [['export', '--until', '2026-02-30'], '--until 2026-02-30 is no date'],
    [['export', '--since', '2026-03-01T12:00'], 'is no date'],
    [['export', 'file'], 'say one of'],
    [['verify', '--stack', 'x'], 'say one of'],
    [['verify', '--part'], 'say one of'],
    [['verify', '--force'], "'--force'"],
    [[], 'say one of'],
  ])('reports wrong use: %j', async (args, text) => {
    const { code, err } = await say(...args);
    expect(code).toBe(2);
    expect(err).toContain(text);
  });
});

describe('audit verify FILE', () => {
  const verify = async (lines: readonly string[], ...more: string[]) => {
    writeFileSync(join(dir, 'x.jsonl'), lines.map((l) => `${l}\n`).join(''));
    return say('verify', 'x.jsonl', ...more);
  };

  it('gives the same result for a whole export as for the database', async () => {
    const lines = await exportTo('all.jsonl');
    const { code, out } = await verify(lines);
    expect(code).toBe(0);
    expect(out.split('\n')[1]).toBe((await say('verify')).out.split('\n')[1]);
  });

  const change = (lines: readonly string[], at: number, from: string, to: string): string[] => {
    expect(lines[at]).toContain(from);
    return lines.map((l, i) => (i === at ? l.replace(from, to) : l));
  };
  it.each<[string, (lines: readonly string[]) => readonly string[], string]>([
    ['who', (l) => change(l, 1, '"Dana"', '"Eve"'), 'line 2: its text'],
    ['where', (l) => change(l, 2, 'C0OPS', 'C0DEV'), 'line 3: its text'],
    ['which bundle', (l) => change(l, 2, 'a1b2', 'ffff'), 'line 3: its text'],
    ['when', (l) => change(l, 3, 'T12', 'T11'), 'line 4: its text'],
    ['a key more', (l) => change(l, 0, '{', '{"x":1,'), 'line 1: it is not a line of an export'],
    ['cut off', (l) => l.map((x, i) => (i === 3 ? x.slice(0, 50) : x)), 'line 4: it is not JSON'],
    ['turned round', (l) => [l[1], l[0], ...l.slice(2)] as string[], 'line 2: the entry before'],
  ])('names the first line that was changed: %s', async (_, by, text) => {
    const changed = by(await exportTo('all.jsonl'));
    expect(await verify(changed)).toMatchObject({ code: 1, err: expect.stringContaining(text) });
    expect((await verify(changed, '--part')).code).toBe(1);
  });

  it('reads long files, and lines that another program has copied', async () => {
    for (let i = 0; i < 200; i += 1) await record({ detail: `${i} ${'ä'.repeat(500)}` });
    const lines = (await exportTo('all.jsonl')).map((l) => l.replace('\\u2028', '\u2028'));
    expect(lines[2]).toContain('\u2028');
    expect(await verify(lines)).toMatchObject({ code: 0, out: expect.stringContaining(': 204 lines,') });
  });

  it('accepts missing lines only with --part', async () => {
    const [a, , c, d] = (await exportTo('all.jsonl')) as [string, string, string, string];
    const gap = await verify([a, c, d]);
    expect(gap.code).toBe(1);
    expect(gap.err).toMatch(/line 3: the entry before it.*\n.*--part/);
    expect(await verify([a, c, d], '--part')).toMatchObject({
      code: 0,
      out: expect.not.stringMatching('whole'),
    });
    // Two lines with consecutive numbers must still be linked by their hashes.
    const other = c.replace('"line":3', '"line":2');
    expect((await verify([a, other], '--part')).code).toBe(1);
  });
});
