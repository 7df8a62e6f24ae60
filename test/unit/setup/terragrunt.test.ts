import { createHash } from 'node:crypto';
import { access, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectTools } from '../../../src/setup/inspect.ts';
import { openProbes } from '../../../src/setup/probe.ts';
import { downloadTerragrunt, findTerragrunt } from '../../../src/setup/terragrunt.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'm0-terragrunt-setup-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A program that answers `--version` as Terragrunt does. */
async function program(name: string, version: string): Promise<string> {
  const file = path.join(dir, name);
  await writeFile(file, `#!/bin/sh\necho "terragrunt version v${version}"\n`);
  await chmod(file, 0o755);
  return file;
}
const find = async (env: Record<string, string>, toolsDir = path.join(dir, 'tools')) =>
  findTerragrunt(toolsDir, env, await openProbes(path.join(dir, 'tools')));

describe('findTerragrunt', () => {
  it('takes the one of M0_TERRAGRUNT, then the one on PATH', async () => {
    const named = await program('mine', '1.0.3');
    await program('terragrunt', '1.2.0');
    expect(await find({ M0_TERRAGRUNT: named, PATH: dir })).toEqual({ path: named, version: '1.0.3' });
    expect(await find({ PATH: dir })).toMatchObject({ version: '1.2.0' });
    expect(await find({ PATH: '/nowhere' })).toBeNull();
  });

  it('refuses a named one that is too old or does not run, and passes over an old one on PATH', async () => {
    const old = await program('terragrunt', '0.99.1');
    await expect(find({ M0_TERRAGRUNT: old })).rejects.toThrow(
      'terragrunt 1.0 or later is needed, this is 0.99.1',
    );
    await expect(find({ M0_TERRAGRUNT: path.join(dir, 'none') })).rejects.toThrow('cannot be run');
    expect(await find({ PATH: dir })).toBeNull();
  });
});

describe('downloadTerragrunt', () => {
  const release = (digest: string): typeof fetch => {
    return async (url) => {
      const name = String(url);
      if (!name.startsWith('https://github.com/gruntwork-io/terragrunt/releases/download/v'))
        throw new Error(`another place: ${name}`);
      const file = `terragrunt_${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
      return new Response(name.endsWith('SHA256SUMS') ? `0  other\n${digest}  ${file}\n` : 'binary');
    };
  };
  it('installs a release whose digest is the published one, and nothing else', async () => {
    await downloadTerragrunt(dir, release(createHash('sha256').update('binary').digest('hex')));
    expect(await readFile(path.join(dir, 'terragrunt'), 'utf8')).toBe('binary');
    await access(path.join(dir, 'terragrunt'), 1);
    await rm(path.join(dir, 'terragrunt'));
    await expect(downloadTerragrunt(dir, release('0'.repeat(64)))).rejects.toThrow('not installed');
    expect(await readdir(dir)).toEqual([]);
  });
});

it('is a row of doctor where a stack needs it', async () => {
  const env = { ...process.env, M0_TERRAGRUNT: await program('mine', '1.0.3') };
  const rows = async (terragrunt: boolean) =>
    (await inspectTools({ dataDir: dir, env, sandbox: false, terragrunt })).filter(
      (r) => r.what === 'Terragrunt',
    );
  expect(await rows(false)).toEqual([]);
  expect(await rows(true)).toMatchObject([{ state: 'ok', found: expect.stringContaining('1.0.3') }]);
  env.M0_TERRAGRUNT = path.join(dir, 'none');
  expect(await rows(true)).toMatchObject([
    { state: 'missing', todo: expect.stringContaining('M0_TERRAGRUNT') },
  ]);
});
