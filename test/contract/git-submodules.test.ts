/** Submodules of a stack's repository, with the real git. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createMirrors, type Mirrors } from '../../src/git/mirrors.ts';
import { bare, credentialsOf } from '../support/git-access.ts';
import { serveGitOverHttp } from '../support/git-over-http.ts';
import { commit, git, makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let into: string;
let mirrors: Mirrors;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-submodules-'));
  into = join(dir, 'tree');
  mirrors = createMirrors({ dir: join(dir, 'mirrors'), log: createLogger('silent'), base: process.env });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Adds a submodule at the path whose address in .gitmodules is `address`. */
function addSubmodule(repository: string, from: string, path: string, address: string): string {
  git(repository, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', from, path);
  git(repository, 'config', '-f', '.gitmodules', `submodule.${path}.url`, address);
  return commit(repository, {}, `with ${path}`);
}

async function checkout(url: string, at: string): Promise<void> {
  await mirrors.fetch(url, 'main');
  await mirrors.checkout(url, at, into);
}

it('are checked out with the code, at the commits that it names, and so on in them', async () => {
  const deepest = makeRepo(join(dir, 'repos', 'deepest'), { 'deep.tf': 'deep\n' });
  const vpc = makeRepo(join(dir, 'repos', 'vpc'), { 'main.tf': 'first\n' });
  addSubmodule(vpc, deepest, 'inner', '../deepest');
  const infra = makeRepo(join(dir, 'repos', 'infra'), { 'a/main.tf': 'a\n' });
  const first = addSubmodule(infra, vpc, 'modules/vpc', '../vpc');
  commit(vpc, { 'main.tf': 'second\n' }, 'second');

  await checkout(infra, first);
  expect(readFileSync(join(into, 'modules/vpc/main.tf'), 'utf8')).toBe('first\n');
  expect(readFileSync(join(into, 'modules/vpc/inner/deep.tf'), 'utf8')).toBe('deep\n');
  // git runs what a .git folder says, and this one would be the stack's.
  expect(existsSync(join(into, 'modules/vpc/.git'))).toBe(false);

  git(join(infra, 'modules/vpc'), 'pull', '--quiet', 'origin', 'main');
  const second = commit(infra, {}, 'newer vpc');
  writeFileSync(join(into, 'modules/vpc/left.tf'), 'left by a run\n');
  await checkout(infra, second);
  expect(readFileSync(join(into, 'modules/vpc/main.tf'), 'utf8')).toBe('second\n');
  expect(existsSync(join(into, 'modules/vpc/left.tf'))).toBe(false);
});

it('follow no link that a run has put in their way', async () => {
  const vpc = makeRepo(join(dir, 'repos', 'vpc'), { 'main.tf': 'module\n' });
  const infra = makeRepo(join(dir, 'repos', 'infra'), { 'a/main.tf': 'a\n' });
  const first = addSubmodule(infra, vpc, 'vpc', '../vpc');
  await checkout(infra, first);
  const outside = join(dir, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'mine.txt'), 'mine');
  rmSync(join(into, 'vpc'), { recursive: true });
  symlinkSync(outside, join(into, 'vpc'));
  await checkout(infra, first);
  expect(readFileSync(join(outside, 'mine.txt'), 'utf8')).toBe('mine');
  expect(readFileSync(join(into, 'vpc/main.tf'), 'utf8')).toBe('module\n');
});

it('are part of what the stack reads: another commit of one is another input', async () => {
  const vpc = makeRepo(join(dir, 'repos', 'vpc'), { 'main.tf': 'first\n' });
  const code = 'module "vpc" {\n  source = "../modules/vpc/net"\n}\n';
  const infra = makeRepo(join(dir, 'repos', 'infra'), { 'a/main.tf': code });
  const first = addSubmodule(infra, vpc, 'modules/vpc', '../vpc');
  commit(vpc, { 'main.tf': 'second\n' }, 'second');
  git(join(infra, 'modules/vpc'), 'pull', '--quiet', 'origin', 'main');
  const second = commit(infra, {}, 'newer vpc');
  await mirrors.fetch(infra, 'main');
  const stack = { git: infra, path: 'a', varFiles: [] };
  const [one, two] = [await mirrors.inputs(first, null, stack), await mirrors.inputs(second, null, stack)];
  expect(one.digest).not.toBe(two.digest);
  expect(await mirrors.touches(first, second, stack)).toBe(true);
});

it('are named where they can’t be fetched: a path of m0’s machine, no address, a private one without modules: true', async () => {
  const root = join(dir, 'root');
  const vpc = makeRepo(join(dir, 'repos', 'vpc'), { 'main.tf': 'module\n' });
  bare(root, 'vpc.git', vpc);
  const server = await serveGitOverHttp(root, 'x-access-token:tok-of-a-reader');
  onTestFinished(() => server.close());
  let made = 0;
  const withAddress = async (address: string): Promise<string> => {
    made += 1;
    const infra = makeRepo(join(dir, 'repos', `infra-${made}`), { 'a/main.tf': 'a\n' });
    const at = addSubmodule(infra, vpc, 'modules/vpc', address);
    rmSync(join(root, 'infra.git'), { recursive: true, force: true });
    bare(root, 'infra.git', infra);
    await mirrors.fetch(`${server.url}/infra.git`, 'main');
    return mirrors.checkout(`${server.url}/infra.git`, at, into).then(
      () => 'checked out',
      (error: unknown) => String(error),
    );
  };
  const entry = (modules: boolean) => ({ for: `${server.url}/`, token: '${env:TOKEN}', modules });
  const open = async (modules: boolean): Promise<void> => {
    const credentials = await credentialsOf(dir, [entry(modules)], { TOKEN: 'tok-of-a-reader' });
    const log = createLogger('silent');
    mirrors = createMirrors({ dir: join(dir, `mirrors-${modules}`), log, base: process.env, credentials });
  };
  await open(false);
  expect(await withAddress(vpc)).toContain(`fetching the submodule modules/vpc (${vpc})`);
  const refused = await withAddress('../vpc.git');
  expect(refused).toContain(
    `fetching the submodule modules/vpc (${server.url}/vpc.git) of ${server.url}/infra.git`,
  );
  expect(refused).toContain('Submodules get only entries that have modules: true');
  expect(refused).not.toContain('tok-of-a-reader');
  await open(true);
  expect(await withAddress('../vpc.git')).toBe('checked out');
  expect(readFileSync(join(into, 'modules/vpc/main.tf'), 'utf8')).toBe('module\n');
});

it('are refused without an address', async () => {
  const vpc = makeRepo(join(dir, 'repos', 'vpc'), { 'main.tf': 'module\n' });
  const infra = makeRepo(join(dir, 'repos', 'infra'), { 'a/main.tf': 'a\n' });
  addSubmodule(infra, vpc, 'modules/vpc', '../vpc');
  const at = commit(infra, { '.gitmodules': '' }, 'lost');
  await expect(checkout(infra, at)).rejects.toThrow('fetching the submodule modules/vpc of');
});
