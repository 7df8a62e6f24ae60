/**
 * Events without a person at work: a state locked by somebody, an unanswered question, a snooze that ends,
 * accepted drift that changes, checks missed during a downtime. All real except Slack's servers and AWS; m0's clock is
 * moved forward instead of waiting for hours.
 */
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONSOLE_CREDENTIALS } from '../../src/sandbox/cloud/cloud-api.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { openPort } from '../support/manual-change.ts';
import { DANA, KIM, poll, startWorld, type World, words } from '../support/world.ts';

const HOUR = 3_600_000;
const SSH = '22/tcp from 203.0.113.7/32';
const INGRESS = 'Security group web, lets in';
const TAGS = 'Bucket acme-logs, tags';
const AS_BUILT = 'CostCenter=4711, Owner=platform';
const LOCK = { Bucket: SAMPLE.stateBucket, Key: 'prod/network.tfstate.tflock' };

let world: World;
let s3: S3Client;
/** The schedule of the next start; a test changes it to have missed checks. */
let schedule = '0 0 29 2 *';

beforeAll(async () => {
  world = await startWorld({
    config: (yaml) =>
      yaml
        .replace(
          'oncall:\n',
          'oncall:\n  secondary:\n    rotation:\n      people: [kim]\n      every: 1w\n      from: 2026-01-05T09:00:00Z\n',
        )
        .replace('defaults:\n', 'defaults:\n  escalation: [{ after: 30m, to: "oncall:secondary" }]\n')
        .replace('schedule: 0 0 29 2 *', `schedule: "${schedule}"`),
  });
  const here = { endpoint: world.cloud.motoUrl, region: SAMPLE.region, credentials: CONSOLE_CREDENTIALS };
  s3 = new S3Client({ ...here, forcePathStyle: true });
});
afterAll(async () => {
  s3?.destroy();
  await world?.close();
});

/** Writes the lock that a colleague's Terraform on a laptop would hold. */
function lockedBy(who: string): Promise<unknown> {
  const created = new Date().toISOString();
  const info = { ID: 'b6d0c1d2-0000-4000-8000-000000000001', Operation: 'OperationTypeApply', Who: who };
  const Body = JSON.stringify({ ...info, Info: '', Version: '1.11.4', Created: created, Path: LOCK.Key });
  return s3.send(new PutObjectCommand({ ...LOCK, Body }));
}

const thread = (text: string) =>
  poll(async () =>
    world.workspace.channel('ops').messages.find((m) => m.threadTs !== null && words(m).includes(text)),
  );

describe('without a person at work', () => {
  it('a state locked by a colleague: reported, not touched, and reverted after the release', async () => {
    await lockedBy('kim@laptop');
    await world.cloud.console.run('remove-tags');
    await world.type(DANA, 'drift prod');
    const card = await world.card('is locked by kim@laptop', 'm0 breaks no lock');
    expect(words(card)).toContain('Not applied yet');
    expect(await world.fact(TAGS)).not.toBe(AS_BUILT);
    const [run] = await world.runs();
    expect(run).toMatchObject({ state: 'approved', lock: { who: 'kim@laptop', times: 1 } });

    await s3.send(new DeleteObjectCommand(LOCK));
    world.pass(61_000);
    const done = await world.until(run?.id ?? 0, 'realigned');
    expect(await world.fact(TAGS)).toBe(AS_BUILT);
    expect(done.applied).toHaveLength(1);
    await thread('the state is locked by kim@laptop');
  });

  it('an unanswered question goes to the second person on call', async () => {
    await world.cloud.console.run('open-ssh');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    await world.dm(DANA, 'You are on call (primary)', SSH);
    world.pass(30 * 60_000);
    const dm = await world.dm(KIM, 'Nobody has decided for 30 min', 'you are on call (secondary)');
    expect(words(dm)).toContain(SSH);
  });

  it('the end of a snooze is reported, and a check asks again', async () => {
    const [before] = await world.runs();
    await world.type(KIM, `snooze #${before?.id} 2h vendor needs SSH`);
    await world.until(before?.id ?? 0, 'quiet');
    world.pass(2 * HOUR + 1);
    await thread('The snooze of aws_security_group.web by Kim ("vendor needs SSH") is over: checking again');
    const card = await world.card('the snooze by Kim is over', 'waits');
    expect(words(card)).toContain(SSH);
    expect(await world.fact(INGRESS)).toContain(SSH);
  });

  it('accepted drift that changes is reported again and never applied automatically', async () => {
    const [run] = await world.service.store.runs({ states: ['awaiting_approval'] });
    await world.type(DANA, `accept #${run?.id} agreed with security`);
    await world.until(run?.id ?? 0, 'quiet');
    expect((await world.check()).state).toBe('quiet');

    await openPort(world.cloud, 5432);
    const again = await world.check();
    expect(again.state).toBe('awaiting_approval');
    await world.card(`run #${again.id}`, 'Dana had accepted it, it moved since');
    expect(await world.fact(INGRESS)).toContain(SSH);
  });

  it('checks missed during a downtime lead to one check', async () => {
    schedule = '*/30 * * * *';
    await world.restart();
    await world.service.close();
    const before = (await (async () => world.workspace.channel('ops').messages.length)()) ?? 0;
    world.pass(5 * HOUR);
    await world.restart();
    const made = await poll(async () => {
      const runs = (await world.runs()).filter((r) => r.trigger === 'schedule');
      return runs.some((r) => r.decision !== null) ? runs : undefined;
    }, 'the missed check');
    expect(made).toHaveLength(1);
    expect(made[0]?.state).toBe('quiet');
    expect(world.cards().length).toBeLessThanOrEqual(before);
  });
});
