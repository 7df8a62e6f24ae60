import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';

let dir: string;
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A fresh clone: the bootstrap alone, and a lock file that asks for a package that no registry has. */
function start(config: string): { readonly code: number; readonly err: string } {
  dir = mkdtempSync(join(tmpdir(), 'm0-boot-'));
  cpSync('src/setup', join(dir, 'src/setup'), { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{ "name": "m0", "version": "0.0.0" }');
  const packages = { '': {}, 'node_modules/no-such': { version: '1.0.0', resolved: 'file:no-such.tgz' } };
  writeFileSync(join(dir, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  try {
    execFileSync(process.execPath, [join(dir, 'src/setup/bootstrap.mjs'), 'serve'], {
      env: { PATH: process.env.PATH, HOME: dir, M0_CONFIG: config },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
    });
    return { code: 0, err: '' };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    return { code: status, err: stderr.toString() };
  }
}

it('a file that M0_CONFIG names and that is not there is the first error, before anything is installed', () => {
  const { code, err } = start('nowhere/m0.yaml');
  expect(code).toBe(2);
  expect(err).toMatch(/^m0: nowhere\/m0\.yaml: there is no such file, and M0_CONFIG names it: make it/);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(existsSync(join(dir, 'node_modules'))).toBe(false);
});

it('one in a Git repository is not looked for as a file', () => {
  expect(start('git::https://git.acme.dev/m0.git//m0.yaml').err).not.toContain('there is no such file');
});
