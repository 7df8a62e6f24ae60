import { describe, expect, it } from 'vitest';
import type { Finding, Json } from '../../../../src/drift/finding.ts';
import { severityOf, widensAccess } from '../../../../src/drift/severity.ts';
import { allow, changed, group, PRIVATE, rule, SG, WORLD, words } from './support.ts';

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
      'SSH (22) opened to the world (0.0.0.0/0) on web',
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
