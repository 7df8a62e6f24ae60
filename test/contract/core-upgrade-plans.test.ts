/** A database of the version before, with drift of real plans, and the same plans again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { analyzePlan } from '../../src/drift/analyze.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import { touchedAddresses } from '../../src/drift/touched.ts';
import type { Stack } from '../../src/model/directory.ts';
import { Core, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { KIM } from '../support/runs.ts';

const PLANS = [
  '01-s3-tags-removed',
  '04-sg-ingress-added-by-hand',
  '22-sensitive-variable-in-tag',
  '51-many-at-once',
  '61-bucket-policy-by-hand',
  '69-replace-by-code',
  '71-create-delete-rename',
  '83-secrets-inside',
];
const KINDS = ['open', 'snooze', 'accept', 'one'];
const CASES = PLANS.flatMap((plan) => KINDS.map((kind) => [plan, kind] as const));
const HOUR = 3_600_000;

const nameOf = (plan: string, kind: string): string => `${plan}-${kind}`;
const STACKS = CASES.map(([plan, kind]): Stack => {
  const name = nameOf(plan, kind);
  return stackWith({
    ...{ name, channels: [{ platform: 'slack', channel: `C${name}` }] },
    approvers: { from: ['sre'], need: kind === 'one' ? 2 : 1, notTheAuthor: false },
  });
});

const dir = mkdtempSync(join(tmpdir(), 'm0-upgrade-'));
const applied: string[] = [];
let core: Core;

beforeAll(async () => {
  const file = join(dir, 'old.db');
  writeFileSync(file, gunzipSync(readFileSync(new URL('./databases/0005-drift.db.gz', import.meta.url))));
  core = await Core.open(STACKS, {}, file);
  const newest = Math.max(...(await core.alerts()).map((alert) => alert.lastSeenAt));
  core.now = newest + HOUR;
  for (const { name } of STACKS) core.chat.open(`C${name}`);
  for (const alert of await core.alerts()) {
    for (const { channel, messageId } of await core.store.messages(alert.id)) {
      const card = { headline: 'as told before', tone: 'waits', blocks: [] } as const;
      core.chat.messages.push({ channel, id: messageId, key: messageId, card, replies: [] });
    }
  }
  const plan = core.cloud.plan.bind(core.cloud);
  core.cloud.plan = async (stack, how) => {
    const made = await plan(stack, how);
    const from = PLANS.find((one) => stack.name.startsWith(one)) ?? '';
    const path = new URL(`../cases/${from}/plan.json`, import.meta.url);
    const document = readPlan(readFileSync(path), from);
    const analysis = analyzePlan(document, { key: 'k' });
    return { ...made, document, analysis, plan: { ...made.plan, touches: touchedAddresses(document) } };
  };
  core.cloud.apply = async ({ name }) => {
    applied.push(name);
    return { log: '' };
  };
  await core.worker.start();
});
afterAll(async () => {
  await core.close();
  rmSync(dir, { recursive: true, force: true });
});

it.each(CASES)('%s, %s: nothing re-opens, and what was approved stays approved', async (plan, kind) => {
  const name = nameOf(plan, kind);
  const channel = `C${name}`;
  const [alert] = await core.store.alerts({ subject: name, kind: 'drift' });
  if (alert === undefined) throw new Error(`the database has no alert of ${name}`);
  const before = await core.run(alert.runId);
  const [earlier] = core.chat.in(channel);
  expect(core.chat.in(channel)).toHaveLength(1);

  for (const _ of ['first', 'second'])
    expect(await core.check('schedule', name)).toMatchObject({ state: 'quiet' });
  core.now += 61_000;
  await core.deliver();
  expect(core.chat.in(channel)).toEqual([earlier]);
  const after = await core.run(alert.runId);
  expect([after.state, after.approvals.map((a) => a.by.person)]).toEqual([
    before.state,
    before.approvals.map((a) => a.by.person),
  ]);
  expect(after.findings.every((f) => !f.actionable || f.change !== undefined)).toBe(before.state !== 'quiet');

  if (kind !== 'open' && kind !== 'one') return;
  expect(textOf(earlier?.card ?? { headline: '', tone: 'plain', blocks: [] })).not.toContain(
    'as told before',
  );
  await core.say(`approve #${alert.runId}`, KIM);
  await core.untilIdle(name);
  expect(applied.filter((one) => one === name)).toHaveLength(1);
});
