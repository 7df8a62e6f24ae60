/** `status`, home and metrics of many stacks: each is counted by what it is, and what is not aligned is shown. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Pages } from '../../src/messages/card.ts';
import { M0 } from '../../src/model/run.ts';
import { Core, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { startEndpoints } from '../support/http-endpoints.ts';
import { DANA, sshFinding } from '../support/runs.ts';
import { cardText } from '../support/views.ts';

const HOUR = 3_600_000;
const SSH = sshFinding();
const STACKS = Array.from({ length: 120 }, (_, i) => {
  const environment = ['prod', 'staging', 'dev'][i % 3] ?? '';
  return stackWith({ name: `${environment}-${i}`, environment });
});

let core: Core;
beforeEach(async () => {
  core = await Core.open(STACKS);
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

async function pagesOf(text: string): Promise<Pages> {
  const place = { platform: 'slack' as const, channel: 'C0OPS' };
  const reply = await core.handler({ text, actor: DANA, place, answers: null, from: null });
  if (reply.type !== 'pages') throw new Error(`answered with ${reply.type}`);
  return reply.pages;
}

/** Checks these stacks, the first `drifted` of them with drift. */
async function checked(names: readonly string[], drifted = 0): Promise<void> {
  for (const name of names.slice(0, drifted)) core.cloud.drift.set(name, [SSH]);
  for (const name of names) await core.check('schedule', name);
}

const named = (environment: string): readonly string[] =>
  STACKS.filter((s) => s.environment === environment).map((s) => s.name);

describe('status of many stacks', () => {
  it('shows what is not aligned by environment, in pages, and counts the others', async () => {
    await checked(named('prod'), 2);
    core.now += 9 * HOUR;
    await checked(named('staging'), 1);
    core.cloud.next('plan', () => {
      throw new Error('reading S3 state: AccessDenied');
    });
    await core.check('schedule', 'staging-1');
    const { pages, text } = await pagesOf('status');
    expect(pages.length).toBeGreaterThan(2);
    const words =
      '2 drifted, 1 can’t be checked, 40 never checked, 38 last checked too long ago, 39 of 120 stacks aligned';
    for (const page of pages) expect(page.headline).toBe(words);
    const all = pages.map(cardText).join('\n');
    // Each that is not aligned once, each that is never.
    for (const name of [...named('dev'), ...named('prod'), 'staging-1']) {
      expect(
        all.split('\n').filter((l) => l.startsWith(`${name}  `)),
        name,
      ).toHaveLength(1);
      expect(text).toContain(`${name}  `);
    }
    expect(all).not.toContain('staging-4  ');
    expect(all).toContain('and 39 aligned');
    // The environment of each part is named above it; that with a failing check comes first.
    expect(cardText(pages[0] ?? { headline: '', tone: 'plain', blocks: [] }).split('\n')[1]).toBe('staging');
    for (const page of pages) expect(cardText(page).split('\n')[1]).toMatch(/^(prod|staging|dev)$/);
    expect(all).toMatch(/prod-0 {2}1 open, 1 waits for a person, last checked too long ago/);
    expect(all).toContain('dev-2  never checked');
  });

  it('is one card where all are aligned', async () => {
    await checked(STACKS.map((s) => s.name));
    const text = await core.sayText('status');
    expect(text).toContain('120 of 120 stacks aligned');
    for (const environment of ['prod', 'staging', 'dev']) {
      expect(text).toContain(`{"type":"strong","text":"${environment}"}`);
    }
    expect(text.match(/all 40 aligned/g)).toHaveLength(3);
  });

  it('does not hold up other work', async () => {
    await checked(named('prod').slice(0, 30), 30);
    let longest = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await pagesOf('status');
    clearInterval(beat);
    expect(longest).toBeLessThan(150);
  });
});

describe('what nobody checked', () => {
  it('is counted by name at home and in the metrics as well', async () => {
    const endpoints = await startEndpoints(core);
    await checked(named('prod'), 1);
    core.now += 9 * HOUR;
    await checked(named('staging').slice(0, 10));
    const home = await core.say('home', DANA);
    expect(home && textOf(home)).toContain(
      '1 drifted · 70 never checked · 39 last checked too long ago · 10 of 120 aligned',
    );
    let go = (): void => {};
    core.cloud.next('plan', () => new Promise<void>((resolve) => (go = resolve)));
    const dev = core.directory.stacks.find((s) => s.name === 'dev-2');
    if (dev === undefined) throw new Error('no stack');
    await core.worker.check(dev, 'schedule', M0);
    await core.untilState('planning', 'dev-2');
    const seen = await endpoints.scrape();
    const count = (state: string): number | undefined => seen.value('m0_stacks', { state });
    expect([count('unknown'), count('stale'), count('drifted'), count('aligned')]).toEqual([70, 39, 1, 10]);
    expect(seen.value('m0_stacks_checking')).toBe(1);
    expect(await core.sayText('status dev-2')).toMatch(/dev-2: never checked.*checking now/);
    go();
    await core.untilIdle();
    await endpoints.close();
  });

  it('does not let home say that nothing has drifted', async () => {
    const home = await core.say('home', DANA);
    expect(home?.headline).toBe('Nothing waits for you; 120 never checked');
    expect(home && buttonsOf(home).length).toBeGreaterThan(0);
    await checked(STACKS.map((s) => s.name));
    expect((await core.say('home', DANA))?.headline).toBe('Nothing waits for you, and nothing has drifted');
  });
});
