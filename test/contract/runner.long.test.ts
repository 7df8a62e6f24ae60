/** The runner with the real AWS provider, started by each call as in production. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/drift/fingerprint.ts';
import { applyMark, hasToolMark } from '../../src/model/tool-mark.ts';
import { startTestCloud, TEST_KEY, type TestCloud } from '../support/cloud.ts';

const signal = new AbortController().signal;
const whole = { only: null, signal };

describe('a stack in the cloud', () => {
  let here: TestCloud;
  beforeAll(async () => {
    here = await startTestCloud();
  });
  afterAll(() => here.close());

  it('finds nothing while it is aligned, then what was done by hand, and puts it back', async () => {
    const { runner, cloud } = here;
    const reason = 'opened for a drill';
    const stack = here.stack({ ignore: [{ match: 'aws_security_group.*.ingress[*]', reason }] });

    const aligned = await runner.plan(stack, whole);
    expect(aligned.analysis.findings).toEqual([]);
    expect(aligned.code).toMatchObject({
      ref: 'main',
      author: 'Kim Sato',
      commit: (await runner.head(stack)).commit,
    });

    await cloud.console.run('remove-tags');
    await cloud.console.run('open-ssh');
    const drifted = await runner.plan(stack, whole);
    expect(drifted.schema?.at('aws_security_group', ['ingress'])).toMatchObject({
      collection: 'set',
      block: false,
    });
    const found = drifted.analysis.findings.map((f) => [f.address, f.origin, f.action, f.ignored]);
    expect(found).toEqual([
      ['aws_s3_bucket.logs', 'cloud', 'update', undefined],
      ['aws_security_group.web', 'cloud', 'update', reason],
    ]);
    expect(fingerprintOf(drifted.analysis.findings)).not.toBe(fingerprintOf(aligned.analysis.findings));

    const only = await runner.plan(stack, { only: ['aws_s3_bucket.logs'], signal, run: 7 });
    expect(only.plan.targets).toEqual(['aws_s3_bucket.logs']);
    expect(only.analysis.findings.map((f) => f.address)).toEqual(['aws_s3_bucket.logs']);
    const applied = await runner.apply(stack, only.plan, signal, undefined, 7);
    expect(applied.log).toContain('1 changed');
    // The log of the cloud tells which of m0's runs sent the requests that changed something.
    const answer = await fetch(cloud.stackEnv.AWS_ENDPOINT_URL ?? '', {
      method: 'POST',
      headers: { 'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents' },
      body: JSON.stringify({ LookupAttributes: [{ AttributeKey: 'Username', AttributeValue: 'terraform' }] }),
    });
    const { Events } = (await answer.json()) as { Events: readonly { CloudTrailEvent: string }[] };
    const { eventName, userAgent } = JSON.parse(Events[0]?.CloudTrailEvent ?? '{}') as Record<string, string>;
    expect(eventName).toBe('PutBucketTagging');
    expect(hasToolMark(userAgent ?? '', applyMark(stack.name, 7, TEST_KEY)), userAgent).toBe(true);
    const facts = await cloud.console.facts();
    expect(facts.find((f) => f.label.includes('tags'))).toMatchObject({ asBuilt: true });
    expect(facts.find((f) => f.label.includes('lets in'))).toMatchObject({ asBuilt: false });
  });
});
