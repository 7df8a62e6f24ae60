import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding, Json } from '../../../../src/drift/finding.ts';
import { shortNames } from '../../../../src/drift/resource-name.ts';
import { SEVERITY_KINDS } from '../../../../src/drift/severity/fact.ts';
import { newResources, severityOf } from '../../../../src/drift/severity.ts';
import { worstFirst } from '../../../../src/drift/summary.ts';
import { byCode, byHand, finding } from '../../../support/views.ts';
import { allow, changed, created, group, only, PRIVATE, rule, SG, WORLD, words } from './support.ts';

describe('data', () => {
  it.each<[string, Finding, string]>([
    [
      'encryption',
      changed('aws_rds_cluster', { storage_encrypted: true }, { storage_encrypted: false }),
      'data: encryption turned off for web',
    ],
    [
      'versioning',
      changed('aws_s3_bucket', { versioning: [{ enabled: true }] }, { versioning: [{ enabled: false }] }),
      'data: versioning turned off for web',
    ],
    [
      'backups',
      changed('aws_db_instance', { backup_retention_period: 7 }, { backup_retention_period: 1 }),
      'data: backup retention lowered 7 → 1 for web',
    ],
    [
      'logs that were kept for ever',
      changed('aws_cloudwatch_log_group', { retention_in_days: 0 }, { retention_in_days: 7 }),
      'data: retention lowered 0 → 7 for web',
    ],
    [
      'longer backups are only a change',
      changed('aws_db_instance', { backup_retention_period: 1 }, { backup_retention_period: 7 }),
      'data: backup_retention_period changed by hand on web',
    ],
    [
      'protection turned on is only a change',
      changed('aws_db_instance', { deletion_protection: false }, { deletion_protection: true }),
      'data: deletion_protection changed by hand on web',
    ],
    [
      'encryption that was never on is only a change',
      finding('aws_db_instance.web', { attributes: [byHand('storage_encrypted', null, false)] }),
      'data: storage_encrypted added by hand on web',
    ],
    [
      'a computed value is changed by no hand',
      finding('aws_x.web', { attributes: [{ ...byHand('replicas_seen', 1, 2), computed: true }] }),
      'rest: replicas_seen changed outside of the code on web',
    ],
    [
      'tags of a database',
      changed('aws_db_instance', { tags: { a: 'b' } }, { tags: {} }),
      'rest: 1 tag removed by hand on web',
    ],
  ])('%s', (_name, of, said) => {
    expect(words(of)).toBe(said);
  });
});

describe('what is lost', () => {
  const deletes = (type: string): Finding =>
    only({ address: `${type}.web`, recorded: { a: 1 }, desired: null, actions: ['delete'] });
  it.each<[string, Finding, string]>([
    [
      'replaced',
      only({
        address: 'aws_db_instance.web',
        recorded: { engine: 'a' },
        desired: { engine: 'b' },
        actions: ['delete', 'create'],
      }),
      'destroy: web would be deleted and created anew (engine changed in the code)',
    ],
    [
      'tainted',
      finding('aws_db_instance.web', {
        origin: 'code',
        action: 'replace',
        actionReason: 'replace_because_tainted',
      }),
      'destroy: web would be deleted and created anew because it is tainted',
    ],
    ['deleted', deletes('aws_s3_bucket'), 'destroy: web would be deleted'],
    [
      'deleted by hand',
      only({
        address: 'aws_instance.web',
        recorded: { a: 1 },
        actual: null,
        desired: { a: 1 },
        actions: ['create'],
      }),
      'destroy: web deleted by hand',
    ],
    ['a rule is no loss', deletes('aws_security_group_rule'), 'rest: web would be deleted'],
    ['what only the state has is no loss', deletes('terraform_data'), 'rest: web would be deleted'],
    [
      'the block of public access is an exposure',
      deletes('aws_s3_bucket_public_access_block'),
      'exposure: applying the code would remove the block of public access of web',
    ],
  ])('%s', (_name, of, said) => {
    expect(words(of)).toBe(said);
  });
});

describe('the order', () => {
  const stopped = finding('aws_instance.web', {
    action: 'none',
    actionable: false,
    attributes: [{ ...byHand('instance_state', 'running', 'stopped'), computed: true }],
  });
  const worstLast: readonly Finding[] = [
    changed('aws_s3_bucket', { tags: { a: 'b' } }, { tags: {} }),
    stopped,
    changed('aws_db_instance', { deletion_protection: true }, { deletion_protection: false }),
    created('aws_iam_policy', { policy: allow('*') }),
    changed('aws_iam_role_policy', { policy: allow('s3:GetObject') }, { policy: allow('*') }),
    created(SG, group(rule(22, 22, WORLD))),
    changed(SG, group(PRIVATE), group(PRIVATE, rule(443, 443, WORLD))),
    changed(SG, group(PRIVATE), group(PRIVATE, rule(22, 22, '203.0.113.7/32'))),
    changed(SG, group(PRIVATE), group(PRIVATE, rule(22, 22, WORLD))),
    only({ address: 'aws_instance.x', recorded: { a: 1 }, desired: null, actions: ['delete'] }),
    only({
      address: 'aws_db_instance.x',
      recorded: { a: 1 },
      desired: { a: 2 },
      actions: ['delete', 'create'],
    }),
  ];

  it('is destroy, exposure, identity, data, rest; what holds data and what is so now come first', () => {
    const sorted = worstFirst(worstLast).map(({ finding: each }) => each);
    expect(sorted).toEqual(worstLast.toReversed());
    const kinds = sorted.map((each) => SEVERITY_KINDS.indexOf(severityOf(each).kind));
    expect(kinds).toEqual(kinds.toSorted((a, b) => a - b));
  });

  it('says that a service is stopped, and does not call it done by hand', () => {
    expect(words(stopped)).toBe('rest: web stopped outside of the code');
  });

  it('counts new resources by what they are, the worst first', () => {
    const queue = created('aws_sqs_queue', { name: 'q' });
    expect(
      newResources([
        queue,
        queue,
        created('aws_iam_policy', { policy: allow('*') }),
        created(SG, group(rule(22, 22, WORLD))),
      ]),
    ).toEqual(['1 group open to the world', '1 IAM policy that allows everything (*:*)', '2 queues']);
    const own = created('terraform_data', {});
    expect(newResources([own, own])).toEqual(['2 terraform_data']);
  });

  it('never throws, whatever the values are', () => {
    const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
    const path = fc.constantFrom(
      'ingress[*]',
      'ingress[0].cidr_blocks[*]',
      'policy',
      'acl',
      'members[*]',
      'a["b.c"]',
      ']x[',
      '',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(SG, 'aws_iam_role', 'google_compute_firewall', 'aws_db_instance'),
        path,
        value,
        value,
        (type, at, before, after) => {
          for (const action of ['update', 'create', 'replace', 'none'] as const) {
            const of = finding(`${type}.x`, {
              action,
              attributes: [byHand(at, before, after), byCode(at, before, after)],
              contents: [{ path: at, value: after, sensitive: false }],
            });
            expect(severityOf(of).words('x')).not.toBe('');
            expect(severityOf(of).words('x')).not.toMatch(/\n/);
          }
        },
      ),
    );
  });
});

describe('names', () => {
  it.each([
    ['aws_security_group.web', 'web'],
    ['module.a.aws_security_group.web["x.y"]', 'web["x.y"]'],
    ['aws_db_instance.this', 'aws_db_instance.this'],
    ['module.prod_db.aws_db_instance.this[0]', 'module.prod_db.aws_db_instance.this[0]'],
    ['odd', 'odd'],
  ])('%s', (address, name) => {
    const of = finding(address);
    expect(shortNames([of])(of)).toBe(name);
  });

  it('that two resources share have more in front', () => {
    const same = ['aws_a.web', 'aws_b.web', 'module.m.aws_b.web'].map((address) => finding(address));
    expect(same.map(shortNames(same))).toEqual(['aws_a.web', 'aws_b.web', 'module.m.aws_b.web']);
  });
});
