import { describe, expect, it } from 'vitest';
import type { Finding, Json } from '../../../../src/drift/finding.ts';
import { openedByApply } from '../../../../src/drift/severity.ts';
import { allow, changed, group, PRIVATE, rule, SG, WORLD, words } from './support.ts';

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
      'Google, a firewall that denies',
      changed(
        'google_compute_firewall',
        { deny: [], source_ranges: [] },
        { deny: [{ protocol: 'all', ports: [] }], source_ranges: [WORLD] },
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
