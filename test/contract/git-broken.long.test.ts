/** Git mirrors and work trees that something outside m0 has damaged. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createMirrors, type Mirrors } from '../../src/git/mirrors.ts';
import { commit, git, makeRepo } from '../support/terraform-repo.ts';

let dir: string;
let repo: string;
let mirrors: Mirrors;
let first: string;
let into: string;
let logs: string[];

/** A mirror with one pack file, as after long use, and a work tree of it. */
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-broken-'));
  repo = makeRepo(join(dir, 'repo'), { 'a.tf': 'one', 'b/c.tf': 'two' });
  logs = [];
  const log = createLogger('info', { write: (line) => void logs.push(line) });
  mirrors = createMirrors({ dir: join(dir, 'mirrors'), log, base: process.env });
  first = (await mirrors.fetch(repo, 'main')).commit;
  into = join(dir, 'work/tree');
  await mirrors.checkout(repo, first, into);
  git(mirror(), 'gc', '--quiet');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const mirror = (): string => join(dir, 'mirrors', readdirSync(join(dir, 'mirrors'))[0] ?? '');
function each(ending: string, damage: (path: string) => void): void {
  const folder = join(mirror(), 'objects/pack');
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  expect(names).not.toEqual([]);
  for (const name of names) damage(join(folder, name));
}
function garble(path: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 12), Buffer.alloc(200, 'x')]));
}

const MIRROR: readonly [string, () => void][] = [
  ['has no HEAD', () => rmSync(join(mirror(), 'HEAD'))],
  ['has an empty HEAD', () => writeFileSync(join(mirror(), 'HEAD'), '')],
  ['has an empty ref', () => writeFileSync(join(mirror(), 'refs/heads/main'), '')],
  ['has rubbish for its refs', () => writeFileSync(join(mirror(), 'packed-refs'), 'rubbish\n')],
  ['has rubbish for its settings', () => writeFileSync(join(mirror(), 'config'), '[[rubbish\n')],
  ['has lost its objects', () => rmSync(join(mirror(), 'objects'), { recursive: true })],
  ['has lost its packs', () => each('', (path) => rmSync(path))],
  ['has a truncated pack', () => each('.pack', (path) => truncateSync(path, 40))],
  ['has a garbled pack', () => each('.pack', garble)],
  ['has a garbled index', () => each('.idx', garble)],
  [
    'holds locks of a git that was killed',
    () => {
      for (const name of ['packed-refs.lock', 'refs/heads/main.lock', 'HEAD.lock', 'config.lock'])
        writeFileSync(join(mirror(), name), '');
    },
  ],
  [
    'is a file',
    () => {
      const path = mirror();
      rmSync(path, { recursive: true });
      writeFileSync(path, 'no folder');
    },
  ],
  ['is gone', () => rmSync(mirror(), { recursive: true })],
];

describe('a mirror that', () => {
  it.each(MIRROR)('%s is repaired by the next fetch', async (_what, damage) => {
    const second = commit(repo, { 'a.tf': 'second' }, 'second');
    damage();
    expect(await mirrors.fetch(repo, 'main')).toMatchObject({ commit: second, subject: 'second' });
    await mirrors.checkout(repo, second, into);
    expect(readFileSync(join(into, 'a.tf'), 'utf8')).toBe('second');
  });

  it.each(MIRROR)('%s is repaired by a checkout', async (_what, damage) => {
    const second = commit(repo, { 'a.tf': 'second' }, 'second');
    await mirrors.fetch(repo, 'main');
    git(mirror(), 'gc', '--quiet');
    damage();
    await mirrors.checkout(repo, second, into);
    expect(readFileSync(join(into, 'a.tf'), 'utf8')).toBe('second');
  });

  it('is broken while the server is down is reported, and repaired once the server is back', async () => {
    rmSync(join(mirror(), 'objects'), { recursive: true });
    execFileSync('mv', [repo, `${repo}-away`]);
    await expect(mirrors.fetch(repo, 'main')).rejects.toMatchObject({
      name: 'GitError',
      message: expect.stringContaining(`running git fetch for ${repo}: `),
    });
    execFileSync('mv', [`${repo}-away`, repo]);
    expect((await mirrors.fetch(repo, 'main')).commit).toBe(first);
    expect(logs.join('')).toContain('making it anew');
  });
});

describe('a work tree that', () => {
  it.each<[string, () => void]>([
    [
      'was changed',
      () => {
        writeFileSync(join(into, 'a.tf'), 'changed');
        rmSync(join(into, 'b'), { recursive: true });
        writeFileSync(join(into, 'b'), 'a file now');
      },
    ],
    ['has lost its .git', () => rmSync(join(into, '.git'), { recursive: true })],
    [
      'has a file for its .git',
      () => {
        rmSync(join(into, '.git'), { recursive: true });
        writeFileSync(join(into, '.git'), 'gitdir: elsewhere\n');
      },
    ],
    ['has an empty HEAD', () => writeFileSync(join(into, '.git/HEAD'), '')],
    ['has a garbled index', () => writeFileSync(join(into, '.git/index'), 'rubbish')],
    ['holds the lock of a git that was killed', () => writeFileSync(join(into, '.git/index.lock'), '')],
    [
      'is a file',
      () => {
        rmSync(into, { recursive: true });
        writeFileSync(into, 'no folder');
      },
    ],
    ['is gone', () => rmSync(into, { recursive: true })],
  ])('%s is created again', async (_what, damage) => {
    damage();
    await mirrors.checkout(repo, first, into);
    expect(readFileSync(join(into, 'a.tf'), 'utf8')).toBe('one');
    expect(readFileSync(join(into, 'b/c.tf'), 'utf8')).toBe('two');
    expect(git(into, 'status', '--porcelain')).toBe('');
  });
});

it('is not confused with a repository around the data folder', async () => {
  // As if somebody starts m0 in a clone of the code, so the data folder is inside the clone.
  const clone = join(dir, 'clone');
  git(dir, 'clone', '--quiet', repo, clone);
  git(clone, 'switch', '--quiet', '-c', 'mine');
  writeFileSync(join(clone, 'a.tf'), 'not committed yet');
  writeFileSync(join(clone, 'new.tf'), 'not added yet');
  const data = join(clone, '.m0');
  const inside = createMirrors({ dir: join(data, 'git'), log: createLogger('silent'), base: process.env });
  await inside.fetch(repo, 'main');
  const tree = join(data, 'work/tree');
  await inside.checkout(repo, first, tree);

  const [name = ''] = readdirSync(join(data, 'git'));
  writeFileSync(join(data, 'git', name, 'HEAD'), '');
  writeFileSync(join(tree, '.git/HEAD'), '');
  await inside.fetch(repo, 'main');
  await inside.checkout(repo, first, tree);

  expect(readFileSync(join(clone, 'a.tf'), 'utf8')).toBe('not committed yet');
  expect(existsSync(join(clone, 'new.tf'))).toBe(true);
  expect(git(clone, 'branch', '--show-current')).toBe('mine');
  expect(git(clone, 'branch', '--format=%(refname:short)').split('\n').sort()).toEqual(['main', 'mine']);
});
