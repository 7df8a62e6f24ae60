import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hcpWorkspace, workspaceInCode } from '../../../src/terraform/hcp-workspace.ts';
import { runIn, whyNoPlanFile } from '../../../src/terraform/remote-plan.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-hcp-unit-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const cliConfig = join(dir, 'rc');
writeFileSync(cliConfig, 'credentials "tfe.acme.dev" {\n  token = "from-the-file"\n}\n');

const stackWith = (env: Record<string, string> = {}, workspace = 'default') => ({
  name: 'a',
  workspace,
  env,
});

async function afterInit(backend: unknown, stack = stackWith()) {
  writeFileSync(join(dir, 'terraform.tfstate'), JSON.stringify({ version: 3, backend }));
  return hcpWorkspace({ dataDir: dir, stack, cliConfig });
}

describe('the workspace that init wrote', () => {
  const config = {
    hostname: null,
    organization: 'acme',
    token: null,
    workspaces: { name: 'prod', tags: null },
  };
  it.each([
    ['is that of the cloud block', { type: 'cloud', config }, stackWith(), 'app.terraform.io', 'prod'],
    [
      'is named by prefix and workspace',
      {
        type: 'remote',
        config: { ...config, hostname: 'tfe.acme.dev', workspaces: [{ name: null, prefix: 'net-' }] },
      },
      stackWith({}, 'prod'),
      'tfe.acme.dev',
      'net-prod',
    ],
    [
      'is chosen by tags and workspace',
      { type: 'cloud', config: { ...config, workspaces: { tags: ['a'] } } },
      stackWith({ TF_CLOUD_HOSTNAME: 'tfe.acme.dev' }, 'prod'),
      'tfe.acme.dev',
      'prod',
    ],
  ])('%s', async (_what, backend, stack, host, name) => {
    expect(await afterInit(backend, stack)).toMatchObject({ host, organization: 'acme', name });
  });

  it('is none with another backend, and without any', async () => {
    expect(await afterInit({ type: 's3', config: {} })).toBeNull();
    expect(await hcpWorkspace({ dataDir: join(dir, 'none'), stack: stackWith(), cliConfig })).toBeNull();
  });

  it('is an error that says what to set where several fit', async () => {
    const several = { type: 'cloud', config: { ...config, workspaces: { tags: ['a'] } } };
    await expect(afterInit(several)).rejects.toThrow('set workspace of the stack');
    await expect(afterInit({ type: 'cloud', config: { workspaces: { name: 'x' } } })).rejects.toThrow(
      'TF_CLOUD_ORGANIZATION',
    );
  });

  it.each([
    ['of the host’s variable', { TF_TOKEN_tfe_acme_dev: 'from-env' }, 'from-env'],
    ['of the CLI configuration', {}, 'from-the-file'],
    ['of another host: none', { TF_CLOUD_HOSTNAME: 'my-tfe.acme.dev' }, null],
    [
      'of a host with a hyphen',
      { TF_CLOUD_HOSTNAME: 'my-tfe.acme.dev', TF_TOKEN_my__tfe_acme_dev: 'h' },
      'h',
    ],
  ])('has the token %s', async (_what, env: Record<string, string>, token) => {
    const found = await afterInit(
      { type: 'cloud', config },
      stackWith({ TF_CLOUD_HOSTNAME: 'tfe.acme.dev', ...env }),
    );
    expect(found?.token).toBe(token);
  });
});

describe('the workspace in the code', () => {
  const inCode = async (code: string) => {
    writeFileSync(join(dir, 'main.tf'), code);
    return workspaceInCode({ cwd: dir, stack: stackWith(), cliConfig });
  };
  it('is read where it is written out', async () => {
    const code =
      'terraform {\n  cloud {\n    organization = "acme"\n    workspaces { name = "prod" }\n  }\n}\n';
    expect(await inCode(code)).toMatchObject({
      organization: 'acme',
      name: 'prod',
      host: 'app.terraform.io',
    });
  });
  it('is none where it is not, or the backend is another', async () => {
    expect(await inCode('terraform {\n  cloud {}\n}\n')).toBeNull();
    expect(await inCode('terraform {\n  backend "s3" {\n    key = "x"\n  }\n}\n')).toBeNull();
  });
});

describe('a remote run', () => {
  it('is the one whose address the tool prints first', () => {
    const log =
      'To view this run in a browser, visit:\nhttps://app.terraform.io/app/acme/prod/runs/run-Ab1\n\n… runs/run-Zz9';
    expect(runIn(log)).toBe('run-Ab1');
    expect(() => runIn('nothing')).toThrow('names no run');
  });
  it('leaves a pointer in place of a plan file, which is never applied', () => {
    const pointer = Buffer.from('{"remote_plan_format":1,"run_id":"run-1","hostname":"app.terraform.io"}');
    expect(whyNoPlanFile(pointer)).toContain('never applied');
    expect(whyNoPlanFile(Buffer.from('PK\u0003\u0004'))).toBeNull();
  });
});
