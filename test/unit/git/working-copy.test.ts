import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWorkingCopy, snapshotOf } from '../../../src/git/working-copy.ts';
import { commit, git, makeRepo } from '../../support/terraform-repo.ts';

let dir: string;
let top: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-copy-'));
  top = makeRepo(join(dir, 'infra'), {
    '.gitignore': '*.tfvars\n.terraform/\n*.tfstate\nbuild/\n',
    'web/main.tf': 'resource "terraform_data" "a" {}\n',
    'net/main.tf': '',
  });
  commit(top, { 'net/main.tf': '# later\n' }, 'second');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function take(folder: string, states = false) {
  const copy = await openWorkingCopy(folder, process.env);
  const into = join(dir, `copy-${Math.random()}.git`);
  const snapshot = await snapshotOf(copy, {
    ...{ into, base: process.env, states, without: join(top, 'm0-data') },
    files: new Map([['web/more.tf', '# more\n']]),
  });
  const names = git(into, 'ls-tree', '-r', '--name-only', snapshot.ref).split('\n');
  return {
    copy,
    snapshot,
    names,
    show: (file: string) => git(into, 'show', `${snapshot.ref}:${file}`),
    into,
  };
}

/** Each file of the repository with its hash and the time of its last change. */
const traces = (): string =>
  execFileSync('sh', ['-c', 'find . -type f -printf "%p %T@ " -exec sha256sum {} \\; | sort'], {
    cwd: top,
  }).toString();

function write(path: string, text: string): void {
  mkdirSync(join(top, path, '..'), { recursive: true });
  writeFileSync(join(top, path), text);
}

it('has what is on the disk: not committed, and ignored, but not what tools and m0 write', async () => {
  write('web/main.tf', 'resource "terraform_data" "b" {}\n');
  write('web/new file.tf', '');
  write('web/terraform.tfvars', 'owner = "dana"\n');
  write('build/lambda.zip', 'zip');
  write('web/.terraform/providers/x', 'x');
  write('web/terraform.tfstate', '{}');
  write('m0-data/m0.db', 'x');
  const { names, snapshot, show } = await take(join(top, 'web'));
  expect(snapshot.changed).toBe(true);
  expect(show('web/main.tf')).toContain('"b"');
  expect(names).toEqual([
    ...['.gitignore', 'build/lambda.zip', 'net/main.tf', 'web/main.tf', 'web/more.tf', 'web/new file.tf'],
    'web/terraform.tfvars',
  ]);
  expect((await take(join(top, 'web'), true)).names).toContain('web/terraform.tfstate');
});

it('looks like the newest commit that changed the folder where nothing else did, and changes nothing there', async () => {
  const before = traces();
  const { copy, snapshot, into } = await take(join(top, 'web'));
  expect(copy).toMatchObject({
    ...{ top, path: 'web', head: { subject: 'second', ref: 'main', repository: top } },
    touched: { subject: 'first', author: 'Kim' },
  });
  expect(snapshot.changed).toBe(false);
  expect(git(into, 'log', '--format=%an %s', snapshot.ref)).toBe('Kim second');
  expect(traces()).toBe(before);
});

it('changes no time in the repository where something is not committed', async () => {
  write('web/more/new.tf', '');
  const before = traces();
  expect((await take(join(top, 'web'))).names).toContain('web/more/new.tf');
  expect(traces()).toBe(before);
});

it('has what a sparse index leaves out', async () => {
  git(top, 'sparse-checkout', 'init', '--cone', '--sparse-index');
  git(top, 'sparse-checkout', 'set', 'web');
  const { names, snapshot } = await take(join(top, 'web'));
  expect(names).toContain('net/main.tf');
  expect(snapshot.changed).toBe(false);
});

it('names the server that origin is', async () => {
  git(top, 'remote', 'add', 'origin', 'https://me:token@git.acme.dev/infra.git');
  const { head } = await openWorkingCopy(top, process.env);
  expect(head?.repository).toBe('https://git.acme.dev/infra.git');
});

it('takes a folder that no repository has, and a linked work tree', async () => {
  const plain = join(dir, 'plain');
  mkdirSync(join(plain, 'sub'), { recursive: true });
  writeFileSync(join(plain, 'main.tf'), '# plain\n');
  const { names, copy } = await take(plain);
  expect(copy).toMatchObject({ path: '', head: null, gitDir: null });
  expect(names).toEqual(['main.tf', 'web/more.tf']);
  git(top, 'worktree', 'add', '--quiet', '-b', 'other', join(dir, 'linked'));
  writeFileSync(join(dir, 'linked', 'web', 'main.tf'), '# linked\n');
  const linked = await take(join(dir, 'linked', 'web'));
  expect(linked.show('web/main.tf')).toBe('# linked');
  expect(readFileSync(join(top, 'web/main.tf'), 'utf8')).not.toContain('linked');
});
