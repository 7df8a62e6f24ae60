/** Ignored attributes with the real AWS provider: a table that was scaled by hand and lost a tag. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitAs, KIM } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { startTestCloud, type TestCloud } from '../support/cloud.ts';

const signal = new AbortController().signal;
const whole = { only: null, signal };
const TABLE = 'aws_dynamodb_table.orders';
const CODE = `resource "aws_dynamodb_table" "orders" {
  name           = "orders"
  hash_key       = "id"
  read_capacity  = 5
  write_capacity = 5

  attribute {
    name = "id"
    type = "S"
  }

  tags = {
    Owner = "platform"
    Team  = "shop"
  }
}
`;

describe('a table that was scaled, and whose tags were changed', () => {
  let here: TestCloud;
  beforeAll(async () => {
    here = await startTestCloud();
  });
  afterAll(() => here.close());

  async function dynamo(action: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(here.cloud.motoUrl, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.0',
        'X-Amz-Target': `DynamoDB_20120810.${action}`,
        Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${SAMPLE.region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  interface Table {
    readonly Table: {
      readonly TableArn: string;
      readonly ProvisionedThroughput: { readonly ReadCapacityUnits: number };
    };
  }
  async function table(): Promise<{ arn: string; capacity: number; tags: unknown }> {
    const { Table } = (await dynamo('DescribeTable', { TableName: 'orders' })) as unknown as Table;
    const { Tags } = (await dynamo('ListTagsOfResource', { ResourceArn: Table.TableArn })) as {
      Tags: { Key: string; Value: string }[];
    };
    return {
      arn: Table.TableArn,
      capacity: Table.ProvisionedThroughput.ReadCapacityUnits,
      tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])),
    };
  }
  async function changeByHand(capacity: number, tags: Record<string, string>): Promise<void> {
    const throughput = { ReadCapacityUnits: capacity, WriteCapacityUnits: 5 };
    await dynamo('UpdateTable', { TableName: 'orders', ProvisionedThroughput: throughput });
    const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await dynamo('TagResource', { ResourceArn: (await table()).arn, Tags: list });
  }

  it('keeps what rules ignore and gets the rest back', async () => {
    const { runner, cloud } = here;
    const stack = here.stack({
      ignore: [
        { match: 'aws_dynamodb_table.*.read_capacity', reason: 'autoscaler' },
        // The sample's other resources have no such attribute, and one of them has no tags.
        { match: 'aws_*.*.tags.Team', reason: 'owned by finance' },
      ],
    });
    await commitAs(cloud.repos.infra, process.env, {
      ...{ author: KIM, at: Date.now(), message: 'Add a table' },
      files: { [`${SAMPLE.stackPath}/orders.tf`]: CODE },
    });
    await runner.apply(stack, (await runner.plan(stack, whole)).plan, signal);
    await changeByHand(40, { Owner: 'nobody', Team: 'finance' });

    const drifted = await runner.plan(stack, whole);
    expect(drifted.analysis.findings).toMatchObject([
      {
        ...{ address: TABLE, origin: 'cloud', action: 'update', actionable: true },
        leavesIgnored: [
          { path: 'read_capacity', reason: 'autoscaler', actual: 40, desired: 5 },
          { path: 'tags.Team', reason: 'owned by finance', actual: 'finance', desired: 'shop' },
        ],
      },
    ]);
    expect(drifted.analysis.findings[0]).not.toHaveProperty('revertsIgnored');

    // The autoscaler goes on while somebody approves.
    await changeByHand(41, {});
    const targeted = await runner.plan(stack, { only: [TABLE], signal });
    const hashes = [drifted, targeted].map(({ analysis }) =>
      analysis.findings.map((f) => [f.fingerprint, f.change]),
    );
    expect(hashes[1]).toEqual(hashes[0]);
    await runner.apply(stack, targeted.plan, signal);
    expect(await table()).toMatchObject({ capacity: 41, tags: { Owner: 'platform', Team: 'finance' } });

    const after = await runner.plan(stack, whole);
    expect(after.analysis.findings).toMatchObject([
      { address: TABLE, actionable: false, ignored: 'autoscaler, owned by finance' },
    ]);
    expect(after.analysis.counts).toMatchObject({ ignored: 1, update: 0 });
  });
});
