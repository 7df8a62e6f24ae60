import { expect, it } from 'vitest';
import { type AwsRoles, sessionName, withoutIdentities } from '../../../src/model/cloud-roles.ts';

it('names a session after the stack and the run, in the 64 characters that AWS allows', () => {
  expect(sessionName('prod-network', 42)).toBe('m0-prod-network-42');
  expect(sessionName('prod network/ä', null)).toBe('m0-prod-network--');
  const long = sessionName('a'.repeat(100), 1234567);
  expect(long).toHaveLength(64);
  expect(long).toMatch(/^m0-a+-1234567$/);
});

const roles: AwsRoles = {
  ...{ planRole: 'p', applyRole: 'a', externalId: null, durationMs: 1, webIdentityTokenFile: null },
};
const azure = {
  ...{ tenantId: 't', subscriptionId: null, planClientId: 'p', planTokenFile: '/p' },
  ...{ applyClientId: null, applyTokenFile: null },
};
const google = {
  ...{ planServiceAccount: 'p', planCredentials: '/p', applyServiceAccount: null, applyCredentials: null },
};

it.each([
  [
    { aws: roles },
    [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_PROFILE',
      'AWS_ROLE_ARN',
      'TG_IAM_ASSUME_ROLE',
    ],
    ['AWS_REGION', 'AWS_ENDPOINT_URL_S3', 'ARM_CLIENT_SECRET', 'TF_VAR_x'],
  ],
  [
    { azure },
    ['ARM_CLIENT_SECRET', 'ARM_CLIENT_CERTIFICATE_PATH', 'ARM_USE_MSI', 'AZURE_FEDERATED_TOKEN_FILE'],
    ['ARM_ENVIRONMENT', 'ARM_ACCESS_KEY', 'AWS_PROFILE'],
  ],
  [
    { google },
    [
      'GOOGLE_CREDENTIALS',
      'GOOGLE_OAUTH_ACCESS_TOKEN',
      'GOOGLE_BACKEND_CREDENTIALS',
      'CLOUDSDK_CONFIG',
      'TG_AUTH_PROVIDER_CMD',
    ],
    ['GOOGLE_PROJECT', 'GOOGLE_REGION', 'AWS_PROFILE'],
  ],
  [{}, [], ['TG_IAM_ASSUME_ROLE', 'AWS_ACCESS_KEY_ID', 'ARM_CLIENT_SECRET', 'GOOGLE_CREDENTIALS']],
])(
  'withholds what leads to another identity in the clouds that have roles, and nothing else: %o',
  (stack, withheld, left) => {
    const env = Object.fromEntries([...withheld, ...left].map((name) => [name, 'x']));
    expect(Object.keys(withoutIdentities(stack, env))).toEqual(left);
  },
);
