import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownBackend } from '../../../../src/cli/check/own-backend.ts';
import { ownVariables } from '../../../../src/cli/check/own-folder.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-backend-'));
  mkdirSync(join(dir, 'code', '.terraform'), { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (path: string, text: string): void => {
  mkdirSync(join(dir, 'code', path, '..'), { recursive: true });
  writeFileSync(join(dir, 'code', path), text);
};
const saved = (type: string, config: object): void =>
  write('.terraform/terraform.tfstate', JSON.stringify({ version: 3, backend: { type, config, hash: 1 } }));
const read = (environment = {}) => ownBackend(join(dir, 'code'), join(dir, 'state'), environment);

it('a backend that says all is left as it is', async () => {
  write('main.tf', 'terraform {\n  backend "s3" {\n    bucket = "b"\n    key = "k"\n  }\n}\n');
  saved('s3', { bucket: 'b', key: 'k', region: null, workspace_key_prefix: [] });
  expect(await read()).toEqual({ type: 's3', override: null, workspace: 'default', isLocal: false });
});

it('what was given on the command line of the last init counts', async () => {
  write('main.tf', 'terraform {\n  backend "s3" {\n    key = "k"\n  }\n}\n');
  saved('s3', { bucket: 'b', key: 'k', region: null });
  write('.terraform/environment', 'prod\n');
  const override = { s3: { bucket: 'b', key: 'k' } };
  expect(await read()).toEqual({ type: 's3', override, workspace: 'prod', isLocal: false });
  expect((await read({ TF_WORKSPACE: 'dev' })).workspace).toBe('dev');
});

it('what was stored of another backend does not', async () => {
  write('main.tf', 'terraform {\n  backend "gcs" {}\n}\n');
  saved('s3', { bucket: 'b' });
  expect((await read()).override).toBeNull();
});

it('a local state is copied, that of the workspace alone', async () => {
  write('main.tf', '');
  write('terraform.tfstate', '{"of": "default"}');
  write('terraform.tfstate.d/dev/terraform.tfstate', '{"of": "dev"}');
  const path = join(dir, 'state', 'terraform.tfstate');
  const workspaces = join(dir, 'state', 'workspaces');
  const { override, isLocal } = await read();
  expect(isLocal).toBe(true);
  expect(override).toEqual({ local: { path, workspace_dir: workspaces } });
  expect(readFileSync(path, 'utf8')).toContain('default');
  expect(existsSync(join(workspaces, 'dev'))).toBe(false);
  await read({ TF_WORKSPACE: 'dev' });
  expect(readFileSync(join(workspaces, 'dev', 'terraform.tfstate'), 'utf8')).toContain('dev');
});

it('a local state elsewhere is found', async () => {
  write('main.tf', 'terraform {\n  backend "local" {\n    path = "../states/web.tfstate"\n  }\n}\n');
  mkdirSync(join(dir, 'states'));
  writeFileSync(join(dir, 'states', 'web.tfstate'), '{"of": "web"}');
  await read();
  expect(readFileSync(join(dir, 'state', 'terraform.tfstate'), 'utf8')).toContain('web');
});

it("the tool gets the person's environment, without m0's tokens and without what changes a plan", () => {
  const given = {
    ...{ AWS_PROFILE: 'prod', HOME: '/home/dana', TF_VAR_owner: 'dana', KUBECONFIG: '/k' },
    ...{ SLACK_BOT_TOKEN: 'x', M0_DATA_DIR: '.m0', TF_CLI_ARGS_plan: '-lock=true', TF_DATA_DIR: '/d' },
    ...{ npm_config_x: 'x', TF_LOG: 'trace', TG_ALL: 'true', EMPTY: undefined },
  };
  const names = ['AWS_PROFILE', 'HOME', 'TF_VAR_owner', 'KUBECONFIG'];
  expect(Object.keys(ownVariables(given, false))).toEqual([...names, 'TG_ALL']);
  expect(Object.keys(ownVariables(given, true))).toEqual(names);
});
