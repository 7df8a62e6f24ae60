/** The Git hosts of the contract suite of the forge, each with one repository `acme/infra`. */
import { execFileSync } from 'node:child_process';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KIM } from '../../src/sandbox/cloud/sample-git.ts';
import { startGitHost } from '../../src/sandbox/forge/git-host.ts';
import type { Fault, ForgeProxy } from './forge-proxy.ts';
import { startForgeProxy } from './forge-proxy.ts';
import { bare } from './git-access.ts';
import { serveGitOverHttp } from './git-over-http.ts';
import { refusePush, startGitLab } from './gitlab-host.ts';
import { git, makeRepo } from './terraform-repo.ts';

/** A pull request as its host has it. */
export interface Shown {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly reviewers: readonly string[];
  readonly comments: readonly string[];
}

export interface ForgeHost {
  readonly proxy: ForgeProxy;
  readonly kinds: Readonly<Record<string, 'github' | 'gitlab'>>;
  /** The entry of m0.yaml for writing, and its variables. */
  readonly entry: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** What must be in no error and no log. */
  readonly secrets: () => readonly string[];
  /** A Git directory with the branches of the server. */
  readonly served: string;
  /** Those that are open; of a host without pull requests always none. */
  open(): Promise<readonly Shown[]>;
  merge(branch: string): Promise<void>;
  /** Closes it as a person does. */
  close(branch: string): Promise<void>;
  stop(): Promise<void>;
}

export type HostName = 'GitHub' | 'GitHub App' | 'GitLab' | 'another host';

const TOKEN = 'wr1te-8f/Q+9"x"&=4711';

/** Does in a clone what a person does, and pushes it into the bare repository. */
function mergeIn(dir: string, repository: string, branch: string, squash: boolean): string {
  const clone = join(dir, `clone-${Math.random()}`);
  git(dir, 'clone', '--quiet', repository, clone);
  const who = ['-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev'];
  git(clone, ...who, 'merge', '--quiet', ...(squash ? ['--squash'] : ['--no-ff']), `origin/${branch}`);
  if (squash) git(clone, ...who, 'commit', '--quiet', '-m', 'squashed');
  git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  return git(clone, 'rev-parse', 'HEAD');
}

/** Made once in a process: a copy costs a tenth of the git commands that make it. */
let firstRepository: string | undefined;
process.once('exit', () => {
  if (firstRepository !== undefined) rmSync(firstRepository, { recursive: true, force: true });
});

/** A repository with one commit, as a work tree or bare. */
function repositoryIn(path: string, kind: 'work tree' | 'bare'): string {
  if (firstRepository === undefined) {
    firstRepository = mkdtempSync(join(tmpdir(), 'm0-forge-repository-'));
    const made = makeRepo(join(firstRepository, 'work tree'), { 'main.tf': 'a = 1\n' });
    bare(firstRepository, 'bare', made);
  }
  cpSync(join(firstRepository, kind), path, { recursive: true });
  return path;
}

/** Made once in a process: it takes longer than a test. */
let appKeys: { readonly publicKey: string; readonly privateKey: string } | undefined;
function keysOfApp(): NonNullable<typeof appKeys> {
  appKeys ??= generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return appKeys;
}

async function github(dir: string, isApp: boolean): Promise<ForgeHost> {
  const repository = repositoryIn(join(dir, 'infra'), 'work tree');
  const host = await startGitHost({
    ...{ repository, dir, port: 0, chat: 'http://127.0.0.1:1', base: process.env, now: Date.now },
    members: [
      { ...KIM, login: 'kim' },
      { login: 'dana', name: 'Dana', email: 'dana@acme.dev' },
    ],
  });
  const proxy = await startForgeProxy(host.url);
  const { publicKey, privateKey } = keysOfApp();
  const app = appOf(publicKey, host.token);
  // As docs.github.com/rest/repos/repos: of the token of an app, GitHub says false for all of them.
  const repo = { full_name: 'acme/infra', archived: false, permissions: { pull: !isApp, push: !isApp } };
  proxy.fault = (...request) => {
    const [method, path] = request;
    if (method === 'GET' && path === '/api/v3/repos/acme/infra') return { status: 200, body: repo };
    return isApp ? app(...request) : undefined;
  };
  const numberOf = async (branch: string): Promise<number> =>
    (await host.pulls.list()).find(({ head, state }) => head === branch && state === 'open')?.number ?? 0;
  return {
    proxy,
    kinds: { '127.0.0.1': 'github' },
    entry: isApp ? { githubApp: { id: 4711, privateKey: '${env:WRITE}' } } : { token: '${env:WRITE}' },
    env: { WRITE: isApp ? privateKey : host.token },
    secrets: () => [host.token, ...(isApp ? privateKey.trim().split('\n') : [])],
    served: join(repository, '.git'),
    async open() {
      const pulls = (await host.pulls.list()).filter(({ state }) => state === 'open');
      return pulls.map(({ comments, ...pull }) => ({ ...pull, comments: comments.map(({ body }) => body) }));
    },
    async merge(branch) {
      await host.pulls.merge(await numberOf(branch), { ...KIM, login: 'kim' });
    },
    async close(branch) {
      await host.pulls.close(await numberOf(branch), 'kim');
    },
    async stop() {
      await proxy.close();
      await host.close();
    },
  };
}

/** GitHub's answers to an app (docs.github.com/rest/apps/apps): a token of its installation, for a signed request. */
function appOf(publicKey: string, token: string): Fault {
  const isSigned = (request: IncomingMessage): boolean => {
    const [, jwt = ''] = (request.headers.authorization ?? '').split(' ');
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as { iss?: unknown };
    const verify = createVerify('RSA-SHA256').update(`${header}.${payload}`);
    return String(claims.iss) === '4711' && verify.verify(publicKey, Buffer.from(signature, 'base64url'));
  };
  return (method, path, request) => {
    const asks = path === '/api/v3/repos/acme/infra/installation' && method === 'GET';
    const makes = path === '/api/v3/app/installations/7/access_tokens' && method === 'POST';
    if (!asks && !makes) return undefined;
    if (!isSigned(request)) {
      return { status: 401, body: { message: 'A JSON web token could not be decoded' } };
    }
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    return asks
      ? { status: 200, body: { id: 7, account: { login: 'acme' } } }
      : { status: 201, body: { token, expires_at: expires, permissions: {} } };
  };
}

async function gitlab(dir: string): Promise<ForgeHost> {
  const root = join(dir, 'served');
  mkdirSync(join(root, 'acme'), { recursive: true });
  const served = repositoryIn(join(root, 'acme', 'infra.git'), 'bare');
  const host = await startGitLab(root, 'acme/infra', TOKEN);
  const proxy = await startForgeProxy(host.url);
  const find = (branch: string) =>
    host.mergeRequests.find((one) => one.source_branch === branch && one.state === 'opened');
  return {
    ...{ proxy, served, kinds: { '127.0.0.1': 'gitlab' } },
    entry: { token: '${env:WRITE}' },
    env: { WRITE: TOKEN },
    secrets: () => [TOKEN],
    async open() {
      return host.mergeRequests
        .filter(({ state }) => state === 'opened')
        .map(({ iid, title, description, reviewers, notes }) => ({
          ...{ number: iid, title, body: description, comments: notes },
          reviewers: reviewers.map(({ username }) => username),
        }));
    },
    async merge(branch) {
      const one = find(branch);
      if (one === undefined) throw new Error(`no merge request of ${branch}`);
      const sha = mergeIn(dir, served, branch, false);
      Object.assign(one, { state: 'merged', merged_by: { username: 'kim' }, merge_commit_sha: sha });
    },
    async close(branch) {
      Object.assign(find(branch) ?? {}, { state: 'closed', closed_by: { username: 'kim' } });
    },
    async stop() {
      await proxy.close();
      await host.close();
    },
  };
}

async function otherHost(dir: string): Promise<ForgeHost> {
  const root = join(dir, 'served');
  mkdirSync(join(root, 'acme'), { recursive: true });
  const served = repositoryIn(join(root, 'acme', 'infra.git'), 'bare');
  const server = await serveGitOverHttp(root, null);
  server.before = (request, response) =>
    /git-receive-pack/.test(request.url ?? '') && refusePush(request, response, TOKEN);
  const proxy = await startForgeProxy(server.url);
  return {
    ...{ proxy, served, kinds: {} },
    entry: { token: '${env:WRITE}' },
    env: { WRITE: TOKEN },
    secrets: () => [TOKEN],
    open: async () => [],
    async merge(branch) {
      // Most teams squash, and delete the branch.
      mergeIn(dir, served, branch, true);
      git(served, 'branch', '-D', branch);
    },
    async close(branch) {
      git(served, 'branch', '-D', branch);
    },
    async stop() {
      await proxy.close();
      await server.close();
    },
  };
}

export function startForgeHost(name: HostName, dir: string): Promise<ForgeHost> {
  switch (name) {
    case 'GitHub':
      return github(dir, false);
    case 'GitHub App':
      return github(dir, true);
    case 'GitLab':
      return gitlab(dir);
    case 'another host':
      return otherHost(dir);
  }
}

/** A commit on top of main as m0 makes one, in the mirror only: no branch has it. */
export function commitInto(mirror: string, text: string): string {
  const make = (input: string, ...args: string[]): string =>
    execFileSync('git', args, { cwd: mirror, input, encoding: 'utf8' }).trim();
  const blob = make(text, 'hash-object', '-w', '--stdin');
  const tree = make(`100644 blob ${blob}\tmain.tf\n`, 'mktree');
  const who = ['-c', 'user.name=m0', '-c', 'user.email=m0@acme.dev'];
  return make(`m0: ${text.trim()}\n`, ...who, 'commit-tree', tree, '-p', 'main');
}
