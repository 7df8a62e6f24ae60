import { expect, it } from 'vitest';
import { fitOf, plainEventName, stepsOf } from '../../../src/cause/attributes.ts';
import { lookupNames, regionsOf } from '../../../src/cause/names.ts';
import type { CauseQuestion } from '../../../src/ports/cause.ts';

function question(path: string, values: readonly string[] = [], deleted = false): CauseQuestion {
  return { attributes: [{ path, values }], deleted } as unknown as CauseQuestion;
}

it.each([
  ['AuthorizeSecurityGroupIngress', {}, 'ingress[*]', true],
  ['AuthorizeSecurityGroupEgress', {}, 'ingress[*]', false],
  ['CreateTags', { tagSet: { items: [{ key: 'Owner', value: 'x' }] } }, 'tags.Owner', true],
  ['CreateTags', { tagSet: { items: [{ key: 'Team', value: 'x' }] } }, 'tags.Owner', false],
  ['UntagResource', { resource: 'arn', tagKeys: ['a.b/c'] }, 'tags["a.b/c"]', true],
  ['PutBucketTagging', { bucketName: 'b' }, 'tags.Owner', true],
  ['ModifyDBInstance', { backupRetentionPeriod: 1 }, 'backup_retention_period', true],
  ['ModifyDBInstance', { backupRetentionPeriod: 1 }, 'multi_az', false],
  ['SetQueueAttributes', { attributes: { VisibilityTimeout: '1' } }, 'visibility_timeout_seconds', true],
  ['SetQueueAttributes', { attributes: { VisibilityTimeout: '1' } }, 'delay_seconds', false],
  // Not in the table: the parameter has the attribute's name.
  ['UpdateThing', { nested: [{ maxItems: 3 }] }, 'max_items', true],
  ['UpdateThing', { other: 3 }, 'max_items', false],
] as const)('%s %j names %s: %s', (name, parameters, path, named) => {
  expect(fitOf(name, parameters, question(path)).has(path)).toBe(named);
});

it('counts the values that a request mentions', () => {
  const parameters = {
    ipPermissions: { items: [{ fromPort: 22, ipRanges: { items: [{ cidrIp: '10.0.0.0/8' }] } }] },
  };
  const fit = fitOf(
    'AuthorizeSecurityGroupIngress',
    parameters,
    question('ingress[*]', ['22', '10.0.0.0/8', '443']),
  );
  expect(fit.get('ingress[*]')).toBe(2);
});

it('takes the end of a resource for what deletes it', () => {
  expect(fitOf('DeleteTable', {}, question('', [], true)).size).toBe(1);
  expect(fitOf('UpdateTable', {}, question('', [], true)).size).toBe(0);
});

it('reads paths and names of events', () => {
  expect(stepsOf('tags["a.b/c"]')).toEqual(['tags', 'a.b/c']);
  expect(stepsOf('versioning[0].enabled')).toEqual(['versioning', 'enabled']);
  expect(plainEventName('UpdateFunctionConfiguration20150331v2')).toBe('UpdateFunctionConfiguration');
  expect(plainEventName('ModifyDBInstance')).toBe('ModifyDBInstance');
});

it.each([
  ['arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1', 'sg-1', ['eu-central-1']],
  ['arn:aws:s3:::acme-logs', 'acme-logs', ['eu-west-1']],
  ['arn:aws:iam::123456789012:role/team/app', 'app', ['us-east-1']],
  ['arn:aws:logs:eu-central-1:123456789012:log-group:/app/web:*', '/app/web', ['eu-central-1']],
  ['arn:aws:lambda:eu-central-1:123456789012:function:api', 'api', ['eu-central-1']],
])('%s is looked up as %s', (arn, name, regions) => {
  expect(lookupNames([arn])).toEqual([name, arn]);
  expect(regionsOf([arn], ['eu-west-1'])).toEqual(regions);
});
