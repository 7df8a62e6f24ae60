import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createCloudAccess } from '../../../src/roles/access.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-access-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const access = createCloudAccess({ clock: () => 0 });
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const stack = { name: 'prod', env: {} };

describe('workload identity of Azure', () => {
  const azure = {
    ...{ tenantId: 'the-tenant', subscriptionId: 'the-subscription' },
    ...{ planClientId: 'reader', planTokenFile: file('plan', 'token-of-the-reader\n') },
    ...{ applyClientId: 'writer', applyTokenFile: file('apply', 'token-of-the-writer\n') },
  };

  it('gives a plan and an apply each their own application and token', async () => {
    const plan = await access.open({ ...stack, azure }, 'plan', 1, 0);
    expect(plan).toEqual({
      env: {
        ARM_USE_OIDC: 'true',
        ARM_CLIENT_ID: 'reader',
        ARM_TENANT_ID: 'the-tenant',
        ARM_SUBSCRIPTION_ID: 'the-subscription',
        ARM_USE_MSI: 'false',
        ARM_USE_CLI: 'false',
      },
      files: { ARM_OIDC_TOKEN_FILE_PATH: join(dir, 'plan') },
      secrets: ['token-of-the-reader'],
      endsAt: null,
    });
    const apply = await access.open({ ...stack, azure }, 'apply', 1, 0);
    expect(apply.env.ARM_CLIENT_ID).toBe('writer');
    expect(apply.files).toEqual({ ARM_OIDC_TOKEN_FILE_PATH: join(dir, 'apply') });
  });

  it('refuses what is not there', async () => {
    const gone = { ...azure, planTokenFile: join(dir, 'gone') };
    await expect(access.open({ ...stack, azure: gone }, 'plan', 1, 0)).rejects.toThrow(
      `azure.planTokenFile: ${join(dir, 'gone')} can't be read (ENOENT)`,
    );
    const planOnly = { ...azure, applyClientId: null };
    await expect(access.open({ ...stack, azure: planOnly }, 'apply', 1, 0)).rejects.toThrow(
      'azure.applyClientId is not set in m0.yaml, so nothing is applied',
    );
  });
});

it('impersonates a service account of Google by way of its own credentials, whose key is a secret', async () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----\n';
  const google = {
    planServiceAccount: 'plan@acme.iam.gserviceaccount.com',
    planCredentials: file('plan.json', JSON.stringify({ type: 'service_account', private_key: key })),
    applyServiceAccount: 'apply@acme.iam.gserviceaccount.com',
    applyCredentials: file('apply.json', '{}'),
  };
  const plan = await access.open({ ...stack, google }, 'plan', 1, 0);
  expect(plan.env).toEqual({ GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: 'plan@acme.iam.gserviceaccount.com' });
  expect(plan.files).toEqual({ GOOGLE_APPLICATION_CREDENTIALS: join(dir, 'plan.json') });
  expect(plan.secrets).toContain('MIIEvQIBADANBgkqhkiG9w0B');
  const apply = await access.open({ ...stack, google }, 'apply', 1, 0);
  expect(apply.env).toEqual({ GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: 'apply@acme.iam.gserviceaccount.com' });
  expect(apply.files).toEqual({ GOOGLE_APPLICATION_CREDENTIALS: join(dir, 'apply.json') });
});
