/** Private repositories by token, against git's own HTTP server. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  bare,
  credentialsOf,
  everythingIn,
  type WatchedMirrors,
  watchedMirrors,
} from '../support/git-access.ts';
import { type GitOverHttp, serveGitOverHttp } from '../support/git-over-http.ts';
import { commit, git, makeRepo } from '../support/terraform-repo.ts';

const TOKEN = 'tok-8f/Q+9 "x"&=4711';
const ACCOUNT = `x-access-token:${TOKEN}`;

let dir: string;
let root: string;
let workTree: string;
let first: string;
let server: GitOverHttp;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-git-token-'));
  root = join(dir, 'served');
  workTree = makeRepo(join(dir, 'work-tree'), { 'a.tf': 'one' });
  first = git(workTree, 'rev-parse', 'HEAD');
  git(workTree, 'remote', 'add', 'served', bare(root, 'acme/infra.git', workTree));
  server = await serveGitOverHttp(root, ACCOUNT);
});
afterEach(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const repository = (): string => `${server.url}/acme/infra.git`;

/** Mirrors with the token for `address`. */
async function withToken(
  address: string,
  more: Readonly<Record<string, string>> = {},
): Promise<WatchedMirrors> {
  const entry = { for: address, token: '${env:GIT_TOKEN}', ...more };
  return watchedMirrors(dir, await credentialsOf(dir, [entry], { GIT_TOKEN: TOKEN }), {}, server.url);
}

async function failure(mirrors: WatchedMirrors, url = repository()): Promise<string> {
  const error: unknown = await mirrors.mirrors.fetch(url, 'main').catch((e: unknown) => e);
  expect(error).toMatchObject({ name: 'GitError' });
  return (error as Error).message;
}

/** The token in all likely encodings. */
const FORMS = [
  TOKEN,
  encodeURIComponent(TOKEN),
  JSON.stringify(TOKEN).slice(1, -1),
  ...[TOKEN, ACCOUNT, `kim:${TOKEN}`].map((text) => Buffer.from(text).toString('base64')),
];

function expectNoToken(...texts: readonly string[]): void {
  for (const text of texts) for (const form of FORMS) expect(text).not.toContain(form);
}

describe('a private repository over https', () => {
  it('is fetched with the token, which is not written anywhere', async () => {
    const watched = await withToken(`${server.url}/acme`);
    expect((await watched.mirrors.fetch(repository(), 'main')).commit).toBe(first);
    const second = commit(workTree, { 'a.tf': 'two' }, 'second');
    git(workTree, 'push', '--quiet', 'served', 'main');
    expect(await watched.mirrors.fetch(repository(), 'main')).toMatchObject({
      repository: repository(),
      commit: second,
    });
    const tree = join(watched.dir, 'tree');
    await watched.mirrors.checkout(repository(), second, tree);
    expect(readFileSync(join(tree, 'a.tf'), 'utf8')).toBe('two');

    // Control: the trace contains the programs that git started.
    expect(watched.commandLines()).toMatch(/remote-http/);
    expectNoToken(watched.commandLines(), watched.log(), everythingIn(watched.dir));
    expect(watched.toldToHelper()).toBe('');
  });

  it('is also fetched with a certificate of a CA that only m0 is configured with', async () => {
    const [key, cert] = [join(dir, 'tls-key'), join(dir, 'tls-cert')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'],
        ...['-keyout', key, '-out', cert],
      ],
      { stdio: 'ignore' },
    );
    const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    const secure = await serveGitOverHttp(root, ACCOUNT, tls);
    onTestFinished(() => secure.close());
    const credentials = await credentialsOf(dir, [{ for: secure.url, token: '${env:GIT_TOKEN}' }], {
      GIT_TOKEN: TOKEN,
    });
    const url = `${secure.url}/acme/infra.git`;
    const knowing = watchedMirrors(join(dir, 'knowing'), credentials, { GIT_SSL_CAINFO: cert });
    expect((await knowing.mirrors.fetch(url, 'main')).commit).toBe(first);

    const unknowing = watchedMirrors(join(dir, 'unknowing'), credentials);
    writeFileSync(join(dir, 'unknowing/home/.gitconfig'), '[http]\n\tsslVerify = false\n');
    const before = secure.seen.length;
    expect(await failure(unknowing, url)).toMatch(/certificate/i);
    expect(secure.seen.length).toBe(before);
  });

  it.each([
    ['the usual name', {}, undefined, 'x-access-token'],
    ['the name in the address', {}, 'kim', 'kim'],
    ['the name in m0.yaml', { username: 'bot' }, 'kim', 'bot'],
  ])('logs in with %s', async (_what, more, user, expected) => {
    server.account = `${expected}:${TOKEN}`;
    const watched = await withToken(server.url, more);
    const url = user === undefined ? repository() : repository().replace('//', `//${user}@`);
    expect((await watched.mirrors.fetch(url, 'main')).commit).toBe(first);
  });

  it('is refused with a wrong token: the error names the entry, without the server’s text', async () => {
    server.account = 'x-access-token:another';
    const watched = await withToken(`${server.url}/acme/`);
    const message = await failure(watched);
    expect(message).toContain(
      `running git fetch for ${repository()}: the server refuses the token of credentials[0] (for ${server.url}/acme/): renew it`,
    );
    expect(message).toContain('[redacted]');
    expectNoToken(message, watched.log(), watched.commandLines(), everythingIn(watched.dir));
    expect(watched.toldToHelper()).toBe('');
  });

  it.each([
    ['another folder', '/acm'],
    ['a longer folder', '/acme/infra'],
  ])('does not get the token of %s', async (_what, path) => {
    const watched = await withToken(`${server.url}${path}`);
    writeFileSync(join(dir, 'home/.gitconfig'), '');
    expect(await failure(watched)).toContain(
      'no entry under credentials in m0.yaml is for this address: add one with a token',
    );
    expect(server.seen.every((request) => request.authorization === undefined)).toBe(true);
  });

  it('that does not exist has a separate error', async () => {
    const watched = await withToken(server.url);
    expect(await failure(watched, `${server.url}/acme/nowhere.git`)).toContain(
      `there is no such repository, or not for credentials[0] (for ${server.url}): check its address`,
    );
  });

  it('is fetched with the newest token of a file; without the file the error names it', async () => {
    const file = join(dir, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    const watched = watchedMirrors(
      dir,
      await credentialsOf(dir, [{ for: server.url, token: '${file:token}' }]),
    );
    expect((await watched.mirrors.fetch(repository(), 'main')).commit).toBe(first);
    server.account = 'x-access-token:rotated';
    expect(await failure(watched)).toContain('refuses the token');
    writeFileSync(file, 'rotated\n');
    expect((await watched.mirrors.fetch(repository(), 'main')).commit).toBe(first);
    rmSync(file);
    expect(await failure(watched)).toBe(
      `running git fetch for ${repository()}: the token of credentials[0] (for ${server.url}): file token cannot be read (ENOENT): make it, readable to m0`,
    );
  });
});

describe('a token is sent to its own server only', () => {
  /** Another server, which requires a password and records the requests. */
  async function elsewhere(): Promise<GitOverHttp> {
    const other = await serveGitOverHttp(root, ACCOUNT);
    onTestFinished(() => other.close());
    return other;
  }

  it.each([
    ['before it asks who is there', false],
    ['after it has seen the token', true],
  ])('that redirects to another one %s', async (_when, late) => {
    const other = await elsewhere();
    server.before = (request, response) => {
      if (late && request.headers.authorization === undefined) return false;
      response.writeHead(302, { location: `${other.url}${request.url}` }).end();
      return true;
    };
    const watched = await withToken(server.url);
    const message = await failure(watched);
    expect(other.seen.length).toBeGreaterThan(0);
    expect(other.seen.map((request) => request.authorization)).toEqual(other.seen.map(() => undefined));
    expectNoToken(message, watched.commandLines());
    if (!late) expect(message).toContain(`redirects to ${other.url.replace(/:\d+$/, '')}`);
  });

  it('also if a redirecting server answers first: the target does not get the token', async () => {
    const other = await elsewhere();
    other.account = null;
    server.before = (request, response) => {
      if (!request.url?.includes('info/refs') || request.headers.authorization === undefined) return false;
      response.writeHead(302, { location: `${other.url}${request.url}` }).end();
      return true;
    };
    const watched = await withToken(server.url);
    await watched.mirrors.fetch(repository(), 'main').catch(() => null);
    expect(other.seen.length).toBeGreaterThan(0);
    expect(other.seen.map((request) => request.authorization)).toEqual(other.seen.map(() => undefined));
  });

  it('and over plain HTTP not through a proxy', async () => {
    const proxy = await elsewhere();
    const proxies = { http_proxy: proxy.url, HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url };
    const credentials = await credentialsOf(dir, [{ for: server.url, token: '${env:GIT_TOKEN}' }], {
      GIT_TOKEN: TOKEN,
    });
    const watched = watchedMirrors(dir, credentials, proxies);
    expect((await watched.mirrors.fetch(repository(), 'main')).commit).toBe(first);
    expect(proxy.seen).toEqual([]);
  });

  it('and not to the addresses of submodules, which the code chooses', async () => {
    const gitlink = `160000,${first},inner`;
    mkdirSync(join(workTree, 'inner'));
    writeFileSync(
      join(workTree, '.gitmodules'),
      `[submodule "inner"]\n\tpath = inner\n\turl = ${server.url}/acme/inner.git\n`,
    );
    git(workTree, 'update-index', '--add', '--cacheinfo', gitlink);
    commit(workTree, {}, 'with a submodule');
    git(workTree, 'push', '--quiet', 'served', 'main');
    expect(git(workTree, 'ls-tree', 'HEAD', 'inner')).toContain('160000 commit');
    const watched = await withToken(server.url);
    const { commit: newest } = await watched.mirrors.fetch(repository(), 'main');
    await expect(watched.mirrors.checkout(repository(), newest, join(dir, 'tree'))).rejects.toThrow(
      'Submodules get only entries that have modules: true',
    );
    await watched.mirrors.fetch(repository(), 'main');
    const asked = server.seen.filter((request) => request.path.includes('inner'));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.map(({ authorization }) => authorization)).toEqual(asked.map(() => undefined));
  });
});
