import { createHash } from 'node:crypto';
import { access, chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedOpa, downloadOpa, findOpa, opaAsset } from '../../../src/setup/opa.ts';
import { openProbes } from '../../../src/setup/probe.ts';
import { isFinal } from '../../../src/setup/release.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'm0-opa-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Serves a release and its digest; everything else is an error of the test. */
function release(binary: string, digest: string): typeof fetch {
  return async (url) => {
    const name = String(url);
    if (!name.startsWith('https://')) throw new Error(`not over TLS: ${name}`);
    return new Response(name.endsWith('.sha256') ? `${digest}  opa\n` : binary);
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('downloadOpa', () => {
  it('installs a release whose digest is the published one, ready to run', async () => {
    await downloadOpa(dir, release('binary', sha256('binary')));
    expect(await readFile(cachedOpa(dir), 'utf8')).toBe('binary');
    await access(cachedOpa(dir), 1);
    expect(await readdir(dir)).toEqual(['opa']);
  });

  it('leaves nothing behind and allows no other way when the digest is wrong', async () => {
    const error: unknown = await downloadOpa(dir, release('tampered', sha256('binary'))).catch((e) => e);
    expect(isFinal(error)).toBe(true);
    expect(await readdir(dir)).toEqual([]);
  });

  it('allows another way when the release is out of reach', async () => {
    const away: typeof fetch = async () => new Response('', { status: 503 });
    const error: unknown = await downloadOpa(dir, away).catch((e) => e);
    expect(String(error)).toContain('HTTP 503');
    expect(isFinal(error)).toBe(false);
  });
});

describe('opaAsset', () => {
  it.each([
    ['linux', 'x64', 'opa_linux_amd64_static'],
    ['linux', 'arm64', 'opa_linux_arm64_static'],
    ['darwin', 'arm64', 'opa_darwin_arm64_static'],
    ['darwin', 'x64', 'opa_darwin_amd64'],
    ['win32', 'x64', 'opa_windows_amd64.exe'],
  ])('%s %s', (platform, arch, asset) => {
    expect(opaAsset(platform, arch)).toBe(asset);
  });
});

describe('findOpa', () => {
  /** Stands for an `opa` of some version; `builds` is the exit code of its `build`. */
  async function fakeOpa(name: string, version: string, builds: number): Promise<string> {
    const file = path.join(dir, name);
    await writeFile(
      file,
      `#!/bin/sh\n[ "$1" = version ] && echo "Version: ${version}" && exit 0\nexit ${builds}\n`,
    );
    await chmod(file, 0o755);
    return file;
  }

  it('passes over one that is too old or cannot compile, and takes the cached one', async () => {
    await fakeOpa('opa', '1.22.2', 0);
    for (const [folder, version, builds] of [
      ['old', '0.70.0', 0],
      ['cannot', '1.5.0', 1],
    ] as const) {
      const bin = await mkdtemp(path.join(dir, folder));
      await fakeOpa(path.join(path.basename(bin), 'opa'), version, builds);
      const found = await findOpa(dir, { PATH: bin }, await openProbes(dir));
      expect(found).toEqual({ path: cachedOpa(dir), version: '1.22.2' });
    }
  });

  it('refuses an M0_OPA that cannot do it rather than taking another', async () => {
    await fakeOpa('opa', '1.22.2', 0);
    const named = await fakeOpa('mine', '0.70.0', 0);
    await expect(findOpa(dir, { M0_OPA: named, PATH: dir }, await openProbes(dir))).rejects.toThrow(named);
  });

  it('finds none where there is none', async () => {
    expect(await findOpa(dir, { PATH: '/nowhere' }, await openProbes(dir))).toBeNull();
  });
});
