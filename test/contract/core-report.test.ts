/** `report`: a month of drift, decisions and applies as files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditCommand } from '../../src/cli/audit.ts';
import type { OutFile } from '../../src/messages/card.ts';
import type { Reply } from '../../src/ports/chat.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { DANA, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const DAY = 86_400_000;
const HOUR = 3_600_000;

let core: Core;
beforeEach(async () => {
  core = await Core.open([
    stackWith(),
    stackWith({ name: 'prod-db' }),
    stackWith({ name: 'dev-app', environment: 'dev' }),
  ]);
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

type Files = Extract<Reply, { type: 'files' }>;

async function report(text: string): Promise<Files> {
  const place = { platform: 'slack' as const, channel: 'C0OPS' };
  const reply = await core.handler({ text, actor: EVE, place, answers: null, from: null });
  if (reply.type !== 'files') throw new Error(`answered with ${reply.type}: ${JSON.stringify(reply)}`);
  return reply;
}

function fileOf({ files }: Files, ending: string): OutFile {
  const file = files.find((f) => f.name.endsWith(ending));
  if (file === undefined) throw new Error(`no file ${ending}`);
  return file;
}

/** The rows of a table, each as a record by the names in its head. */
function rowsOf(file: OutFile): readonly Readonly<Record<string, string>>[] {
  const cells = (line: string): readonly string[] =>
    [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell = '']) => cell.replaceAll('""', '"'));
  const [head = '', ...lines] = file.text.trimEnd().split('\r\n');
  const names = cells(head);
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i] ?? '', cell])));
}

/** In March: a tag heals itself, a rule is approved by Dana after a day, another is snoozed, one stays open. */
async function march(): Promise<void> {
  core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
  core.cloud.drift.set(STACK, [TAG, SSH]);
  const { id } = await core.check();
  core.now += DAY;
  await core.sayText(`approve #${id}`, DANA);
  await core.untilIdle();
  core.now += HOUR;
  core.cloud.drift.set('prod-db', [tagFinding('aws_db_instance.main'), sshFinding('198.51.100.7/32')]);
  const db = await core.check('schedule', 'prod-db');
  await core.sayText(`snooze #${db.id} aws_db_instance.main 30d the vendor needs it`, DANA);
  core.cloud.drift.set('dev-app', [tagFinding('aws_s3_bucket.dev')]);
  await core.check('schedule', 'dev-app');
}

describe('a report', () => {
  it('tells what drifted, how long it stood, who decided, by which policy, and what was applied', async () => {
    await march();
    core.now += 2 * DAY;
    const files = await report('report prod');
    expect(files.files.map((f) => f.name)).toEqual([
      ...[
        'm0-report-prod-2026-03.md',
        'm0-report-prod-2026-03-drift.csv',
        'm0-report-prod-2026-03-record.csv',
      ],
    ]);
    expect(files.command).toBe('report prod 2026-03');
    expect(files.card.headline).toBe('Report of prod, March 2026: 4 findings drifted');
    expect(textOf(files.card)).toContain('The month is not over');
    const rows = rowsOf(fileOf(files, '-drift.csv'));
    expect(rows.map((r) => [r.stack, r.address, r.fate, r.stood_hours, r.approved_by])).toEqual([
      ['prod-db', 'aws_db_instance.main', 'snoozed', '48', ''],
      ['prod-db', 'aws_security_group.web', 'open', '48', ''],
      [STACK, 'aws_s3_bucket.logs', 'healed by policy', '0', ''],
      [STACK, 'aws_security_group.web', 'applied after approval', '24', 'Dana'],
    ]);
    const [snoozed, , healed, approved] = rows;
    expect(snoozed).toMatchObject({ exempted_by: 'Dana', exempted_why: 'the vendor needs it', ended: '' });
    expect(healed).toMatchObject({
      ...{
        verdict: 'auto',
        policies: 'tags-auto: allow',
        bundles: 'tags-auto@a1b2c3d4',
        reasons: 'metadata only',
      },
      ...{ origin: 'cloud', changes: 'tags.Owner: platform', run: '1' },
    });
    expect(approved?.verified_at).not.toBe('');
    expect(approved?.changes).toContain('203.0.113.7/32');
    const record = rowsOf(fileOf(files, '-record.csv'));
    expect(record.map((r) => r.action)).toEqual(
      expect.arrayContaining(['approve', 'verified', 'snooze', 'confirmed']),
    );
    expect(record.find((r) => r.action === 'approve')).toMatchObject({
      person: 'dana',
      stack: STACK,
      run: '1',
    });
    expect(record.map((r) => r.stack)).not.toContain('dev-app');
    const text = fileOf(files, '.md').text;
    expect(text).toContain('| applied after approval | 1 |');
    expect(text).toContain('snoozed by Dana: the vendor needs it');
    expect(text).toMatch(
      /aws\\_security\\_group\.web .*203\.0\.113\.7\/32.* 24 h .*approved by Dana.*verified/,
    );
  });

  it('is of the month that was asked for: what ended later stands at its end, what came later is not in it', async () => {
    await march();
    core.now = Date.parse('2026-04-10T12:00:00Z');
    const db = (await core.store.runs({ stack: 'prod-db', states: ['awaiting_approval'] }))[0];
    await core.sayText(`approve #${db?.id}`, DANA);
    await core.untilIdle();
    core.cloud.drift.set('dev-app', [sshFinding()]);
    await core.check('schedule', 'dev-app');
    const fates = async (text: string) =>
      rowsOf(fileOf(await report(text), '-drift.csv')).map((r) => [
        r.stack,
        r.address,
        r.fate,
        r.ended === '',
      ]);
    const lastMonth = await fates('report last month');
    expect(lastMonth).toContainEqual(['prod-db', 'aws_security_group.web', 'open', true]);
    expect(lastMonth).toHaveLength(5);
    const april = await fates('report');
    expect(april).toContainEqual(['prod-db', 'aws_security_group.web', 'applied after approval', false]);
    expect(april.map(([, address]) => address)).not.toContain('aws_s3_bucket.logs');
    expect(rowsOf(fileOf(await report('report 2026-02'), '-drift.csv'))).toEqual([]);
    expect((await report('report 2026-02')).card.headline).toContain('nothing drifted');
  });

  it('tells drift that stands under several alerts as one, since it was first seen', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    core.now += DAY;
    core.cloud.drift.set(STACK, [SSH, TAG]);
    await core.check();
    core.now += DAY;
    const rows = rowsOf(fileOf(await report('report'), '-drift.csv'));
    expect(rows.map((r) => [r.address, r.stood_hours, r.fate])).toEqual([
      ['aws_security_group.web', '48', 'open'],
      ['aws_s3_bucket.logs', '24', 'open'],
    ]);
  });

  it('has the hashes of the audit record, which the named commands verify', async () => {
    await march();
    core.now += HOUR;
    const text = fileOf(await report('report'), '.md').text;
    const command = /m0 audit export --since (\S+) --until (\S+) > record.jsonl/.exec(text);
    const dir = await mkdtemp(join(tmpdir(), 'm0-report-'));
    try {
      let out = '';
      const add = (more: string): void => {
        out += more;
      };
      const io = { out: add, err: add };
      const parts = {
        databaseUrl: `file:${core.file}`,
        resolvePath: (path: string) => join(dir, path),
        write: async (more: string) => add(more),
      };
      expect(
        await auditCommand(
          ['export', '--since', command?.[1] ?? '', '--until', command?.[2] ?? ''],
          io,
          parts,
        ),
      ).toBe(0);
      const lines = out
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l) as { line: number; hash: string; prevHash: string });
      await writeFile(join(dir, 'record.jsonl'), out);
      expect(text).toContain(`| before | ${(lines[0]?.line ?? 0) - 1} |  | \`${lines[0]?.prevHash}\``);
      expect(text).toContain(lines[0]?.hash);
      expect(text).toContain(`| last | ${lines.at(-1)?.line} |`);
      expect(text).toContain(lines.at(-1)?.hash);
      expect(await auditCommand(['verify', 'record.jsonl', '--part'], io, parts)).toBe(0);
      expect(await auditCommand(['verify'], io, parts)).toBe(0);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('runs no formula and formats nothing, whatever the cloud and people wrote', async () => {
    const evil = '=HYPERLINK("https://evil.example","x")|[a](https://evil.example) <b> `c`\n@channel';
    core.cloud.drift.set(STACK, [tagFinding('aws_s3_bucket.logs', evil), sshFinding()]);
    const { id } = await core.check();
    await core.sayText(`snooze #${id} aws_s3_bucket.logs 2d =cmd|' /C calc'!A0`, DANA);
    const files = await report('report');
    for (const row of [...rowsOf(fileOf(files, '-drift.csv')), ...rowsOf(fileOf(files, '-record.csv'))]) {
      for (const cell of Object.values(row)) expect(cell).not.toMatch(/^\s*[=+\-@]/);
    }
    const text = fileOf(files, '.md').text;
    for (const part of ['](https', '<b>', ' `c`', '\n@channel']) expect(text).not.toContain(part);
    // The value stays in its own cell.
    const tables = text
      .split('\n')
      .filter((l) => l.startsWith('| prod-network') || l.startsWith('| prod\\-network'));
    expect(tables.map((l) => l.replaceAll('\\|', '').split('|').length)).toEqual(
      tables.map((l) => (l.includes('snoozed |') ? 9 : 10)),
    );
  });

  it('offers choices that keep the month, and says what it cannot know', async () => {
    const answer = await core.say('report prd last month', EVE);
    expect(answer && textOf(answer)).toContain('report prod last month');
    await march();
    core.now += DAY;
    const text = fileOf(await report('report'), '.md').text;
    // A time as the report's other times, and not as it is recorded.
    expect(text).toMatch(/Runs before \d+ \w+ 2026, \d\d:\d\d are not stored/);
  });

  it('does not hold up other work', async () => {
    for (let i = 0; i < 60; i += 1) {
      core.cloud.drift.set(STACK, [sshFinding(`203.0.113.${i}/32`)]);
      await core.check();
      core.now += 60_000;
    }
    let longest = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const files = await report('report');
    clearInterval(beat);
    expect(rowsOf(fileOf(files, '-drift.csv'))).toHaveLength(60);
    expect(longest).toBeLessThan(150);
  });
});
