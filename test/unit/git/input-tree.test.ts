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
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import type { InputTree } from '../../../src/git/inputs.ts';
import { createMirrors, type Mirrors } from '../../../src/git/mirrors.ts';
import { treeListing } from '../../../src/git/tree-listing.ts';
import { commit, git, makeRepo } from '../../support/terraform-repo.ts';

const A = 'resource "terraform_data" "a" {}\n';

let dir: string;
let repo: string;
let mirrors: Mirrors;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-input-tree-'));
  repo = join(dir, 'infra');
  mirrors = createMirrors({ dir: join(dir, 'mirrors'), log: createLogger('silent'), base: process.env });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function treeOf(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<InputTree | null> {
  makeRepo(repo, { 'a/main.tf': A, 'b/main.tf': A, 'README.md': 'hello\n', ...files });
  const { commit: head } = await mirrors.fetch(repo, 'main');
  return mirrors.inputTree(head, { git: repo, path: 'a', varFiles: ['../vars/a.tfvars'], environment });
}

describe('the work tree of a stack', () => {
  it('has the folder, the variable files, modules, and what tells git how to write them', async () => {
    const tree = await treeOf({
      'a/net.tf': 'module "net" {\n  source = "../modules/net"\n}\n',
      'modules/net/main.tf': 'locals {\n  motd = file("${path.module}/motd.txt")\n}\n',
      'modules/net/motd.txt': 'hi\n',
      'modules/other/main.tf': A,
      'vars/a.tfvars': 'x = 1\n',
      'vars/b.tfvars': 'x = 2\n',
      '.gitattributes': '*.txt text eol=crlf\n',
      'modules/.gitignore': '*.zip\n',
    });
    expect(tree?.files).toEqual([
      ...['.gitattributes', 'a/main.tf', 'a/net.tf', 'modules/.gitignore'],
      ...['modules/net/main.tf', 'modules/net/motd.txt', 'vars/a.tfvars'],
    ]);
  });

  it.each<[string, string]>([
    ['reads a path that it puts together', 'locals {\n  x = file(var.x)\n}\n'],
    ['asks whether a file is there', 'locals {\n  x = fileexists("${local.base}/x")\n}\n'],
    ['lists a folder', 'locals {\n  x = fileset(local.base, "*")\n}\n'],
    ['takes the name of its folder apart', 'locals {\n  x = split("/", abspath(path.module))\n}\n'],
    ['looks at where it runs', 'locals {\n  x = path.cwd\n}\n'],
    ['spells dots in another way', 'data "local_file" "x" {\n  filename = "\\u002e./x"\n}\n'],
    ['runs a program', 'data "external" "x" {\n  program = ["./x"]\n}\n'],
    ['runs a program later', 'resource "terraform_data" "x" {\n  provisioner "local-exec" {}\n}\n'],
    ['may run elsewhere', 'terraform {\n  cloud {\n    organization = "acme"\n  }\n}\n'],
    [
      'reads the root of the repository',
      'data "archive_file" "x" {\n  source_dir = "${path.module}/.."\n}\n',
    ],
  ])('is the whole repository where the code %s', async (_, code) => {
    expect(await treeOf({ 'a/more.tf': code })).toBeNull();
  });

  it('is the whole repository where a variable may name other files', async () => {
    expect(await treeOf({}, { TF_CLI_ARGS_init: '-backend-config=../b' })).toBeNull();
  });

  it('has a path that the code reads, also where it only asks whether it is there', async () => {
    const tree = await treeOf({
      'a/more.tf': 'locals {\n  x = fileexists("../flags/on") ? 1 : 0\n}\n',
      'flags/on': '',
    });
    expect(tree?.files).toContain('flags/on');
  });
});

describe('checkoutFiles', () => {
  it('writes exactly those files, keeps states, and leaves no repository', async () => {
    const tree = await treeOf({ 'a/motd.txt': 'hi\n', '.gitattributes': '*.txt text eol=crlf\n' });
    const into = join(dir, 'tree');
    mkdirSync(join(into, 'a'), { recursive: true });
    writeFileSync(join(into, 'a/terraform.tfstate'), '{}');
    writeFileSync(join(into, 'a/left.txt'), 'old');
    symlinkSync(repo, join(into, 'b'));
    const head = git(repo, 'rev-parse', 'HEAD');
    await mirrors.checkoutFiles(repo, head, tree?.paths ?? [], { into, index: join(dir, 'index') });
    expect(existsSync(join(into, 'a/main.tf'))).toBe(true);
    // As git writes it where the whole repository is checked out.
    expect(readFileSync(join(into, 'a/motd.txt'), 'utf8')).toBe('hi\r\n');
    expect(existsSync(join(into, 'a/terraform.tfstate'))).toBe(true);
    for (const gone of ['a/left.txt', 'b', 'README.md']) expect(existsSync(join(into, gone))).toBe(false);
    expect(existsSync(join(repo, 'b/main.tf'))).toBe(true);

    // The same folder becomes the whole repository, and the state stays.
    await mirrors.checkout(repo, head, into);
    expect(existsSync(join(into, 'b/main.tf'))).toBe(true);
    expect(existsSync(join(into, 'a/terraform.tfstate'))).toBe(true);
  });
});

describe('a fetch that others share', () => {
  it('is used again only by those who asked before it began or allow for its age', async () => {
    makeRepo(repo, { 'a/main.tf': A });
    const first = (await mirrors.fetch(repo, 'main')).commit;
    const second = commit(repo, { 'a/main.tf': `${A}\n` }, 'second');
    expect((await mirrors.fetch(repo, 'main', 10_000)).commit).toBe(first);
    expect((await mirrors.fetch(repo, 'main', 0)).commit).toBe(second);
    expect((await mirrors.fetch(repo, 'main')).commit).toBe(second);
    const third = commit(repo, { 'a/main.tf': A }, 'third');
    expect((await mirrors.fetch(repo, 'main', -5)).commit).toBe(third);
  });

  it('also answers for another ref', async () => {
    makeRepo(repo, { 'a/main.tf': A });
    git(repo, 'branch', 'next');
    await mirrors.fetch(repo, 'main');
    await expect(mirrors.fetch(repo, 'next', 10_000)).resolves.toMatchObject({ ref: 'next' });
    await expect(mirrors.fetch(repo, 'gone', 10_000)).rejects.toThrow('there is no "gone" in it');
  });
});

describe('the listing of a commit', () => {
  it.each([[['a']], [['a', 'a/sub', 'c']], [['a.b', 'none']], [null]])(
    'of %j is what git prints',
    (paths) => {
      makeRepo(repo, { 'a/main.tf': A, 'a/sub/x': 'x', 'a.b/y': 'y', 'a-b': 'z', 'c/ü/d': 'd', z: 'z' });
      const list = (below: readonly string[]): string =>
        git(repo, 'ls-tree', '-r', '-z', '--full-tree', 'HEAD', ...below);
      const listing = treeListing('HEAD', list([]));
      expect(listing.text(paths)).toBe(list(paths === null ? [] : ['--', ...paths]));
      expect(listing.at('a')).toBeUndefined();
      expect(listing.at('a/sub/x')?.mode).toBe('100644');
    },
  );
});
