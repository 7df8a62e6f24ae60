import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { type Planned, planJson } from '../../support/plan.ts';

/** What `explain` prints for a plan of these resources, in the terminal or as JSON. */
async function printed(resources: readonly Planned[], ...flags: readonly string[]): Promise<string> {
  let text = '';
  await explain(['plan.json', ...flags], {
    out: (part) => {
      text += part;
    },
    err: (part) => {
      throw new Error(part);
    },
    color: false,
    readFile: () => Promise.resolve(Buffer.from(JSON.stringify(planJson(resources)))),
  });
  return text;
}

const rule = (cidr: string): Json => ({ from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: [cidr] });
const policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
const created = (address: string, desired: Readonly<Record<string, Json>>): Planned => ({
  ...{ address, recorded: null, desired, actions: ['create'] },
});

describe('contents', () => {
  it('of a create are all printed, and what a policy allows above it', async () => {
    const text = await printed([created('aws_iam_policy.deploy', { name: 'deploy', policy, path: '/' })]);
    expect(text).toContain(
      [
        '+ aws_iam_policy.deploy  changed in the code, an apply would create it',
        '  + name: deploy',
        '  + path: /',
        '  + policy: allows everything (*:*)',
        `  + policy: ${policy}`,
      ].join('\n'),
    );
  });

  it('of a delete are what would be lost, with the reason', async () => {
    const gone: Planned = {
      ...{
        address: 'aws_db_instance.old',
        recorded: { engine: 'postgres' },
        desired: null,
        actions: ['delete'],
      },
      reason: 'delete_because_no_resource_config',
    };
    expect(await printed([gone])).toContain(
      [
        '1 drifted in plan.json: aws_db_instance.old would be deleted because it is no longer in the code',
        '',
        '- aws_db_instance.old  changed in the code, an apply would delete it because it is no longer in the code',
        '  - engine: postgres',
        '',
      ].join('\n'),
    );
  });

  it('of a replace leave out what its attributes show', async () => {
    const replaced: Planned = {
      ...{
        address: 'aws_db_instance.a',
        recorded: { engine: 'a', size: 1 },
        desired: { engine: 'b', size: 1 },
      },
      ...{ actions: ['delete', 'create'], replacePaths: [['engine']] },
    };
    const text = await printed([replaced]);
    expect(text).toContain('  ~ engine: a → b  (code, forces replacement)\n    size: 1\n');
    expect(text.match(/engine: /g)).toHaveLength(1);
  });

  it('never show a secret', async () => {
    const secret = {
      ...created('aws_db_instance.a', { password: 'hunter2!', name: 'x' }),
      sensitive: { password: true },
    };
    const text = await printed([secret]);
    expect(text).toContain('  + password: (sensitive)\n');
    expect(text).not.toContain('hunter2');
  });
});

describe('the reason of a replace', () => {
  it.each([
    ['replace_because_tainted', 'because it is tainted'],
    ['replace_by_triggers', 'because its trigger changed'],
    ['replace_by_request', 'because somebody asked for it (-replace)'],
  ])('%s is told, and not that somebody changed the code', async (reason, words) => {
    const replaced: Planned = {
      ...{ address: 'aws_instance.web', recorded: { a: 1 }, actions: ['delete', 'create'] },
      ...{ unknown: { id: true }, reason },
    };
    const text = await printed([replaced]);
    expect(text).toContain(`aws_instance.web would be deleted and created anew ${words}\n`);
    expect(text).toContain(`~ aws_instance.web  an apply would replace it ${words}\n`);
    expect(text).not.toContain('in the code');
    expect(JSON.parse(await printed([replaced], '--json'))).toMatchObject({
      findings: [{ actionReason: reason }],
    });
  });
});

describe('what an apply only writes to the state', () => {
  const imported: Planned = { address: 'aws_s3_bucket.i', recorded: { a: 1 }, importing: true };
  const moved: Planned = {
    address: 'aws_s3_bucket.new',
    previousAddress: 'aws_s3_bucket.old',
    recorded: { a: 1 },
  };

  it('is told as such, and not as drift', async () => {
    const text = await printed([imported, moved]);
    expect(text).toMatch(/^2 in plan\.json where an apply only writes the state: /);
    expect(text).toContain('An apply would only write the state of these:\n');
    expect(text).toContain('! aws_s3_bucket.i  an apply imports it into the state\n');
    expect(text).toContain(
      '! aws_s3_bucket.new  moved from aws_s3_bucket.old: an apply only writes the state\n',
    );
  });

  it('is said of an import that changes something as well', async () => {
    const both = { ...imported, desired: { a: 2 } };
    expect(await printed([both])).toContain(
      '~ aws_s3_bucket.i  an apply imports it into the state, changed in the code, an apply would update it\n',
    );
  });
});

describe('the order', () => {
  it('is the worst first, in the sentence and in the list', async () => {
    const text = await printed([
      {
        address: 'aws_a.tags',
        recorded: { tags: { a: 'b' } },
        actual: { tags: {} },
        desired: { tags: { a: 'b' } },
      },
      {
        address: 'aws_security_group.web',
        recorded: { ingress: [] },
        actual: { ingress: [rule('203.0.113.7/32'), rule('10.0.0.0/8')] },
        desired: { ingress: [] },
      },
    ]);
    expect(text).toMatch(
      /^2 drifted in plan\.json: SSH \(22\) opened to 203\.0\.113\.7 on aws_security_group\.web, 1 tag/,
    );
    expect(text.indexOf('~ aws_security_group.web')).toBeLessThan(text.indexOf('~ aws_a.tags'));
  });

  it('begins with what an apply would not change, if that is the worst', async () => {
    const admin = 'arn:aws:iam::aws:policy/AdministratorAccess';
    const text = await printed([
      {
        address: 'aws_a.tags',
        recorded: { tags: { a: 'b' } },
        actual: { tags: {} },
        desired: { tags: { a: 'b' } },
      },
      {
        ...{ address: 'aws_iam_role.ci', recorded: { managed_policy_arns: [] }, expressions: {} },
        actual: { managed_policy_arns: [admin] },
      },
    ]);
    expect(text).toMatch(
      /^AdministratorAccess attached to role aws_iam_role\.ci, outside of the code\. 1 drifted in plan\.json: 1 tag removed/,
    );
  });
});
