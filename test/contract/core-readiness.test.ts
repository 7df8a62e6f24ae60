import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlack } from '../../src/chat/slack/slack.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { watchedMirrors } from '../../src/git/watched-mirrors.ts';
import type { Card } from '../../src/messages/card.ts';
import { createOnCall } from '../../src/people/on-call.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { startWorkspace } from '../../src/sandbox/workspace/workspace.ts';
import { startSchedule } from '../../src/schedule/schedule.ts';
import { toStoreError } from '../../src/store/store-error.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { type HttpEndpoints, startEndpoints } from '../support/http-endpoints.ts';
import { DANA, sshFinding } from '../support/runs.ts';
import { seenEvents } from '../support/seen-events.ts';
import { makeRepo } from '../support/terraform-repo.ts';

const MINUTE = 60_000;
const WELL = { status: 200, problems: {} };
const STALE = { id: 'e4f5a6b7'.repeat(5), error: 'commit e4f5a6b is refused: tags.rego:7: unexpected token' };

let dir: string;
let core: Core;
let endpoints: HttpEndpoints;
const endings: (() => Promise<void> | void)[] = [];
const open = async (...change: Parameters<typeof startEndpoints> extends [Core, ...infer R] ? R : never) => {
  endpoints = await startEndpoints(core, ...change);
  endings.push(endpoints.close);
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-ready-'));
  core = await Core.open();
});
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  await core.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The error of the store for this SQLite error code. */
const sqlite = (code: string, text: string): Error =>
  toStoreError('writing to the database', Object.assign(new Error(text), { code }));

describe('m0 is not ready', () => {
  it('while the store is locked by another process', async () => {
    await open();
    expect(await endpoints.ready()).toEqual(WELL);
    const other = new Sqlite(core.file);
    other.exec('BEGIN IMMEDIATE');
    const { status, problems } = await endpoints.ready();
    other.exec('ROLLBACK');
    other.close();
    expect([status, problems.store]).toEqual([
      503,
      expect.stringContaining('the database is locked by another process: stop that process'),
    ]);
    expect(await endpoints.ready()).toEqual(WELL);
  });

  it.each([
    ['probe', sqlite('SQLITE_FULL', 'database or disk is full'), 'the disk is full: free space on it'],
    [
      'overview',
      sqlite('SQLITE_CORRUPT', 'database disk image is malformed'),
      'the database file is damaged: restore it from a back-up',
    ],
  ])('if its store fails at %s, and says what to do', async (broken, error, said) => {
    await open();
    core.storeFault = (method) => (method === broken ? error : null);
    const { status, problems } = await endpoints.ready();
    expect([status, problems.store]).toEqual([503, expect.stringContaining(said)]);
  });

  it('if its store does not answer, and does not hang', async () => {
    await open({ timeLimitMs: 20 });
    core.store.probe = () => new Promise(() => {});
    const { status, problems } = await endpoints.ready();
    expect([status, problems.store]).toEqual([503, 'writing to the store: no answer within 0.02 s']);
  });

  it('if a tool is missing that a stack or a policy needs, and names it', async () => {
    const tools = {
      ...{ terraform: join(dir, 'terraform'), tofu: null, terragrunt: null },
      opa: join(dir, 'opa'),
    };
    await open({ tools });
    const { status, problems } = await endpoints.ready();
    expect(status).toBe(503);
    expect(problems.terraform).toBe(
      `${tools.terraform} is gone or can't be run: put it back, or name another in M0_TERRAFORM and restart m0`,
    );
    expect(problems.opa).toContain('M0_OPA');
    expect(problems).not.toHaveProperty('tofu');
  });

  it('if a stack needs Terragrunt and there is none', async () => {
    await core.close();
    core = await Core.open([stackWith({ terragrunt: true })]);
    await open();
    expect(await endpoints.ready()).toMatchObject({
      status: 503,
      problems: { terragrunt: expect.stringContaining('M0_TERRAGRUNT') },
    });
  });

  it('if a stack needs OpenTofu and there is none', async () => {
    await core.close();
    core = await Core.open([stackWith({ tool: 'tofu' })]);
    await open();
    expect(await endpoints.ready()).toMatchObject({
      status: 503,
      problems: { tofu: expect.stringContaining('M0_TOFU') },
    });
  });
});

describe('Slack', () => {
  const user = (id: string, name: string) => ({ id, name, realName: name, email: `${name}@acme.dev` });
  async function slackWith(botToken: string) {
    const workspace = await startWorkspace({
      port: 0,
      users: [user('U0DANA', 'dana'), user('U0M0', 'm0')],
      channels: [{ id: 'C0ELSE', name: 'elsewhere', members: ['U0DANA'] }],
      usergroups: [],
      ...{ botUserId: 'U0M0', teamId: 'T0ACME', signingSecret: 'local', rateLimit: null },
      ...{ botToken: 'xoxb-local-bot', appToken: 'xapp-local-app' },
    });
    endings.push(() => workspace.close());
    const slack = await createSlack({
      events: seenEvents(),
      ...{ mode: 'socket', botToken, appToken: 'xapp-local-app', apiUrl: workspace.apiUrl },
      ...{ log: core.log, people: [], clock: Date.now },
    });
    await slack.start(async () => ({ type: 'none' }));
    endings.push(() => slack.stop());
    await open({ chats: () => [{ platform: 'slack', ...slack.healthy() }] });
    return slack;
  }

  it('that refuses the token makes m0 not ready, and the token is not shown', async () => {
    await slackWith('xoxb-of-another-app');
    const { status, problems } = await endpoints.ready();
    expect([status, problems.slack]).toEqual([
      503,
      expect.stringContaining('Slack refuses the token: check SLACK_BOT_TOKEN'),
    ]);
    expect(problems.slack).not.toContain('xoxb-of');
    expect((await endpoints.scrape()).value('m0_chat_up', { platform: 'slack' })).toBe(0);
  });

  it('with a channel that m0 was not invited to is a reported problem, and m0 stays ready', async () => {
    const slack = await slackWith('xoxb-local-bot');
    expect(await endpoints.ready()).toEqual(WELL);
    const card: Card = { headline: 'a card', tone: 'plain', blocks: [] };
    await slack.post({ platform: 'slack', channel: 'C0ELSE' }, card, 'k').catch(() => {});
    const { status, problems } = await endpoints.ready();
    expect([status, problems.slack]).toEqual([200, expect.stringMatching(/C0ELSE.*\/invite/)]);
  });
});

describe('m0 is ready and reports problems', () => {
  it('of a policy that is stale, one that was never good, and who has seen it', async () => {
    await open();
    core.cloud.stale.set('tags-auto', { ...STALE, since: core.now });
    await core.policyWatch.checkPolicies();
    const unseen = await endpoints.ready();
    expect(unseen.status).toBe(200);
    expect(unseen.problems['policy tags-auto']).toMatch(
      /tags\.rego:7.*a1b2c3d.*say "seen tags-auto" in chat/,
    );
    await core.say('seen tags-auto', DANA);
    expect((await endpoints.ready()).problems['policy tags-auto']).toContain('Dana has seen it');
    core.cloud.stale.clear();
    await core.policyWatch.checkPolicies();
    expect(await endpoints.ready()).toEqual(WELL);

    core.cloud.commit = null;
    core.cloud.stale.set('tags-auto', { ...STALE, since: core.now });
    await core.policyWatch.checkPolicies();
    expect((await endpoints.ready()).problems['policy tags-auto']).toContain('No commit of it was ever good');
  });

  it('of stuck deliveries, with the error of the chat', async () => {
    await open();
    core.cloud.drift.set(STACK, [sshFinding()]);
    await core.check();
    core.now += 9 * MINUTE;
    expect(await endpoints.ready()).toEqual(WELL);
    core.now += 2 * MINUTE;
    const stuck = await endpoints.ready();
    expect([stuck.status, stuck.problems.deliveries]).toEqual([
      200,
      expect.stringMatching(/^2 wait, the oldest for 11 min; nothing was ever delivered: .*restart m0$/),
    ]);
    const archived = new ChatError('posting to C0OPS: the channel is archived');
    core.chat.fail('post', 'C0OPS', { error: archived, arrived: false });
    await core.deliver();
    expect((await endpoints.ready()).problems.deliveries).toMatch(
      /^1 wait, .* arrived at .*: posting to C0OPS: the channel is archived$/,
    );
    core.now += MINUTE;
    await core.deliver();
    expect(await endpoints.ready()).toEqual(WELL);
  });

  it('of a schedule that fails, hangs, or no longer runs', async () => {
    let onTick: () => Promise<void> = () => Promise.reject(new Error('the store is gone'));
    const schedule = await startSchedule({
      stacks: [{ name: STACK, schedule: ['0 * * * *'], timezone: 'UTC' }],
      now: () => core.now,
      onTick: () => onTick(),
      lastTick: async () => core.now - 120 * MINUTE,
      setLastTick: async () => {},
      log: core.log,
    });
    endings.push(() => schedule.stop());
    await open({ schedules: () => [schedule] });
    expect(await endpoints.ready()).toMatchObject({
      status: 200,
      problems: { schedule: expect.stringMatching(/^prod-network: due since .* the store is gone$/) },
    });
    core.now += 11 * MINUTE;
    expect((await endpoints.ready()).problems.schedule).toContain(
      'it has not looked at the clock for 11 min: restart m0',
    );

    onTick = () => new Promise(() => {});
    const hanging = await startSchedule({
      stacks: [{ name: STACK, schedule: ['0 * * * *'], timezone: 'UTC' }],
      now: () => core.now,
      onTick: () => onTick(),
      lastTick: async () => core.now - 120 * MINUTE,
      setLastTick: async () => {},
      log: core.log,
    });
    endings.push(() => hanging.stop());
    await open({ schedules: () => [hanging] });
    expect(await endpoints.ready()).toEqual(WELL);
    core.now += 11 * MINUTE;
    expect((await endpoints.ready()).problems.schedule).toContain('it hangs, restart m0');
  });

  it('of a repository that cannot be fetched, until it can', async () => {
    const mirrors = watchedMirrors(
      createMirrors({ dir: join(dir, 'mirrors'), log: core.log, base: process.env }),
      () => core.now,
    );
    await open({ failedFetches: mirrors.failedFetches });
    const repo = join(dir, 'repo');
    await mirrors.fetch(repo, 'main').catch(() => {});
    await mirrors.fetch(repo, 'main').catch(() => {});
    const { status, problems } = await endpoints.ready();
    expect(status).toBe(200);
    expect(problems.git).toMatch(
      /^running git fetch for .*\/repo: .*\(2 times since 2026-03-02T12:00:00.000Z\)$/,
    );
    makeRepo(repo, { 'a.tf': 'one' });
    await mirrors.fetch(repo, 'main');
    expect(await endpoints.ready()).toEqual(WELL);
  });

  it('of a rotation without a known person', async () => {
    const problems = new Map<string, string>();
    const groups = { primary: { kind: 'slackUsergroup', id: 'S0SRE' } } as const;
    const onCall = createOnCall(
      { ...core.directory, oncall: groups },
      (id) => core.chat.usergroup(id),
      () => core.now,
      (rota, problem) => {
        if (problem !== null) problems.set(rota, problem);
      },
    );
    await open({ rotationProblems: () => [...problems].map(([rota, problem]) => ({ rota, problem })) });
    expect(await endpoints.ready()).toEqual(WELL);
    await onCall();
    expect(await endpoints.ready()).toMatchObject({
      status: 200,
      problems: { 'rota primary': expect.stringMatching(/nobody can be named.*S0SRE: no answer/) },
    });
  });

  it('of a stack that waits for a tool of an earlier m0', async () => {
    const endsBy = Date.parse('2026-03-02T13:05:00Z');
    await open({
      leftTools: async () => [{ stack: STACK, host: 'pod-7', phase: 'apply' as const, endsBy }],
    });
    expect(await endpoints.ready()).toEqual({
      status: 200,
      problems: {
        [`stack ${STACK}`]:
          'waits for the apply that an earlier m0 on pod-7 started, until 2026-03-02T13:05:00.000Z at most',
      },
    });
  });

  it('of an almost full disk', async () => {
    await open({ folders: [dir, dir, join(dir, 'not-there-yet')] });
    expect(await endpoints.ready()).toEqual(WELL);
    await open({ folders: [dir], minFreeBytes: Number.MAX_SAFE_INTEGER });
    expect(await endpoints.ready()).toMatchObject({
      status: 200,
      problems: { disk: expect.stringMatching(/^\d+ MiB are free in .*m0-ready-.*: free space on it$/) },
    });
  });

  it('of a clock that was set back, also while m0 was down', async () => {
    await open();
    await core.check();
    core.now -= 120 * MINUTE;
    const back = 'it shows 2026-03-02T10:00:00.000Z, and was at 2026-03-02T12:00:00.000Z before';
    expect((await endpoints.ready()).problems.clock).toContain(back);
    await open();
    expect(await endpoints.ready()).toMatchObject({
      status: 200,
      problems: { clock: expect.stringContaining(back) },
    });
    core.now += 120 * MINUTE;
    expect(await endpoints.ready()).toEqual(WELL);
  });
});
