import { expect, test } from 'vitest';
import type { Finding } from '../../../../src/drift/finding.ts';
import { severityOf } from '../../../../src/drift/severity.ts';
import { byCode, byHand, finding } from '../../../support/views.ts';

const rule = (source: string, port = 22) => ({
  ...{ from_port: port, to_port: port, protocol: 'tcp', cidr_blocks: [source] },
});
const group = (value: ReturnType<typeof rule>): Finding =>
  finding('aws_security_group.web', { attributes: [byHand('ingress[*]', null, value)] });

test.each<[string, Finding, string]>([
  ['SSH open to the world', group(rule('0.0.0.0/0')), 'critical'],
  ['SSH open to one public address', group(rule('203.0.113.7/32')), 'high'],
  ['HTTPS open to everybody', group(rule('0.0.0.0/0', 443)), 'medium'],
  ['SSH from inside', group(rule('10.0.0.0/8')), 'low'],
  [
    'a database that an apply replaces',
    finding('aws_db_instance.a', { action: 'replace', origin: 'code' }),
    'critical',
  ],
  [
    'a bucket deleted by hand',
    finding('aws_s3_bucket.a', { action: 'create', deletedByHand: true }),
    'critical',
  ],
  ['a server that an apply deletes', finding('aws_instance.a', { action: 'delete', origin: 'code' }), 'high'],
  [
    'a DNS record deleted by hand',
    finding('aws_route53_record.a', { action: 'create', deletedByHand: true }),
    'medium',
  ],
  [
    'encryption off',
    finding('aws_db_instance.a', { attributes: [byHand('storage_encrypted', true, false)] }),
    'medium',
  ],
  [
    'an administrator',
    finding('aws_iam_role_policy_attachment.a', {
      action: 'create',
      origin: 'code',
      contents: [
        { path: 'policy_arn', value: 'arn:aws:iam::aws:policy/AdministratorAccess', sensitive: false },
        { path: 'role', value: 'ci', sensitive: false },
      ],
    }),
    'high',
  ],
  [
    'a stopped server',
    finding('aws_instance.a', { attributes: [byHand('instance_state', 'running', 'stopped')] }),
    'medium',
  ],
  ['a tag', finding('aws_instance.a', { attributes: [byHand('tags.Owner', 'a', 'b')] }), 'low'],
  [
    'a number in the code',
    finding('aws_x.a', { origin: 'code', attributes: [byCode('days', 7, 30)] }),
    'low',
  ],
])('%s is %s', (_, of, level) => {
  expect(severityOf(of).level).toBe(level);
});
