import { describe, expect, it } from 'vitest';
import type { Finding, Json } from '../../../../src/drift/finding.ts';
import { openedByApply, severityOf, widensAccess } from '../../../../src/drift/severity.ts';
import { byHand, finding } from '../../../support/views.ts';
import { allow, changed, coded, created, group, PRIVATE, rule, SG, WORLD, words } from './support.ts';

describe('what an apply would open or allow', () => {
  it.each<[string, Finding, string, readonly string[]]>([
    [
      'a rule in the code',
      coded(SG, group(PRIVATE), group(PRIVATE, rule(22, 22, WORLD))),
      'exposure: applying the code would open SSH (22) to the world (0.0.0.0/0) on web',
      ['opens SSH (22) to the world (0.0.0.0/0)'],
    ],
    [
      'a new group',
      created(SG, group(rule(22, 22, WORLD))),
      'exposure: applying the code would open SSH (22) to the world (0.0.0.0/0) on web',
      ['opens SSH (22) to the world (0.0.0.0/0)'],
    ],
    [
      'a new rule',
      created('aws_vpc_security_group_ingress_rule', {
        ip_protocol: 'tcp',
        from_port: 5432,
        to_port: 5432,
        cidr_ipv4: '198.51.100.0/24',
      }),
      'exposure: applying the code would open PostgreSQL (5432) to 198.51.100.0/24 on web',
      ['opens PostgreSQL (5432) to 198.51.100.0/24'],
    ],
    [
      'a new Google firewall',
      created('google_compute_firewall', {
        direction: 'INGRESS',
        source_ranges: [WORLD],
        allow: [{ protocol: 'tcp', ports: ['22'] }],
      }),
      'exposure: applying the code would open SSH (22) to the world (0.0.0.0/0) on web',
      ['opens SSH (22) to the world (0.0.0.0/0)'],
    ],
    [
      'a new policy',
      created('aws_iam_policy', { name: 'x', policy: allow('*') }),
      'identity: applying the code would allow everything (*:*) in web',
      ['allows everything (*:*)'],
    ],
    [
      'a new attachment',
      created('aws_iam_role_policy_attachment', {
        role: 'ci',
        policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess',
      }),
      'identity: applying the code would attach AdministratorAccess to role ci',
      ['attaches AdministratorAccess'],
    ],
    [
      'a new assignment in Azure',
      created('azurerm_role_assignment', { role_definition_name: 'Owner', principal_id: 'p-1' }),
      'identity: applying the code would grant Owner to p-1 on web',
      ['grants Owner to p-1'],
    ],
    [
      'a new public database',
      created('aws_db_instance', { publicly_accessible: true }),
      'exposure: applying the code would turn on public access for web',
      ['turns on public access'],
    ],
    [
      'protection turned off',
      coded('aws_db_instance', { deletion_protection: true }, { deletion_protection: false }),
      'data: applying the code would turn off deletion protection for web',
      [],
    ],
    ['a new private group', created(SG, group(PRIVATE)), 'rest: web new in the code', []],
  ])('%s', (_name, of, said, opened) => {
    expect(words(of)).toBe(said);
    expect(openedByApply(of)).toEqual(opened);
    expect(severityOf(of).when).toBe('apply');
    expect(widensAccess(of)).toBe(false);
  });
});

describe('rights', () => {
  it.each<[string, Finding, string]>([
    [
      'a policy attached by hand, which no apply takes away',
      finding('aws_iam_role.ci', {
        action: 'none',
        actionable: false,
        attributes: [byHand('managed_policy_arns[*]', null, 'arn:aws:iam::aws:policy/AdministratorAccess')],
      }),
      'identity: AdministratorAccess attached to role web, outside of the code',
    ],
    [
      'a wildcard',
      changed(
        'aws_iam_role_policy',
        { policy: allow('s3:GetObject') },
        { policy: allow(['s3:GetObject', 's3:*']) },
      ),
      'identity: web now allows s3:*, outside of the code',
    ],
    [
      'everything',
      changed('aws_iam_role_policy', { policy: allow('s3:GetObject') }, { policy: allow('*') }),
      'identity: web now allows everything (*:*), outside of the code',
    ],
    [
      'fewer rights',
      changed(
        'aws_iam_role_policy',
        { policy: allow(['s3:GetObject', 's3:PutObject']) },
        { policy: allow('s3:GetObject') },
      ),
      'identity: policy changed by hand on web',
    ],
    [
      'a right that a wildcard had already',
      changed(
        'aws_iam_role_policy',
        { policy: allow(['s3:*']) },
        { policy: allow(['s3:*', 's3:GetObject']) },
      ),
      'identity: policy changed by hand on web',
    ],
    [
      'tags of a role',
      changed('aws_iam_role', { tags: { a: 'b' } }, { tags: {} }),
      'rest: 1 tag removed by hand on web',
    ],
  ])('%s', (_name, of, said) => {
    expect(words(of)).toBe(said);
    expect(widensAccess(of)).toBe(/now allows|attached/.test(said));
  });
});

describe('who is in', () => {
  const deny = (...actions: readonly string[]): Json =>
    JSON.stringify({ Statement: [{ Effect: 'Deny', Action: actions, Resource: '*', Principal: '*' }] });

  it.each<[string, Finding, string]>([
    [
      'a user added to a group',
      changed('aws_iam_group_membership', { users: ['ann'] }, { users: ['ann', 'eve'] }),
      'identity: user eve added to the group of web, outside of the code',
    ],
    [
      'a condition that is gone',
      changed(
        'aws_iam_role_policy',
        { policy: allow('s3:*', { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }) },
        { policy: allow('s3:*') },
      ),
      'identity: web now allows s3:*, outside of the code',
    ],
    [
      'what is no longer denied',
      changed(
        'aws_s3_bucket_policy',
        { policy: deny('s3:DeleteObject', 's3:PutObject') },
        { policy: deny('s3:DeleteObject') },
      ),
      'identity: s3:PutObject no longer denied by web',
    ],
    [
      'what the code no longer denies',
      coded('aws_s3_bucket_policy', { policy: deny('s3:*') }, { policy: deny('s3:DeleteObject') }),
      'identity: applying the code would stop denying s3:* by web',
    ],
    [
      'more denied is no widening',
      changed('aws_s3_bucket_policy', { policy: deny('s3:DeleteObject') }, { policy: deny('s3:*') }),
      'rest: policy changed by hand on web',
    ],
  ])('%s', (_name, of, said) => {
    expect(words(of)).toBe(said);
  });
});
