/** The first story: what is reverted, what waits, who may decide. The tests run in order on one cloud. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExposition } from '../support/exposition.ts';
import { buttons, DANA, EVE, KIM, startWorld, type World, words } from '../support/world.ts';

const TAGS = 'Bucket acme-logs, tags';
const INGRESS = 'Security group web, lets in';
const AS_BUILT = 'CostCenter=4711, Owner=platform';
const SSH = '22/tcp from 203.0.113.7/32';

let world: World;
beforeAll(async () => {
  world = await startWorld({ cloud: 'aws-as-shipped' });
});
afterAll(() => world?.close());

describe('tags removed and SSH opened manually', () => {
  it('the tags are restored automatically, the hotfix waits, and the card says both', async () => {
    await world.cloud.console.run('remove-tags');
    await world.cloud.console.run('open-ssh');
    const run = await world.check();

    expect(run.state).toBe('awaiting_approval');
    expect(await world.fact(TAGS)).toBe(AS_BUILT);
    expect(await world.fact(INGRESS)).toContain(SSH);
    const card = await world.card('aws_security_group.web', 'verified');
    const said = words(card);
    expect(said).toContain('tags-auto');
    expect(said).toContain('network-human');
    expect(said).toContain(SSH);
    expect(said).toContain(`run #${run.id}`);
    expect(run.applied).toMatchObject([
      { scope: [{ address: 'aws_s3_bucket.logs' }], approvedBy: [], verifiedAt: expect.any(Number) },
    ]);
    expect(world.cards().filter((m) => words(m).includes('aws_security_group.web'))).toHaveLength(1);
  });

  it('the person on call gets a DM with the same buttons and the reason', async () => {
    const dm = await world.dm(DANA, 'You are on call', SSH);
    expect(buttons(dm)).toContain('Approve: close SSH again');
  });

  it('an engineer who is no approver is refused privately, and nothing changes', async () => {
    const card = await world.card('aws_security_group.web');
    const before = world.cards().length;
    await world.workspace.as(EVE).click(card, 'Approve: close SSH again', { confirm: true });
    const refusal = await world.whisper(EVE, 'Only');
    expect(words(refusal)).toContain('may approve prod-network');
    await world.type(EVE, 'approve #1');
    await world.whisper(EVE, 'Only');
    expect((await world.run(1)).state).toBe('awaiting_approval');
    expect(world.cards()).toHaveLength(before);
    expect(await world.fact(INGRESS)).toContain(SSH);
  });

  it('the full diff opens as a dialog', async () => {
    const card = await world.card('aws_security_group.web');
    await world.workspace.as(EVE).click(card, 'Full diff');
    expect(words(await world.view(EVE))).toContain(SSH);
  });

  it('the same drift in a later check makes no new message', async () => {
    const before = (await world.card('aws_security_group.web')).ts;
    const again = await world.check();
    expect(again).toMatchObject({ state: 'quiet', relatedRun: 1 });
    const alerts = await world.service.store.alerts({ subject: 'prod-network', state: 'open' });
    expect(alerts).toMatchObject([{ runId: 1, seenCount: 2 }]);
    expect((await world.card('aws_security_group.web', 'Who')).ts).toBe(before);
  });

  it('after a snooze by button there are no alerts, and the change stays in the cloud', async () => {
    const card = await world.card('aws_security_group.web', 'Who');
    await world.workspace.as(DANA).click(card, 'Snooze…');
    const view = await world.view(DANA);
    await world.workspace.as(DANA).submit(view.id, { for: '3d', reason: 'vendor needs SSH' });
    await world.until(1, 'quiet');
    const snoozed = await world.card('snoozed by Dana', 'vendor needs SSH');
    expect(buttons(snoozed)).toContain('Unsnooze');

    const before = world.cards().length;
    expect((await world.check()).state).toBe('quiet');
    expect(world.cards().filter((m) => words(m).includes('aws_security_group.web'))).toHaveLength(1);
    expect(world.cards().length).toBeLessThanOrEqual(before + 1);
    expect(await world.fact(INGRESS)).toContain(SSH);
  });

  it('after unsnooze there is a new alert; after an approval in the DM it is reverted and verified', async () => {
    await world.type(DANA, 'unsnooze #1');
    const dm = await world.dm(DANA, 'You are on call', 'waits for you');
    const open = await world.service.store.alerts({ subject: 'prod-network', state: 'open' });
    const id = open[0]?.runId ?? 0;
    const unconfirmed = await world.workspace.as(DANA).click(dm, 'Approve: close SSH again');
    expect(JSON.stringify(unconfirmed)).toContain('203.0.113.7/32');
    await world.workspace.as(DANA).click(dm, 'Approve: close SSH again', { confirm: true });
    const run = await world.until(id, 'realigned');

    expect(await world.fact(INGRESS)).not.toContain(SSH);
    expect(run.applied).toMatchObject([
      { approvedBy: [{ person: 'dana', platform: 'slack' }], verifiedAt: expect.any(Number) },
    ]);
    const done = await world.card(`run #${id}`, 'Dana', 'verified');
    expect(buttons(done)).not.toContain('Approve: close SSH again');
    await world.dm(DANA, `run #${id}`, 'verified');
  });
});

describe('drift that changes between the click and the apply', () => {
  it('is never applied: the person sees the change and is asked again', async () => {
    await world.cloud.console.run('open-ssh');
    const run = await world.check();
    const card = await world.card(`run #${run.id}`, 'waits', SSH);
    await world.cloud.console.run('remove-tags');
    await world.cloud.console.run('merge-code');
    await world.workspace.as(DANA).click(card, 'Approve: close SSH again', { confirm: true });

    await world.card(`run #${run.id}`, 'not applied: since');
    // The tags heal as the policies say; what was approved waits.
    const asked = await world.until(run.id, 'awaiting_approval');
    const healed = asked.applied.flatMap((part) => part.scope.map(({ address }) => address));
    expect([healed, asked.approvals]).toEqual([['aws_s3_bucket.logs'], []]);
    expect(asked.moved?.approvedBy).toMatchObject([{ person: 'dana' }]);
    expect(await world.fact(INGRESS)).toContain(SSH);
  });

  it('the old button approves nothing', async () => {
    const id = (await world.service.store.alerts({ subject: 'prod-network', state: 'open' }))[0]?.runId ?? 0;
    const dm = await world.dm(DANA, `run #${id}`);
    await world.type(DANA, `approve #${id} 00000000`);
    await world.whisper(DANA, 'has changed since');
    expect(await world.fact(INGRESS)).toContain(SSH);
    expect(buttons(dm).length).toBeGreaterThan(0);
  });

  it('after a rejection the run ends and nothing is applied', async () => {
    const id = (await world.service.store.alerts({ subject: 'prod-network', state: 'open' }))[0]?.runId ?? 0;
    await world.type(DANA, `reject #${id} not now`);
    await world.until(id, 'rejected');
    await world.card(`run #${id}`, 'ejected by Dana');
    expect(await world.fact(INGRESS)).toContain(SSH);
  });
});

describe('drift by code, and accepted drift', () => {
  it('merged code that was not applied is reported with the origin code and waits', async () => {
    await world.workspace.as(DANA).slash('/m0', 'drift prod', 'ops');
    const card = await world.card('aws_vpc.main', 'waits');
    expect(words(card)).toMatch(/merged|code/i);
    const open = await world.service.store.alerts({ subject: 'prod-network', state: 'open' });
    const run = await world.run(open[0]?.runId ?? 0);
    expect(run.findings.find((f) => f.address === 'aws_vpc.main')).toMatchObject({ origin: 'code' });
  });

  it('accepted with a reason, the hotfix is part of the baseline and left out of an apply', async () => {
    const open = await world.service.store.alerts({ subject: 'prod-network', state: 'open' });
    const id = open[0]?.runId ?? 0;
    await world.until(id, 'awaiting_approval');
    await world.type(DANA, `accept #${id} aws_security_group.web the vendor keeps SSH`);
    await world.card(`run #${id}`, 'accepted', 'the vendor keeps SSH');

    await world.type(KIM, `approve #${id}`);
    await world.whisper(KIM, 'somebody else must approve');
    await world.approve(DANA, id);
    await world.until(id, 'realigned');
    expect(await world.fact(INGRESS)).toContain(SSH);
    expect(await world.fact('VPC')).not.toBe('off');
    await world.type(EVE, 'baseline prod');
    expect(words(await world.whisper(EVE, 'accepted', 'the vendor keeps SSH'))).toContain('Dana');
  });

  it('a manually deleted resource is created again only after an approval', async () => {
    await world.cloud.console.run('delete-bucket');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    expect(await world.fact('Bucket')).not.toBe(AS_BUILT);
    const card = await world.card(`run #${run.id}`, 'aws_s3_bucket.logs', 'waits');
    await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
    await world.until(run.id, 'realigned');
    expect(await world.fact(TAGS)).toBe(AS_BUILT);
    expect(await world.fact(INGRESS)).toContain(SSH);
  });
});

describe('monitoring', () => {
  const lines = () => world.logs.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

  it('m0 is ready, counts its work, and each log line of a tool names its run', async () => {
    const url = String(lines().findLast((l) => l.msg === 'm0 is at work')?.url);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ok: true, problems: [] });
    const seen = readExposition(await (await fetch(`${url}/metrics`)).text());
    expect(seen.value('m0_applies_total', { outcome: 'realigned' })).toBeGreaterThan(1);
    expect(seen.value('m0_phase_seconds_sum', { phase: 'apply' })).toBeGreaterThan(1);
    expect(seen.value('m0_delivery_attempts_total', { outcome: 'delivered' })).toBeGreaterThan(5);
    expect(seen.value('m0_keeps', { kind: 'accept' })).toBe(1);
    expect(seen.value('m0_stack_drifted', { stack: 'prod-network', environment: 'prod' })).toBe(0);
    const ended = lines().filter((l) => l.msg === 'tool ended' && l.stack !== 'sandbox');
    expect(ended.length).toBeGreaterThan(10);
    for (const line of ended) expect(line).toMatchObject({ run: expect.any(Number), stack: 'prod-network' });
  });
});

describe('stored data and secrets', () => {
  it('a restart keeps everything: run numbers continue, the baseline stays', async () => {
    const [last] = await world.runs();
    await world.restart();
    const run = await world.check();
    expect(run.id).toBe((last?.id ?? 0) + 1);
    expect(run.state).toBe('quiet');
  });

  it('the audit record names who did what, and no log line contains a token', async () => {
    await world.type(EVE, 'history prod');
    const history = words(await world.whisper(EVE, 'History of prod'));
    expect(history).toContain('Dana');
    const everything = world.logs.join('');
    for (const secret of [
      'xoxb-sandbox',
      'xapp-sandbox',
      world.cloud.stackEnv.AWS_SECRET_ACCESS_KEY ?? '?',
    ]) {
      expect(everything).not.toContain(secret);
    }
  });
});
