import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChatError } from '../../src/ports/chat.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { type HttpEndpoints, startEndpoints } from '../support/http-endpoints.ts';
import { KIM, sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();
const ALLOW = [{ rule: 'allow' as const, text: 'metadata only', address: TAG.address }];
const MINUTE = 60_000;
const DATA = 'dev-data';

let core: Core;
let endpoints: HttpEndpoints;
beforeEach(async () => {
  core = await Core.open([stackWith(), stackWith({ name: DATA, environment: 'dev' })]);
  endpoints = await startEndpoints(core);
});
afterEach(async () => {
  await endpoints.close();
  await core.checkInvariants();
  await core.close();
});

/** Makes the next call of the fake cloud take `ms`. */
const takes = (doing: 'plan' | 'apply' | 'ask', ms: number): void =>
  core.cloud.next(doing, () => {
    core.now += ms;
  });

describe('runs', () => {
  it('are counted by trigger and result, and timed', async () => {
    takes('plan', 90_000);
    takes('ask', 400);
    await core.check('push');
    await core.check('command');
    const seen = await endpoints.scrape();
    expect(seen.value('m0_runs_total', { trigger: 'push', state: 'clean' })).toBe(1);
    expect(seen.value('m0_runs_total', { trigger: 'command', state: 'clean' })).toBe(1);
    expect(seen.value('m0_runs_total', { trigger: 'schedule', state: 'failed' })).toBe(0);
    expect(seen.value('m0_check_seconds_sum', { trigger: 'push' })).toBe(90.4);
    expect(seen.value('m0_check_seconds_count', { trigger: 'push' })).toBe(1);
    expect(seen.value('m0_check_seconds_bucket', { trigger: 'push', le: '60' })).toBe(0);
    expect(seen.value('m0_check_seconds_bucket', { trigger: 'push', le: '120' })).toBe(1);
    expect(seen.value('m0_phase_seconds_sum', { phase: 'plan' })).toBe(90);
    expect(seen.value('m0_phase_seconds_count', { phase: 'plan' })).toBe(2);
    expect(seen.value('m0_policy_seconds_sum')).toBe(0.4);
    expect(seen.value('m0_queue_wait_seconds_count', { trigger: 'push' })).toBe(1);
  });

  it('that wait are a queue with an age, by urgency', async () => {
    let go = (): void => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    core.cloud.next('plan', () => held);
    // A scheduled check would give way to the command.
    await core.worker.check(core.stack, 'command', KIM);
    await core.untilState('planning');
    await core.worker.check(core.stack, 'command', KIM);
    core.now += 2 * MINUTE;
    const seen = await endpoints.scrape();
    expect(seen.value('m0_queue_length', { urgency: 'command' })).toBe(1);
    expect(seen.value('m0_queue_oldest_age_seconds', { urgency: 'command' })).toBe(120);
    expect(seen.value('m0_queue_length', { urgency: 'schedule' })).toBe(0);
    expect(seen.value('m0_queue_oldest_age_seconds', { urgency: 'schedule' })).toBe(0);
    expect(seen.value('m0_runs', { state: 'planning' })).toBe(1);
    go();
    await core.untilIdle();
    const later = await endpoints.scrape();
    expect(later.value('m0_queue_length', { urgency: 'command' })).toBe(0);
    expect(later.value('m0_queue_wait_seconds_sum', { trigger: 'command' })).toBe(120);
  });

  it('that are approved and not yet applied count as waiting', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    let go = (): void => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    core.cloud.next('head', () => held);
    core.now += MINUTE;
    await core.say('approve #1', KIM);
    await core.untilState('approved');
    core.now += 3 * MINUTE;
    const seen = await endpoints.scrape();
    expect(seen.value('m0_queue_length', { urgency: 'apply' })).toBe(1);
    expect(seen.value('m0_queue_oldest_age_seconds', { urgency: 'apply' })).toBe(180);
    expect(seen.value('m0_approval_oldest_age_seconds')).toBe(0);
    go();
    await core.untilIdle();
    const after = await endpoints.scrape();
    expect(after.value('m0_queue_length', { urgency: 'apply' })).toBe(0);
    expect(after.value('m0_phase_seconds_sum', { phase: 'confirm' })).toBe(180);
  });

  it('that fail are counted, and their stack is failing', async () => {
    core.cloud.next('plan', () => {
      throw new Error('no credentials');
    });
    await core.check();
    core.now += MINUTE;
    const seen = await endpoints.scrape();
    expect(seen.value('m0_runs_total', { trigger: 'schedule', state: 'failed' })).toBe(1);
    expect(seen.value('m0_stacks', { state: 'failing' })).toBe(1);
    expect(seen.value('m0_stacks', { state: 'unknown' })).toBe(1);
    expect(seen.value('m0_alerts_open', { kind: 'failure' })).toBe(1);
    expect(seen.value('m0_alert_oldest_age_seconds', { kind: 'failure' })).toBe(60);
  });

  it('that were superseded by newer drift are counted as that', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    core.cloud.drift.set(STACK, [sshFinding('198.51.100.4/32')]);
    await core.check();
    const seen = await endpoints.scrape();
    expect(seen.value('m0_runs_total', { trigger: 'schedule', state: 'superseded' })).toBe(1);
    expect(seen.value('m0_runs_total', { trigger: 'schedule', state: 'awaiting_approval' })).toBe(2);
    expect(seen.value('m0_runs', { state: 'awaiting_approval' })).toBe(1);
  });
});

describe('drift', () => {
  it('is reported by origin, environment and stack, until an exemption', async () => {
    core.cloud.drift.set(STACK, [TAG, { ...SSH, origin: 'both' }]);
    core.cloud.drift.set(DATA, [
      { ...TAG, origin: 'code' },
      { ...SSH, actionable: false },
    ]);
    await core.check();
    await core.check('schedule', DATA);
    core.now += 90 * MINUTE;
    const seen = await endpoints.scrape();
    expect(seen.value('m0_findings_open', { origin: 'cloud', environment: 'prod' })).toBe(1);
    expect(seen.value('m0_findings_open', { origin: 'both', environment: 'prod' })).toBe(1);
    expect(seen.value('m0_findings_open', { origin: 'code', environment: 'prod' })).toBe(0);
    expect(seen.value('m0_findings_open', { origin: 'code', environment: 'dev' })).toBe(1);
    expect(seen.value('m0_findings_open', { origin: 'cloud', environment: 'dev' })).toBe(0);
    expect(seen.value('m0_stacks', { state: 'drifted' })).toBe(2);
    expect(seen.value('m0_stack_drifted', { stack: STACK, environment: 'prod' })).toBe(1);
    expect(seen.value('m0_approval_oldest_age_seconds')).toBe(5400);
    expect(seen.value('m0_alert_oldest_age_seconds', { kind: 'drift' })).toBe(5400);
    expect(seen.value('m0_answer_oldest_age_seconds')).toBe(5400);

    await core.say(`snooze ${STACK} 2d vendor`);
    await core.say('accept #2 the code is wrong', KIM);
    const kept = await endpoints.scrape();
    expect(kept.value('m0_findings_open', { origin: 'cloud', environment: 'prod' })).toBe(0);
    expect(kept.value('m0_stacks', { state: 'quiet' })).toBe(2);
    expect(kept.value('m0_stack_drifted', { stack: STACK, environment: 'prod' })).toBe(0);
    expect(kept.value('m0_keeps', { kind: 'snooze' })).toBe(1);
    expect(kept.value('m0_keeps', { kind: 'accept' })).toBe(1);
    expect(kept.value('m0_approval_oldest_age_seconds')).toBe(0);

    core.now += 3 * 24 * 60 * MINUTE;
    const after = await endpoints.scrape();
    expect(after.value('m0_keeps', { kind: 'snooze' })).toBe(0);
  });

  it('agrees with status in chat for every stack', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    await core.check('schedule', DATA);
    expect(await core.sayText('status prod')).toContain('SSH (22) opened to 203.0.113.7 on web');
    const seen = await endpoints.scrape();
    expect(seen.value('m0_stacks', { state: 'drifted' })).toBe(1);
    expect(seen.value('m0_stacks', { state: 'aligned' })).toBe(1);
    await core.say('snooze #1 2h vendor');
    expect((await endpoints.scrape()).value('m0_stacks', { state: 'quiet' })).toBe(1);
  });

  it('that is reverted counts as an apply with outcome and time', async () => {
    core.cloud.policies.set('tags-auto', ALLOW);
    core.cloud.drift.set(STACK, [TAG]);
    takes('apply', 42_000);
    expect((await core.check()).state).toBe('realigned');
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.stubborn.add(TAG.address);
    expect((await core.check()).state).toBe('awaiting_approval');
    core.cloud.drift.set(DATA, [TAG]);
    core.cloud.next('apply', () => {
      throw new Error('throttled');
    });
    expect((await core.check('schedule', DATA)).state).toBe('failed');
    const seen = await endpoints.scrape();
    expect(seen.value('m0_applies_total', { outcome: 'realigned' })).toBe(1);
    expect(seen.value('m0_applies_total', { outcome: 'left' })).toBe(1);
    expect(seen.value('m0_applies_total', { outcome: 'failed' })).toBe(1);
    expect(seen.value('m0_applies_total', { outcome: 'unknown' })).toBe(0);
    expect(seen.value('m0_phase_seconds_sum', { phase: 'apply' })).toBe(42);
    expect(seen.value('m0_phase_seconds_count', { phase: 'apply' })).toBe(3);
    expect(seen.value('m0_phase_seconds_count', { phase: 'verify' })).toBe(2);
  });
});

describe('deliveries', () => {
  it('are counted by how they ended, and what waits has an age', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    core.now += 3 * MINUTE;
    const before = await endpoints.scrape();
    expect(before.value('m0_deliveries_waiting')).toBe(2);
    expect(before.value('m0_deliveries_due')).toBe(2);
    expect(before.value('m0_delivery_oldest_age_seconds')).toBe(180);

    core.chat.fail('post', 'C0OPS', { error: new ChatError('posting: no answer'), arrived: false });
    core.chat.fail('post', 'DU0DANA', {
      error: new ChatError('there is no such user', { permanent: true }),
      arrived: false,
    });
    await core.deliver();
    const broken = await endpoints.scrape();
    expect(broken.value('m0_delivery_attempts_total', { outcome: 'failed' })).toBe(1);
    expect(broken.value('m0_delivery_attempts_total', { outcome: 'given-up' })).toBe(1);
    expect(broken.value('m0_deliveries_waiting')).toBe(1);
    expect(broken.value('m0_deliveries_due')).toBe(0);

    core.chat.fail('post', 'C0OPS', {
      error: new ChatError('slow down', { retryAfterMs: 1000 }),
      arrived: false,
    });
    core.now += MINUTE;
    await core.deliver();
    core.now += MINUTE;
    await core.deliver();
    const after = await endpoints.scrape();
    expect(after.value('m0_delivery_attempts_total', { outcome: 'slowed' })).toBe(1);
    expect(after.value('m0_delivery_attempts_total', { outcome: 'delivered' })).toBe(1);
    expect(after.value('m0_deliveries_waiting')).toBe(0);
    expect(after.value('m0_delivery_oldest_age_seconds')).toBe(0);
  });
});

describe('policies', () => {
  it('that fail are counted, and stale ones are reported', async () => {
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.policies.set('tags-auto', new Error('tags.rego:9: division by zero'));
    await core.check();
    core.cloud.stale.set('tags-auto', { id: 'e4f5a6b7'.repeat(5), error: 'refused', since: core.now });
    await core.policyWatch.checkPolicies();
    const seen = await endpoints.scrape();
    expect(seen.value('m0_policy_errors_total', { policy: 'tags-auto' })).toBe(1);
    expect(seen.value('m0_policy_stale', { policy: 'tags-auto' })).toBe(1);
    core.cloud.stale.clear();
    await core.policyWatch.checkPolicies();
    expect((await endpoints.scrape()).value('m0_policy_stale', { policy: 'tags-auto' })).toBe(0);
  });
});

describe('the process', () => {
  it('reports its version, its chats and process metrics', async () => {
    const seen = await endpoints.scrape();
    expect(seen.value('m0_build_info', { version: '0.1.0', node: process.versions.node })).toBe(1);
    expect(seen.value('m0_chat_up', { platform: 'slack' })).toBe(1);
    expect(seen.value('m0_store_up')).toBe(1);
    expect(seen.value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(seen.types.get('nodejs_eventloop_lag_seconds')).toBe('gauge');
  });

  it('says for how long the event loop was held up since the scrape before', async () => {
    await endpoints.scrape();
    await sleep(50);
    const until = performance.now() + 300;
    while (performance.now() < until);
    await sleep(50);
    const blocked = await endpoints.scrape();
    expect(blocked.value('m0_event_loop_delay_seconds', { quantile: '1' })).toBeGreaterThan(0.2);
    expect(blocked.value('m0_event_loop_delay_seconds', { quantile: '0.5' })).toBeLessThan(0.2);
  });

  it('reports what it can if the store fails, and why the rest is missing', async () => {
    await core.check();
    core.storeFault = (method) =>
      method === 'overview' ? new Error('the database is damaged\nbadly') : null;
    const seen = await endpoints.scrape();
    core.storeFault = null;
    expect(seen.value('m0_store_up')).toBe(0);
    expect(seen.value('m0_runs_total', { trigger: 'schedule', state: 'clean' })).toBe(1);
    expect(seen.has('m0_stacks')).toBe(false);
    expect(seen.has('m0_deliveries_waiting')).toBe(false);
    expect(seen.comments.join()).toContain('the database is damaged badly');
    expect(core.logLines.join('')).toContain('the database is damaged');
    const again = await endpoints.scrape();
    expect([again.value('m0_store_up'), again.value('m0_stacks', { state: 'aligned' })]).toEqual([1, 1]);
  });

  it('says that the store can not be written, and reports all it can read', async () => {
    await core.check();
    core.storeFault = (method) => (method === 'probe' ? new Error('the disk is full') : null);
    const seen = await endpoints.scrape();
    core.storeFault = null;
    expect([seen.value('m0_store_up'), seen.value('m0_stacks', { state: 'aligned' })]).toEqual([0, 1]);
    expect(seen.comments.join()).toContain('the disk is full');
    expect((await endpoints.scrape()).value('m0_store_up')).toBe(1);
  });

  it('answers also if the store does not', async () => {
    await endpoints.close();
    const overview = core.store.overview.bind(core.store);
    core.store.overview = () => new Promise(() => {});
    endpoints = await startEndpoints(core, { timeLimitMs: 20 });
    const seen = await endpoints.scrape();
    core.store.overview = overview;
    expect(seen.value('m0_store_up')).toBe(0);
    expect(seen.comments.join()).toContain('no answer within 0.02 s');
  });

  it('has few series: none per run, and one per stack', async () => {
    core.cloud.drift.set(STACK, [TAG, SSH]);
    for (let i = 0; i < 5; i += 1) await core.check();
    const own = async () => (await endpoints.scrape()).samples.filter((s) => s.name.startsWith('m0_'));
    const before = (await own()).length;
    for (let i = 0; i < 5; i += 1) await core.check('command');
    const seen = await own();
    expect(seen.length).toBe(before);
    expect(seen.filter((s) => JSON.stringify(s.labels).includes(STACK))).toHaveLength(1);
  });
});
