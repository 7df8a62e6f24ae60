import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { placeOf, stateLinks } from '../../../src/terraform/state-links.ts';

const dir = mkdtempSync(join(tmpdir(), 'm0-links-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const of = (
  type: string,
  config: Record<string, unknown>,
  workspace = 'default',
  cwd = '/tree',
): string | null => placeOf(type, config, workspace, cwd);

describe('a state is the same', () => {
  it.each([
    [
      's3',
      { bucket: 'b', key: 'k', region: 'eu' },
      { bucket: 'b', key: 'k', access_key: 'AKIA', workspace_key_prefix: null },
    ],
    ['gcs', { bucket: 'b', prefix: 'p' }, { bucket: 'b', prefix: 'p', credentials: 'x' }],
    ['local', { path: '/srv/a' }, { path: '../srv/a', workspace_dir: null }],
    [
      'remote',
      { organization: 'acme', workspaces: { name: 'net', prefix: '' } },
      { organization: 'acme', workspaces: [{ name: 'net' }] },
    ],
  ])('in %s, whatever else is set', (type, one, other) => {
    expect(of(type, one)).not.toBeNull();
    expect(of(type, one)).toBe(of(type, other));
  });

  it('in a cloud block and for those that read it as remote', () => {
    const cloud = { hostname: 'app.terraform.io', organization: 'acme', project: null, token: null };
    const written = of('cloud', { ...cloud, workspaces: { name: 'net', project: null, tags: null } });
    expect(written).not.toBeNull();
    expect(written).toBe(of('remote', { organization: 'acme', workspaces: { name: 'net' } }));
    expect(written).not.toBe(
      of('remote', { ...cloud, hostname: 'tfe.acme.dev', workspaces: { name: 'net' } }),
    );
  });

  it('only in the same workspace, place and backend, and never where the settings do not say', () => {
    const one = of('s3', { bucket: 'b', key: 'k' });
    for (const other of [
      of('s3', { bucket: 'b', key: 'k' }, 'staging'),
      of('s3', { bucket: 'b', key: 'k2' }),
      of('gcs', { bucket: 'b', prefix: 'k' }),
    ]) {
      expect(other).not.toBe(one);
    }
    expect(of('s3', {})).toBeNull();
    expect(of('local', {})).toBeNull();
    expect(of('artifactory', { url: 'x' })).toBeNull();
    expect(of('local', { path: 'a' }, 'default', '/one')).not.toBe(
      of('local', { path: 'a' }, 'default', '/two'),
    );
  });
});

it('is read from what init stored and what the plan has read, also in modules', async () => {
  const backend = { type: 's3', config: { bucket: 'b', key: 'app' } };
  writeFileSync(join(dir, 'terraform.tfstate'), JSON.stringify({ backend }));
  const data = (key: string) => ({
    ...{ mode: 'data', type: 'terraform_remote_state' },
    values: { backend: 's3', config: { bucket: 'b', key }, workspace: null, outputs: {} },
  });
  const document = {
    prior_state: {
      values: {
        root_module: {
          resources: [data('net'), { mode: 'data', type: 'aws_ami', values: {} }],
          child_modules: [{ resources: [data('dns')] }],
        },
      },
    },
  };
  const links = await stateLinks({ cwd: dir, dataDir: dir }, 'default', document);
  const place = (key: string) => of('s3', { bucket: 'b', key });
  expect(links.state).toBe(place('app'));
  expect(links.reads).toEqual([place('net'), place('dns')].sort());
  expect(await stateLinks({ cwd: dir, dataDir: join(dir, 'none') }, 'default', {})).toEqual({
    state: null,
    reads: [],
  });
});
