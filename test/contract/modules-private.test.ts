/** Modules in private repositories: the real git of an `init`, against servers that ask for a token or a key. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GitCredential } from '../../src/git/credentials.ts';
import { createModuleAccess } from '../../src/git/module-access.ts';
import { stack as anyStack } from '../support/directory.ts';
import { bare, credentialsOf } from '../support/git-access.ts';
import { type GitOverHttp, serveGitOverHttp } from '../support/git-over-http.ts';
import { type GitOverSsh, type KeyPair, makeKey, serveGitOverSsh } from '../support/git-over-ssh.ts';
import { planJson } from '../support/plan.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 60_000 });

const TOKEN = 'tok-of-all-modules-4711';
const { signal } = new AbortController();

let served: string;
let http: GitOverHttp;
let ssh: GitOverSsh;
let key: KeyPair;
let dir: string;

beforeAll(async () => {
  served = mkdtempSync(join(tmpdir(), 'm0-modules-'));
  const root = join(served, 'root');
  const vpc = makeRepo(join(served, 'vpc'), { 'main.tf': '# a module\n' });
  mkdirSync(join(root, 'acme'), { recursive: true });
  mkdirSync(join(root, 'acme-labs'), { recursive: true });
  for (const name of ['acme/vpc.git', 'acme-labs/vpc.git']) bare(root, name, vpc);
  http = await serveGitOverHttp(root, `x-access-token:${TOKEN}`);
  key = makeKey(join(served, 'key'));
  ssh = await serveGitOverSsh(root, makeKey(join(served, 'host-key')));
  ssh.allowed = [key.publicLine];
  writeFileSync(join(served, 'known_hosts'), `${ssh.knownHost}\n`);
});
afterAll(async () => {
  await http.close();
  await ssh.close();
  rmSync(served, { recursive: true, force: true });
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-modules-of-'));
  chmodSync(dir, 0o711);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A tool whose `init` clones MODULE as Terraform does, and notes what each of its calls can read. */
function tool(): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { mode: 0o755 });
  mkdirSync(join(bin, 'notes'));
  chmodSync(join(bin, 'notes'), 0o777);
  const path = join(bin, 'terraform');
  const document = planJson([{ recorded: { a: '1' }, actual: { a: '2' }, desired: { a: '1' } }]);
  writeFileSync(`${path}.json`, JSON.stringify(document));
  writeFileSync(
    path,
    `#!/bin/sh
env > "${bin}/notes/$1"
case "$1" in
  version) echo '{"terraform_version": "1.11.4"}' ;;
  init)
    git clone --quiet "$MODULE" "$TF_DATA_DIR/module" 2> "${bin}/notes/error" || { { echo 'Error: Failed to download module'; cat "${bin}/notes/error"; } >&2; exit 1; }
    cp "$TF_DATA_DIR/module/main.tf" "${bin}/notes/cloned" ;;
  plan)
    for word in "$@"; do case "$word" in -out=*) echo plan > "\${word#-out=}" ;; esac; done
    exit 2 ;;
  show) cat "$0.json" ;;
  *) echo '{}' ;;
esac
`,
  );
  chmodSync(path, 0o755);
  return path;
}

const note = (name: string): string => {
  const path = join(dir, 'bin', 'notes', name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

/** Plans a stack that uses this module; resolves to the error, or null. */
async function planWith(
  module: string,
  entries: readonly Readonly<Record<string, string | boolean>>[],
  change: { readonly env?: Record<string, string>; readonly stackUser?: string } = {},
): Promise<string | null> {
  const credentials: readonly GitCredential[] = await credentialsOf(dir, entries, { TOKEN });
  const git = makeRepo(join(dir, 'repo'), { 'a/main.tf': '# code\n' });
  const stack = anyStack({
    source: { git, ref: 'main', path: 'a' },
    env: { MODULE: module, ...change.env },
  });
  const runner = runnerIn(
    join(dir, 'data'),
    { terraform: tool(), tofu: null, cliConfig: '/dev/null' },
    {
      modules: createModuleAccess(credentials, process.env),
      ...(change.stackUser === undefined ? {} : { stackUser: change.stackUser }),
    },
  );
  return runner.plan(stack, { only: null, signal }).then(
    () => null,
    (error: unknown) => String(error),
  );
}

describe('over https', () => {
  const entry = (path: string, modules = true) => ({
    ...{ for: `${http.url}${path}`, token: '${env:TOKEN}', modules },
  });

  it('is fetched with the token, which no other call of the tool gets', async () => {
    expect(await planWith(`${http.url}/acme/vpc.git`, [entry('/acme')])).toBeNull();
    expect(note('cloned')).toContain('# a module');
    expect(note('init')).toContain(TOKEN);
    for (const command of ['version', 'plan', 'show']) expect(note(command)).not.toContain(TOKEN);
  });

  it('is not, where the entry is for something else at the server, or not for modules', async () => {
    const other = await planWith(`${http.url}/acme-labs/vpc.git`, [entry('/acme')]);
    expect(other).toContain(
      'give m0.yaml an entry under credentials that is for its address, with modules: true',
    );
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { mode: 0o711 });
    const above = await planWith(`${http.url}/acme/../acme-labs/vpc.git`, [entry('/acme')]);
    expect(above).toContain('modules: true');
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { mode: 0o711 });
    expect(await planWith(`${http.url}/acme/vpc.git`, [entry('/acme', false)])).toContain('modules: true');
    expect(note('init')).not.toContain(TOKEN);
  });

  it('gets the entry with the longest address, after what the stack itself tells git', async () => {
    const wrong = { for: `${http.url}/`, token: '${env:TOKEN}', username: 'nobody', modules: true };
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'user.name', GIT_CONFIG_VALUE_0: 'Kim' };
    expect(await planWith(`${http.url}/acme/vpc.git`, [entry('/acme'), wrong], { env })).toBeNull();
    expect(note('init')).toContain('GIT_CONFIG_KEY_0=user.name');
  });

  it('never shows the token, whatever the server answers', async () => {
    http.account = 'x-access-token:another';
    try {
      const error = await planWith(`${http.url}/acme/vpc.git`, [entry('/acme')]);
      expect(note('error')).not.toBe('');
      expect(error).toContain('running terraform init');
      expect(error).not.toContain(TOKEN);
      expect(error).not.toContain(Buffer.from(`x-access-token:${TOKEN}`).toString('base64'));
    } finally {
      http.account = `x-access-token:${TOKEN}`;
    }
  });
});

describe('over ssh', () => {
  const place = (path: string): string => `ssh://git@127.0.0.1:${ssh.port}${path}`;
  const entry = (path: string) => ({
    ...{
      for: place(path),
      sshKey: join(served, 'key'),
      knownHosts: join(served, 'known_hosts'),
      modules: true,
    },
  });

  it('is fetched with a key that the tool never has', async () => {
    expect(await planWith(place('/acme/vpc.git'), [entry('/acme')])).toBeNull();
    expect(note('cloned')).toContain('# a module');
    expect(note('init')).not.toContain(join(served, 'key'));
    expect(note('plan')).not.toContain('GIT_SSH');
  });

  it('is not, where the entry is for something else at the server', async () => {
    const other = await planWith(place('/acme-labs/vpc.git'), [entry('/acme')]);
    expect(other).toContain(
      `${place('/acme-labs/vpc.git')}: no entry under credentials in m0.yaml that has an sshKey`,
    );
    expect(note('cloned')).toBe('');
  });

  it('says why the server refuses', async () => {
    ssh.allowed = [];
    try {
      const error = await planWith(place('/acme/vpc.git'), [entry('/acme')]);
      expect(error).toContain('the server refuses the key');
    } finally {
      ssh.allowed = [key.publicLine];
    }
  });

  it('leaves ssh to a stack that has a command of its own', async () => {
    const env = { GIT_SSH_COMMAND: 'false' };
    expect(await planWith(place('/acme/vpc.git'), [entry('/acme')], { env })).toContain('terraform init');
    expect(note('init')).toContain('GIT_SSH_COMMAND=false');
  });

  it.runIf(process.getuid?.() === 0)('works for a user without an account, whom ssh refuses', async () => {
    expect(await planWith(place('/acme/vpc.git'), [entry('/acme')], { stackUser: '58700-58710' })).toBeNull();
    expect(note('cloned')).toContain('# a module');
  });
});
