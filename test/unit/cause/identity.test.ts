import { describe, expect, it } from 'vitest';
import { howOf, principalOf } from '../../../src/cause/identity.ts';
import { IAM_USER, SSO, session } from '../../support/cloudtrail-answers.ts';

describe('the principal of an event', () => {
  it.each([
    ['a user of Identity Center', SSO, 'person', 'dana@acme.dev', 'SSO', 'Admin'],
    ['an IAM user', IAM_USER, 'person', 'kim', 'IAM user', null],
    ['root', { type: 'Root', accountId: '1' }, 'person', 'root', 'root of account 1', null],
    [
      'a session that names an e-mail',
      session('ops', 'kim@acme.dev'),
      'person',
      'kim@acme.dev',
      'role ops',
      'ops',
    ],
    ['a source identity', session('ops', 'x', { sourceIdentity: 'kim' }), 'person', 'kim', 'role ops', 'ops'],
    [
      'a session that names nobody',
      session('deploy', 'GitHubActions'),
      'role',
      'deploy',
      'role, session GitHubActions',
      'deploy',
    ],
    [
      'a service',
      { type: 'AWSService', invokedBy: 'rds.amazonaws.com' },
      'service',
      'rds.amazonaws.com',
      'service',
      null,
    ],
    [
      'a service-linked role',
      session('AWSServiceRoleForECS', 'ecs'),
      'service',
      'AWSServiceRoleForECS',
      'service',
      'AWSServiceRoleForECS',
    ],
    [
      'a federated user',
      { type: 'FederatedUser', arn: 'arn:aws:sts::1:federated-user/kim' },
      'person',
      'kim',
      'FederatedUser',
      null,
    ],
    ['nothing that is known', {}, 'role', 'unknown', 'unknown', null],
    ['no identity', undefined, 'role', 'unknown', 'unknown', null],
  ] as const)('is %s', (_, userIdentity, kind, name, via, role) => {
    expect(principalOf({ userIdentity })).toMatchObject({ kind, name, via, role });
  });
});

describe('what a request was sent with', () => {
  it.each([
    ['console.ec2.amazonaws.com', 'console'],
    ['console.amazonaws.com', 'console'],
    ['Mozilla/5.0 (X11; Linux x86_64)', 'console'],
    ['[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12]', 'console'],
    ['aws-cli/2.13.5 Python/3.11.4', 'cli'],
    ['Boto3/1.34 md/Botocore#1.34', 'sdk'],
    ['aws-sdk-go-v2/1.30.3 os/linux', 'sdk'],
    ['APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) aws-sdk-go-v2/1.30', 'terraform'],
    ['APN/1.0 OpenTofu/1.0 OpenTofu/1.9.0', 'terraform'],
    ['cloudformation.amazonaws.com', 'cloudformation'],
    ['autoscaling.amazonaws.com', 'service'],
    ['curl/8.0', 'other'],
    ['', 'other'],
  ] as const)('%s', (userAgent, how) => {
    expect(howOf({ userAgent })).toBe(how);
  });

  it('is the console if the session says so, but Terraform with such a session is Terraform', () => {
    const sessionCredentialFromConsole = 'true';
    expect(howOf({ userAgent: 'aws-cli/2.13.5', sessionCredentialFromConsole })).toBe('console');
    expect(howOf({ userAgent: 'HashiCorp/1.0 Terraform/1.11', sessionCredentialFromConsole })).toBe(
      'terraform',
    );
  });
});
