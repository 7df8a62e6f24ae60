/** Private repositories by SSH key: the real ssh against a server that runs git's own program. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bare, credentialsOf, type WatchedMirrors, watchedMirrors } from '../support/git-access.ts';
import { type GitOverSsh, type KeyPair, makeKey, serveGitOverSsh } from '../support/git-over-ssh.ts';
import { git, makeRepo } from '../support/terraform-repo.ts';

let dir: string;
let first: string;
let server: GitOverSsh;
let key: KeyPair;
let other: KeyPair;
let known: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-git-ssh-'));
  const workTree = makeRepo(join(dir, 'work-tree'), { 'a.tf': 'one' });
  first = git(workTree, 'rev-parse', 'HEAD');
  bare(join(dir, 'served'), 'infra.git', workTree);
  // A path with blanks, quotes and characters that are special to ssh or a shell.
  const keys = join(dir, `it's a %h $(touch ${join(dir, 'ran')}) key`);
  mkdirSync(keys, { recursive: true });
  key = makeKey(join(keys, 'deploy key'));
  other = makeKey(join(dir, 'other'));
  server = await serveGitOverSsh(join(dir, 'served'), makeKey(join(dir, 'host-key')));
  known = join(keys, 'known hosts');
});
beforeEach(() => {
  server.allowed = [key.publicLine];
  server.asked.length = 0;
  writeFileSync(known, `${server.knownHost}\n`);
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const repository = (): string => `ssh://git@127.0.0.1:${server.port}/infra.git`;
/** The URL as m0 shows it. */
const shown = (): string => repository().replace('git@', '');
const place = (): string => `ssh://git@127.0.0.1:${server.port}/`;

async function withKey(
  file = key.file,
  knownHosts: string | null = known,
  env: Readonly<Record<string, string>> = {},
): Promise<WatchedMirrors> {
  const entry = { for: place(), sshKey: file, ...(knownHosts === null ? {} : { knownHosts }) };
  const home = mkdtempSync(join(dir, 'mirrors-'));
  return watchedMirrors(home, await credentialsOf(dir, [entry]), env, place());
}

async function failure(watched: WatchedMirrors, url = repository()): Promise<string> {
  const error: unknown = await watched.mirrors.fetch(url, 'main').catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'GitError' });
  return (error as Error).message;
}

describe('a private repository over ssh', () => {
  it('is fetched with the configured key only, at any path', async () => {
    const watched = await withKey();
    const before = readFileSync(known, 'utf8');
    expect(await watched.mirrors.fetch(repository(), 'main')).toMatchObject({
      repository: shown(),
      commit: first,
    });
    const keys = server.asked.filter((line) => line.includes('publickey'));
    expect([...new Set(keys)]).toEqual([`git publickey ${key.publicLine}`]);
    expect(readFileSync(known, 'utf8')).toBe(before);
    expect(existsSync(join(dir, 'ran'))).toBe(false);
    const tree = join(watched.dir, 'tree');
    await watched.mirrors.checkout(repository(), first, tree);
    expect(readFileSync(join(tree, 'a.tf'), 'utf8')).toBe('one');
  });

  it('is refused with another key: the error names the key and what to do', async () => {
    const watched = await withKey(other.file);
    expect(await failure(watched)).toContain(
      `running git fetch for ${shown()}: the server refuses the key ${other.file} of credentials[0] (for ${place()}): add its public half`,
    );
    expect(server.asked).toContain(`git publickey ${other.publicLine}`);
    expect(server.asked.join()).not.toContain(key.publicLine);
  });

  it('is not offered keys of an agent instead of the configured one', async () => {
    const socket = join(dir, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    onTestFinished(() => void agent.kill());
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 10_000 });
    execFileSync('ssh-add', ['-q', key.file], { env: { ...process.env, SSH_AUTH_SOCK: socket } });

    expect(await failure(await withKey(other.file, known, { SSH_AUTH_SOCK: socket }))).toContain(
      'the server refuses the key',
    );
    expect(server.asked.join()).not.toContain(key.publicLine);
  });

  it('on a server without a known host key is not fetched, and the server gets no request', async () => {
    writeFileSync(known, '');
    const message = await failure(await withKey());
    expect(message).toContain(
      `the host key of 127.0.0.1 is not in ${known}: get it with ssh-keyscan -p ${server.port} 127.0.0.1`,
    );
    expect(readFileSync(known, 'utf8')).toBe('');
    expect(server.asked).toEqual([]);
  });

  it('on a server unknown to m0’s user is not fetched either', async () => {
    const message = await failure(await withKey(key.file, null));
    expect(message).toContain('is not in the known_hosts of the user m0 runs as');
    expect(server.asked).toEqual([]);
  });

  it('of a server that shows another host key is not fetched', async () => {
    writeFileSync(known, `[127.0.0.1]:${server.port} ${other.publicLine}\n`);
    const message = await failure(await withKey());
    expect(message).toContain(`127.0.0.1 shows another host key than the one in ${known}: somebody may`);
    expect(server.asked).toEqual([]);
  });

  it('that does not exist has a separate error', async () => {
    const url = `${place()}nowhere.git`;
    expect(await failure(await withKey(), url)).toContain(
      `there is no such repository, or not for credentials[0] (for ${place()})`,
    );
  });

  it('with a key file damaged while m0 runs: the error names the file', async () => {
    const file = join(dir, 'going-bad');
    copyFileSync(key.file, file);
    chmodSync(file, 0o600);
    const watched = await withKey(file);
    expect((await watched.mirrors.fetch(repository(), 'main')).commit).toBe(first);
    chmodSync(file, 0o644);
    expect(await failure(watched)).toContain(
      `credentials[0] (for ${place()}): file ${file} is open to other users`,
    );
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\n[^\n]+\n-----END/, '\n-----END'));
    expect(await failure(watched)).toContain(`ssh can't read the key ${file} of credentials[0]`);
    rmSync(file);
    expect(await failure(watched)).toContain(`file ${file} cannot be read (ENOENT): make it`);
    copyFileSync(key.file, file);
    chmodSync(file, 0o600);
    expect((await watched.mirrors.fetch(repository(), 'main')).commit).toBe(first);
  });
});
