import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Finding, Json } from '../../../src/drift/finding.ts';
import { shortNames } from '../../../src/drift/resource-name.ts';
import { contains, isPublic, parseCidr } from '../../../src/drift/severity/cidr.ts';
import { SEVERITY_KINDS } from '../../../src/drift/severity/fact.ts';
import { policySummary } from '../../../src/drift/severity/policy-document.ts';
import { newResources, openedByApply, severityOf, widensAccess } from '../../../src/drift/severity.ts';
import { worstFirst } from '../../../src/drift/summary.ts';
import { type Planned, plan } from '../../support/plan.ts';
import { byCode, byHand, finding } from '../../support/views.ts';

type Values = Readonly<Record<string, Json>>;

function only(planned: Planned): Finding {
  const [first] = analyzePlan(plan([planned]), { key: 'k' }).findings;
  if (first === undefined) throw new Error('the plan has no finding');
  return first;
}

function changed(type: string, recorded: Values, actual: Values): Finding {
  return only({ address: `${type}.web`, recorded, actual, desired: recorded });
}

function coded(type: string, recorded: Values, desired: Values): Finding {
  return only({ address: `${type}.web`, recorded, desired });
}

function created(type: string, desired: Values): Finding {
  return only({ address: `${type}.web`, recorded: null, desired, actions: ['create'] });
}

function words(of: Finding): string {
  const severity = severityOf(of);
  return `${severity.kind}: ${severity.words('web')}`;
}

const rule = (from: number, to: number, ...cidrs: readonly string[]): Json => ({
  ...{ from_port: from, to_port: to, protocol: 'tcp', cidr_blocks: [...cidrs], description: '' },
  ...{ ipv6_cidr_blocks: [], prefix_list_ids: [], security_groups: [], self: false },
});
const group = (...rules: readonly Json[]): Values => ({ id: 'sg-1', ingress: [...rules] });
const SG = 'aws_security_group';
const PRIVATE = rule(443, 443, '10.0.0.0/8');
const WORLD = '0.0.0.0/0';

const allow = (action: Json, more: Values = {}): Json =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, Resource: '*', ...more }],
  });

describe('what the cloud opens now', () => {
  it.each<[string, Finding, string]>([
    [
      'a public address',
      changed(SG, group(PRIVATE), group(PRIVATE, rule(22, 22, '203.0.113.7/32'))),
      'SSH (22) opened to 203.0.113.7 on web',
    ],
    [
      'the world',
      changed(SG, group(PRIVATE), group(PRIVATE, rule(3389, 3389, WORLD))),
      'RDP (3389) opened to the world (0.0.0.0/0) on web',
    ],
    [
      'a range of ports',
      changed(SG, group(PRIVATE), group(PRIVATE, rule(8000, 8100, WORLD))),
      'ports 8000-8100 opened to the world (0.0.0.0/0) on web',
    ],
    [
      'all traffic',
      changed(
        SG,
        group(PRIVATE),
        group(PRIVATE, { ...(rule(0, 0, WORLD) as object), protocol: '-1' } as Json),
      ),
      'all traffic opened to the world (0.0.0.0/0) on web',
    ],
    [
      'IPv6 as well, told once',
      changed(
        SG,
        group(PRIVATE),
        group(PRIVATE, { ...(rule(22, 22, WORLD) as object), ipv6_cidr_blocks: ['::/0'] } as Json),
      ),
      'SSH (22) opened to the world (0.0.0.0/0) on web',
    ],
    [
      'two ports',
      changed(SG, group(PRIVATE), group(PRIVATE, rule(22, 22, WORLD), rule(5432, 5432, WORLD))),
      'SSH (22) and PostgreSQL (5432) opened to the world (0.0.0.0/0) on web',
    ],
    [
      'wider ports of a public rule',
      changed(SG, group(rule(443, 443, WORLD), PRIVATE), group(rule(0, 65535, WORLD), PRIVATE)),
      'all ports opened to the world (0.0.0.0/0) on web',
    ],
    [
      'a single rule, widened',
      changed(SG, group(rule(22, 22, '10.0.0.0/8')), group(rule(22, 22, WORLD))),
      'opened to the world (0.0.0.0/0)',
    ],
    [
      'a rule of its own',
      changed('aws_vpc_security_group_ingress_rule', { cidr_ipv4: '10.0.0.0/8' }, { cidr_ipv4: WORLD }),
      'web opened to the world (0.0.0.0/0)',
    ],
    [
      'a rule of the older kind',
      changed(
        'aws_security_group_rule',
        { cidr_blocks: ['10.0.0.0/8'] },
        { cidr_blocks: ['10.0.0.0/8', WORLD] },
      ),
      'web opened to the world (0.0.0.0/0)',
    ],
    [
      'Azure, inline',
      changed(
        'azurerm_network_security_group',
        { security_rule: [] },
        {
          security_rule: [
            {
              direction: 'Inbound',
              access: 'Allow',
              protocol: 'Tcp',
              destination_port_range: '3389',
              source_address_prefix: '*',
            },
          ],
        },
      ),
      'RDP (3389) opened to the world (*) on web',
    ],
    [
      'Azure, a rule of its own',
      changed(
        'azurerm_network_security_rule',
        { source_address_prefix: '10.0.0.0/8' },
        { source_address_prefix: 'Internet' },
      ),
      'web opened to the internet',
    ],
    [
      'Google',
      changed(
        'google_compute_firewall',
        { source_ranges: ['10.0.0.0/8'] },
        { source_ranges: ['10.0.0.0/8', WORLD] },
      ),
      'web opened to the world (0.0.0.0/0)',
    ],
    [
      'a database',
      changed('aws_db_instance', { publicly_accessible: false }, { publicly_accessible: true }),
      'public access turned on for web',
    ],
    [
      'the block of public access, switched off',
      changed(
        'aws_s3_bucket_public_access_block',
        { block_public_policy: true },
        { block_public_policy: false },
      ),
      'the block of public access turned off for web',
    ],
    [
      'an ACL',
      changed('aws_s3_bucket_acl', { acl: 'private' }, { acl: 'public-read' }),
      'the ACL public-read set for web',
    ],
    [
      'a bucket by its policy',
      changed(
        'aws_s3_bucket_policy',
        { policy: allow('s3:GetObject', { Principal: { AWS: '111111111111' } }) },
        {
          policy: allow('s3:GetObject', { Principal: '*' }),
        },
      ),
      'web opened to everyone (*) for s3:GetObject',
    ],
    [
      'a queue by its policy',
      changed(
        'aws_sqs_queue_policy',
        { policy: allow('sqs:SendMessage', { Principal: { Service: 'sns.amazonaws.com' } }) },
        {
          policy: allow('sqs:*', { Principal: { AWS: '*' } }),
        },
      ),
      'web opened to everyone (*) for sqs:*',
    ],
    [
      'a role by its trust policy',
      changed(
        'aws_iam_role',
        { assume_role_policy: allow('sts:AssumeRole', { Principal: { Service: 'ec2.amazonaws.com' } }) },
        {
          assume_role_policy: allow('sts:AssumeRole', {
            Principal: { AWS: 'arn:aws:iam::999999999999:root' },
          }),
        },
      ),
      'role web can now be assumed by account 999999999999, outside of the code',
    ],
    [
      'a Google bucket by a member',
      changed(
        'google_storage_bucket_iam_binding',
        { role: 'roles/storage.objectViewer', members: ['user:a@acme.dev'] },
        {
          role: 'roles/storage.objectViewer',
          members: ['user:a@acme.dev', 'allUsers'],
        },
      ),
      'the role granted to allUsers on web',
    ],
  ])('%s', (_name, of, said) => {
    expect(words(of)).toContain('exposure: ');
    expect(words(of)).toContain(said);
    expect(severityOf(of).when).toBe('now');
    expect(widensAccess(of)).toBe(true);
  });
});

describe('what is no exposure', () => {
  const narrow = allow('s3:GetObject', { Principal: { AWS: '111111111111' } });
  it.each<[string, Finding]>([
    [
      'narrowing by hand, which an apply takes back',
      changed(SG, group(rule(22, 22, WORLD), PRIVATE), group(PRIVATE)),
    ],
    [
      'a narrower source',
      changed(SG, group(rule(22, 22, WORLD), PRIVATE), group(rule(22, 22, '198.51.100.0/24'), PRIVATE)),
    ],
    [
      'fewer ports',
      changed(SG, group(rule(0, 65535, WORLD), PRIVATE), group(rule(443, 443, WORLD), PRIVATE)),
    ],
    [
      'a private range',
      changed(SG, group(PRIVATE), group(PRIVATE, rule(22, 22, '172.16.0.0/12', '192.168.1.0/24'))),
    ],
    [
      'a private IPv6 range',
      changed(
        SG,
        group(PRIVATE),
        group(PRIVATE, { ...(rule(22, 22) as object), ipv6_cidr_blocks: ['fd00::/8'] } as Json),
      ),
    ],
    [
      'another group',
      changed(
        SG,
        group(PRIVATE),
        group(PRIVATE, { ...(rule(22, 22) as object), security_groups: ['sg-2'] } as Json),
      ),
    ],
    ['what goes out', changed(SG, { egress: [] }, { egress: [rule(0, 65535, WORLD), PRIVATE] })],
    [
      'a description of a public rule',
      changed(
        SG,
        group(rule(443, 443, WORLD), PRIVATE),
        group({ ...(rule(443, 443, WORLD) as object), description: 'web' } as Json, PRIVATE),
      ),
    ],
    [
      'a route',
      changed(
        'aws_route_table',
        { route: [] },
        {
          route: [
            { cidr_block: WORLD, gateway_id: 'igw-1' },
            { cidr_block: '10.0.0.0/8', gateway_id: 'x' },
          ],
        },
      ),
    ],
    ['tags that look like it', changed(SG, { tags: { cidr_blocks: 'x' } }, { tags: { cidr_blocks: WORLD } })],
    [
      'Azure, a rule that denies',
      changed(
        'azurerm_network_security_group',
        { security_rule: [] },
        {
          security_rule: [
            {
              direction: 'Inbound',
              access: 'Deny',
              protocol: '*',
              destination_port_range: '*',
              source_address_prefix: '*',
            },
          ],
        },
      ),
    ],
    [
      'Azure, outbound',
      changed(
        'azurerm_network_security_group',
        { security_rule: [] },
        {
          security_rule: [
            {
              direction: 'Outbound',
              access: 'Allow',
              protocol: '*',
              destination_port_range: '*',
              source_address_prefix: '*',
            },
          ],
        },
      ),
    ],
    [
      'Azure, inside the network',
      changed(
        'azurerm_network_security_rule',
        { source_address_prefix: '10.0.0.0/8' },
        { source_address_prefix: 'VirtualNetwork' },
      ),
    ],
    [
      'a policy that lets fewer in',
      changed(
        'aws_s3_bucket_policy',
        { policy: allow('s3:GetObject', { Principal: '*' }) },
        { policy: narrow },
      ),
    ],
    [
      'a policy that only denies more',
      changed(
        'aws_s3_bucket_policy',
        { policy: narrow },
        {
          policy: JSON.stringify({
            Statement: [
              { Effect: 'Allow', Action: 's3:GetObject', Resource: '*', Principal: { AWS: '111111111111' } },
              { Effect: 'Deny', Action: '*', Resource: '*', Principal: '*' },
            ],
          }),
        },
      ),
    ],
    [
      'everyone, under a condition',
      changed(
        'aws_s3_bucket_policy',
        { policy: narrow },
        {
          policy: allow('s3:GetObject', {
            Principal: '*',
            Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
          }),
        },
      ),
    ],
    [
      'public access turned off',
      changed('aws_db_instance', { publicly_accessible: true }, { publicly_accessible: false }),
    ],
    [
      'the block of public access, switched on',
      changed(
        'aws_s3_bucket_public_access_block',
        { block_public_policy: false },
        { block_public_policy: true },
      ),
    ],
  ])('%s', (_name, of) => {
    expect(words(of)).not.toContain('exposure');
    expect(openedByApply(of)).toEqual([]);
  });

  it('narrowing by hand is told as what it is', () => {
    expect(words(changed(SG, group(rule(22, 22, WORLD), PRIVATE), group(PRIVATE)))).toBe(
      'rest: 1 rule removed by hand on web',
    );
  });
});

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

describe('addresses', () => {
  it.each([
    ['0.0.0.0/0', true],
    ['203.0.113.7', true],
    ['10.1.2.3/32', false],
    ['172.31.0.0/16', false],
    ['172.32.0.0/16', true],
    ['0.0.0.0/1', true],
    ['::/0', true],
    ['2001:db8::1', true],
    ['fd12::/16', false],
  ])('%s', (text, open) => {
    const cidr = parseCidr(text);
    expect(cidr !== undefined && isPublic(cidr)).toBe(open);
  });

  it.each([
    '',
    'x',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'fe80::1/129',
    '10.0.0.0/8/8',
  ])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('a range contains what it contains', () => {
    const range = fc.record({
      bits: fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
      length: fc.integer({ min: 0, max: 32 }),
    });
    fc.assert(
      fc.property(range, range, (a, b) => {
        const [x, y] = [
          { ...a, version: 4 },
          { ...b, version: 4 },
        ] as const;
        const first = (r: typeof a): bigint => (r.bits >> BigInt(32 - r.length)) << BigInt(32 - r.length);
        const last = (r: typeof a): bigint => first(r) + (1n << BigInt(32 - r.length)) - 1n;
        expect(contains(x, y)).toBe(first(a) <= first(b) && last(b) <= last(a));
      }),
    );
  });
});

describe('a policy in words', () => {
  it('has one line for each statement', () => {
    const document = {
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Allow', Action: ['s3:Get*', 's3:List*'], Resource: 'arn:aws:s3:::docs' },
        { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' },
        {
          Effect: 'Allow',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: 'a',
          Condition: { Bool: { x: 'true' } },
        },
        {
          Effect: 'Deny',
          Principal: { AWS: ['111111111111'] },
          Action: ['a:1', 'a:2', 'a:3', 'a:4'],
          Resource: '*',
        },
        { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    };
    expect(policySummary(JSON.stringify(document))).toEqual([
      'allows everything (*:*)',
      'allows s3:Get*, s3:List* on arn:aws:s3:::docs',
      'allows everything but iam:* on *',
      'lets everyone (*) s3:GetObject on a, with a condition',
      'denies account 111111111111 a:1, a:2, a:3 and 1 more on *',
      'lets ec2.amazonaws.com sts:AssumeRole',
    ]);
    expect(policySummary('{"a": 1}')).toBeUndefined();
    expect(policySummary('no policy')).toBeUndefined();
  });
});
