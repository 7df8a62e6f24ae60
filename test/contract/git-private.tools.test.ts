/** Policies and code of stacks in private repositories, by token and by SSH key. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createLogger } from '../../src/base/log.ts';
import type { GitCredential } from '../../src/git/credentials.ts';
import { createPolicies } from '../../src/policy/policies.ts';
import { createRunner } from '../../src/terraform/runner.ts';
import { TEST_KEY, testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { bare, credentialsOf, everythingIn, watchedMirrors } from '../support/git-access.ts';
import { serveGitOverHttp } from '../support/git-over-http.ts';
import { makeKey, serveGitOverSsh } from '../support/git-over-ssh.ts';
import { commit, git, makeRepo, recordingTool } from '../support/terraform-repo.ts';
import { ALLOW_ALL, OPA, question, SILENT, source, verdicts } from '../unit/policy/support.ts';

vi.setConfig({ testTimeout: 120_000 });

const TOKEN = 'tok-of-a-reader-4711';
const ACCOUNT = `x-access-token:${TOKEN}`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-git-private-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A private repository that m0 has a credential for. */
interface Private {
  readonly url: string;
  readonly credentials: readonly GitCredential[];
  /** Revokes m0's access, or grants it again. */
  let(allowed: boolean): void;
  /** m0's error without access. */
  readonly refused: string;
}

async function overHttp(root: string): Promise<Private> {
  const server = await serveGitOverHttp(root, ACCOUNT);
  onTestFinished(() => server.close());
  const entry = { for: server.url, token: '${env:GIT_TOKEN}' };
  return {
    url: `${server.url}/policies.git`,
    credentials: await credentialsOf(dir, [entry], { GIT_TOKEN: TOKEN }),
    let: (allowed) => {
      server.account = allowed ? ACCOUNT : 'x-access-token:another';
    },
    refused: 'the server refuses the token of credentials[0]',
  };
}

async function overSsh(root: string): Promise<Private> {
  const server = await serveGitOverSsh(root, makeKey(join(dir, 'host-key')));
  onTestFinished(() => server.close());
  const key = makeKey(join(dir, 'deploy-key'));
  const place = `ssh://git@127.0.0.1:${server.port}/`;
  writeFileSync(join(dir, 'known_hosts'), `${server.knownHost}\n`);
  const entry = { for: place, sshKey: 'deploy-key', knownHosts: 'known_hosts' };
  server.allowed = [key.publicLine];
  return {
    url: `${place}policies.git`,
    credentials: await credentialsOf(dir, [entry]),
    let: (allowed) => {
      server.allowed = allowed ? [key.publicLine] : [];
    },
    refused: `the server refuses the key ${key.file} of credentials[0]`,
  };
}

describe.each([
  ['token', overHttp],
  ['SSH key', overSsh],
])('policies in a private repository, by %s', (_kind, serve) => {
  it('decide; after the access is revoked a person decides, until it is granted again', async () => {
    const root = join(dir, 'served');
    const workTree = makeRepo(join(dir, 'policies'), { 'policy.rego': ALLOW_ALL });
    const first = git(workTree, 'rev-parse', 'HEAD');
    git(workTree, 'remote', 'add', 'served', bare(root, 'policies.git', workTree));
    const there = await serve(root);
    const policies = createPolicies({
      dataDir: join(dir, 'data'),
      opa: OPA,
      mirrors: watchedMirrors(dir, there.credentials).mirrors,
      log: SILENT,
      clock: Date.now,
      limits: { syncEveryMs: 0, timeMs: 5000 },
    });
    onTestFinished(() => policies.close());
    const asked = question([source(there.url)]);

    const answers = await policies.ask(asked);
    expect(answers[0]).toMatchObject({ commit: first, outcome: { ok: true } });
    expect(verdicts(asked, answers)).toEqual(['auto']);

    there.let(false);
    // m0 can't see newer commits, so the older commit must not decide either.
    commit(workTree, { 'policy.rego': 'package m0\n\ndeny contains "frozen"\n' }, 'freeze');
    git(workTree, 'push', '--quiet', 'served', 'main');
    const revoked = await policies.ask(asked);
    expect(verdicts(asked, revoked)).toEqual(['human']);
    expect(JSON.stringify(revoked)).toContain(`running git fetch for ${there.url.replace('git@', '')}: `);
    expect(JSON.stringify(revoked)).toContain(there.refused);
    expect(JSON.stringify(revoked)).not.toContain(TOKEN);

    there.let(true);
    expect(verdicts(asked, await policies.ask(asked))).toEqual(['deny']);
  });

  it('allow nothing if m0 could never read them', async () => {
    const root = join(dir, 'served');
    bare(root, 'policies.git', makeRepo(join(dir, 'policies'), { 'policy.rego': ALLOW_ALL }));
    const there = await serve(root);
    there.let(false);
    const policies = createPolicies({
      dataDir: join(dir, 'data'),
      opa: OPA,
      mirrors: watchedMirrors(dir, there.credentials).mirrors,
      log: SILENT,
      clock: Date.now,
      limits: { syncEveryMs: 0 },
    });
    onTestFinished(() => policies.close());
    const asked = question([source(there.url)]);
    const answers = await policies.ask(asked);
    expect(verdicts(asked, answers)).toEqual(['human']);
    expect(answers[0]?.outcome).toEqual({ ok: false, error: expect.stringContaining(there.refused) });
  });
});

describe('the code of a stack in a private repository', () => {
  let terraform: string;
  let cliConfig: string;
  beforeAll(async () => {
    const tools = await testTools();
    terraform = tools.terraform ?? '';
    cliConfig = tools.terraformCliConfig;
  });

  it('is planned, and Terraform does not see the token', async () => {
    const root = join(dir, 'served');
    const code = 'resource "terraform_data" "one" {\n  input = "1"\n}\n';
    bare(root, 'policies.git', makeRepo(join(dir, 'infra'), { 'a/main.tf': code }));
    const there = await overHttp(root);
    const env = { GIT_TOKEN: TOKEN };
    const watched = watchedMirrors(dir, there.credentials, env);
    const recorded = recordingTool(join(dir, 'tool'), terraform);
    const lines: string[] = [];
    const dataDir = join(dir, 'data');
    const runner = createRunner({
      toolProcesses: null,
      dataDir,
      tools: { terraform: recorded.path, tofu: null, cliConfig },
      base: watched.base,
      mirrors: watched.mirrors,
      artifacts: createFileArtifacts(join(dataDir, 'artifacts')),
      log: createLogger('trace', { write: (line) => lines.push(line) }),
      clock: Date.now,
      key: TEST_KEY,
    });
    const stack = anyStack({ source: { git: there.url, ref: 'main', path: 'a' } });

    const { analysis } = await runner.plan(stack, { only: null, signal: new AbortController().signal });
    expect(analysis.findings.map((f) => [f.address, f.action])).toEqual([['terraform_data.one', 'create']]);
    expect(recorded.environment()).toContain('TF_IN_AUTOMATION=1');
    expect(recorded.environment()).not.toMatch(/M0_GIT|GIT_TOKEN|GIT_CONFIG/);
    for (const text of [
      recorded.environment(),
      everythingIn(dataDir),
      everythingIn(watched.dir),
      lines.join(),
    ]) {
      expect(text).not.toContain(TOKEN);
    }

    there.let(false);
    const refused = runner.plan(stack, { only: null, signal: new AbortController().signal });
    await expect(refused).rejects.toMatchObject({
      name: 'RunnerError',
      message: expect.stringContaining(there.refused),
    });
  });
});
