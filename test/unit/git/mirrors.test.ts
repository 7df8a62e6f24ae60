import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/base/log.ts';
import { createMirrors, type Mirrors } from '../../../src/git/mirrors.ts';
import { commit, git, makeRepo } from '../../support/terraform-repo.ts';

let dir: string;
let repo: string;
let mirrors: Mirrors;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-git-'));
  repo = makeRepo(join(dir, 'repo'), { 'a.tf': 'one', 'gone.tf': 'one', '.gitignore': 'kept/\n' });
  mirrors = createMirrors({ dir: join(dir, 'mirrors'), log: createLogger('silent'), base: process.env });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('fetch', () => {
  it('resolves a branch, a tag and a commit, and follows a branch', async () => {
    const first = git(repo, 'rev-parse', 'HEAD');
    git(repo, 'tag', 'v1');
    expect(await mirrors.fetch(repo, 'main')).toEqual({
      repository: repo,
      ref: 'main',
      commit: first,
      author: 'Kim',
      authorEmail: 'kim@acme.dev',
      committedAt: Number(git(repo, 'log', '-1', '--format=%ct')) * 1000,
      subject: 'first',
    });
    const second = commit(repo, { 'a.tf': 'two' }, 'second · with "quotes"');
    expect(await mirrors.fetch(repo, 'main')).toMatchObject({
      commit: second,
      subject: 'second · with "quotes"',
    });
    expect((await mirrors.fetch(repo, 'v1')).commit).toBe(first);
    expect((await mirrors.fetch(`file://${repo}`, first)).commit).toBe(first);
    expect((await mirrors.fetch(repo, first.slice(0, 10))).commit).toBe(first);
  });

  it('follows a branch that was rewritten or removed', async () => {
    await mirrors.fetch(repo, 'main');
    git(repo, '-c', 'user.name=K', '-c', 'user.email=k@x', 'commit', '--amend', '-qm', 'rewritten');
    expect((await mirrors.fetch(repo, 'main')).subject).toBe('rewritten');
    git(repo, 'branch', '-m', 'main', 'trunk');
    await expect(mirrors.fetch(repo, 'main')).rejects.toThrow('there is no "main" in it');
    expect((await mirrors.fetch(repo, 'trunk')).subject).toBe('rewritten');
  });

  it('prefers a branch to a tag of its name', async () => {
    git(repo, 'tag', 'main');
    const second = commit(repo, { 'a.tf': 'two' }, 'second');
    expect((await mirrors.fetch(repo, 'main')).commit).toBe(second);
  });

  it('refuses what git would take for an option or a command', async () => {
    const marker = join(dir, 'ran');
    for (const url of [`ext::touch ${marker}`, `--upload-pack=touch ${marker}`]) {
      await expect(mirrors.fetch(url, 'main')).rejects.toMatchObject({ name: 'GitError' });
    }
    await expect(mirrors.fetch(repo, `--upload-pack=touch ${marker}`)).rejects.toMatchObject({
      name: 'GitError',
    });
    expect(existsSync(marker)).toBe(false);
  });

  it('says what it was doing, without the credentials of the address', async () => {
    const url = 'https://kim:s3cr3t-token@127.0.0.1:9/infra.git';
    const error = (await mirrors.fetch(url, 'main').catch((e: unknown) => e)) as Error;
    expect(error.message).toMatch(/^running git fetch for https:\/\/127\.0\.0\.1:9\/infra\.git: /);
    expect(error.message).not.toContain('s3cr3t-token');
    await expect(mirrors.fetch(join(dir, 'nowhere'), 'main')).rejects.toThrow(
      `running git fetch for ${dir}/nowhere: `,
    );
  });

  it('gives up on a server that never answers', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const hasty = createMirrors({
      dir: join(dir, 'hasty'),
      log: createLogger('silent'),
      base: process.env,
      timeLimitMs: 500,
    });
    await expect(hasty.fetch(`git://127.0.0.1:${port}/x`, 'main')).rejects.toThrow('it took too long');
    silent.close();
  });

  it('makes a broken mirror anew', async () => {
    await mirrors.fetch(repo, 'main');
    const [name = ''] = readdirSync(join(dir, 'mirrors'));
    writeFileSync(join(dir, 'mirrors', name, 'HEAD'), 'rubbish');
    expect((await mirrors.fetch(repo, 'main')).subject).toBe('first');
  });

  it('serves many at once', async () => {
    const versions = await Promise.all([1, 2, 3, 4, 5, 6].map(() => mirrors.fetch(repo, 'main')));
    expect(new Set(versions.map((v) => v.commit)).size).toBe(1);
    expect(readdirSync(join(dir, 'mirrors'))).toHaveLength(1);
  });
});

describe('checkout', () => {
  it('is exactly the tree of the commit, but for what is ignored and what Terraform needs', async () => {
    const into = join(dir, 'work/tree');
    const first = (await mirrors.fetch(repo, 'main')).commit;
    await mirrors.checkout(repo, first, into);
    expect(readdirSync(into).sort()).toEqual(['.git', '.gitignore', 'a.tf', 'gone.tf']);

    writeFileSync(join(into, 'a.tf'), 'edited');
    writeFileSync(join(into, 'stray.tf'), 'stray');
    mkdirSync(join(into, 'kept'));
    writeFileSync(join(into, 'kept/file'), 'kept');
    writeFileSync(join(into, '.terraform.lock.hcl'), 'lock');
    writeFileSync(join(into, 'terraform.tfstate'), 'state');
    await mirrors.checkout(repo, first, into);
    expect(readFileSync(join(into, 'a.tf'), 'utf8')).toBe('one');

    git(repo, 'rm', '--quiet', 'gone.tf');
    const second = commit(repo, { 'new/b.tf': 'two' }, 'second');
    await mirrors.fetch(repo, 'main');
    await mirrors.checkout(repo, second, into);
    const there = ['.git', '.gitignore', '.terraform.lock.hcl', 'a.tf', 'kept', 'new', 'terraform.tfstate'];
    expect(readdirSync(into).sort()).toEqual(there);
    await mirrors.checkout(repo, first, into);
    expect(existsSync(join(into, 'gone.tf'))).toBe(true);
    expect(existsSync(join(into, 'new'))).toBe(false);
  });

  it('makes a work tree of another repository, or a broken one, anew', async () => {
    const into = join(dir, 'tree');
    const { commit: first } = await mirrors.fetch(repo, 'main');
    await mirrors.checkout(repo, first, into);
    writeFileSync(join(into, '.git/index.lock'), '');
    await mirrors.checkout(repo, first, into);
    expect(existsSync(join(into, 'a.tf'))).toBe(true);

    const other = makeRepo(join(dir, 'other'), { 'other.tf': 'x' });
    await mirrors.checkout(other, (await mirrors.fetch(other, 'main')).commit, into);
    expect(readdirSync(into).sort()).toEqual(['.git', 'other.tf']);
  });

  it('takes relative directories', async () => {
    const here = relative(process.cwd(), dir);
    const log = createLogger('silent');
    const nearby = createMirrors({ dir: join(here, 'nearby'), log, base: process.env });
    await nearby.checkout(repo, (await nearby.fetch(repo, 'main')).commit, join(here, 'near/tree'));
    expect(readdirSync(join(dir, 'near/tree'))).toContain('a.tf');
  });

  it('refuses what is no commit', async () => {
    await mirrors.fetch(repo, 'main');
    await expect(mirrors.checkout(repo, '--force', join(dir, 'x'))).rejects.toThrow('that is no commit');
    await expect(mirrors.checkout(repo, '0'.repeat(40), join(dir, 'x'))).rejects.toMatchObject({
      name: 'GitError',
    });
  });
});
