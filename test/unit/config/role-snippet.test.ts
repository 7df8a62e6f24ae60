/** The snippet of manifests/terraform/README.md is what m0.yaml takes. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readConfig } from '../../../src/config/load.ts';
import { isValidCron } from '../../../src/schedule/cron.ts';

it('names the roles that the code makes', async () => {
  const page = readFileSync(
    fileURLToPath(new URL('../../../manifests/terraform/README.md', import.meta.url)),
    'utf8',
  );
  const snippet = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const rest = `chat: { slack: {} }
defaults: { channels: [slack:C0OPS] }
stacks: [{ name: net, environment: prod, source: { git: /infra }, env: { AWS_REGION: eu-central-1 } }]
`;
  const { directory } = await readConfig(`${snippet}${rest}`, '/m0.yaml', {}, isValidCron);
  expect(directory.stacks[0]).toMatchObject({
    aws: {
      planRole: 'arn:aws:iam::123456789012:role/m0-plan',
      applyRole: 'arn:aws:iam::123456789012:role/m0-apply',
      externalId: 'acme-m0',
    },
    causes: { cloudtrail: { role: 'arn:aws:iam::123456789012:role/m0-causes', externalId: 'acme-m0' } },
  });
});
