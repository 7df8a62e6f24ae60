/**
 * Drift goes into the code with the real Terraform, Git and store: m0's commit is proven by plans of exactly that commit,
 * pushed to a bare repository, merged there, and found clean by the next check.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { editCode } from '../../src/codify/edit/edit-code.ts';
import { type Core, createCore } from '../../src/core.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { createCodeChanges } from '../../src/git/own-commits.ts';
import type { Codification } from '../../src/model/codification.ts';
import { createLiveDirectory } from '../../src/model/live-directory.ts';
import { M0, type Run } from '../../src/model/run.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { bareForge } from '../support/bare-forge.ts';
import { testTools } from '../support/cloud.ts';
import { directory as aDirectory, stack as aStack } from '../support/directory.ts';
import { FakeChat } from '../support/fake-chat.ts';
import { FakeCloud } from '../support/fake-cloud.ts';
import { asMovedInCloud } from '../support/moved-in-cloud.ts';
import { runnerIn } from '../support/runner.ts';
import { DANA } from '../support/runs.ts';
import { commit, git, makeRepo } from '../support/terraform-repo.ts';
import { poll } from '../support/world.ts';

const HERE = 'terraform_data.web';
let place: string;
let bare: string;
let clone: string;
let store: AuditedStore;
let core: Core;
let terraform: string;

const backend = (): string =>
  `terraform {\n  backend "local" {\n    path = "${place}/state.tfstate"\n    workspace_dir = "${place}/states"\n  }\n}\n`;
/** CRLF and odd blanks stay as they are. */
const main = (value: string, follower = ''): string =>
  `# The web tier.\r\nresource "terraform_data" "web" {\n\tinput  =   "${value}" \n}\n${follower}`;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'm0-codify-'));
  const tools = await testTools();
  if (tools.terraform === null) throw new Error('this test needs Terraform');
  ({ terraform } = tools);
  clone = makeRepo(join(place, 'clone'), { 'net/backend.tf': backend(), 'net/main.tf': main('closed') });
  bare = join(place, 'infra.git');
  git(place, 'clone', '--quiet', '--bare', clone, bare);
});
afterEach(async () => {
  await core?.codify?.drain();
  await core?.worker.drain();
  await store?.close();
  rmSync(place, { recursive: true, force: true });
});

/** Applies this code without committing it, as somebody's hand would change the cloud. */
function applied(text: string, workspace = 'default'): void {
  const dir = join(place, 'hand');
  makeRepo(dir, { 'backend.tf': backend(), 'main.tf': text });
  const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_WORKSPACE: workspace };
  for (const args of [['init'], ['apply', '-auto-approve']]) {
    execFileSync(terraform, [...args, '-input=false', '-no-color'], { cwd: dir, env, stdio: 'ignore' });
  }
  rmSync(dir, { recursive: true, force: true });
}

const source = () => ({ git: bare, ref: 'main', path: 'net' });
const prod = () => aStack({ name: 'prod', workspace: 'default', source: source() });

/** Starts m0 with this repository; other stacks are workspaces of the same code. */
async function start(...workspaces: readonly string[]): Promise<void> {
  const others = workspaces.map((name) => aStack({ name, workspace: name, source: source() }));
  const stacks = [prod(), ...others];
  const log = createLogger('silent');
  const dataDir = join(place, 'data');
  const tools = await testTools();
  store = await openStore({ url: `file:${join(dataDir, 'm0.db')}`, log });
  const mirrors = createMirrors({ dir: join(dataDir, 'git'), log, base: process.env });
  const { directory } = createLiveDirectory(aDirectory({ stacks }));
  core = createCore({
    key: 'test-key',
    ...{ store, directory, log, clock: Date.now, concurrency: 1, usergroup: async () => [] },
    chats: new Map([['slack', new FakeChat(['C0OPS'])]]),
    policies: new FakeCloud(() => store, Date.now),
    runner: asMovedInCloud(runnerIn(dataDir, { ...tools, cliConfig: tools.terraformCliConfig }, { mirrors })),
    codify: { code: createCodeChanges(mirrors, process.env), forge: bareForge(), edit: editCode },
  });
  await core.worker.start();
}

async function check(): Promise<Run> {
  const { id } = await core.worker.check(prod(), 'command', M0);
  return poll(async () => {
    const run = await store.run(id);
    return run && !['queued', 'planning', 'deciding'].includes(run.state) ? run : undefined;
  });
}

/** Asks for the finding of the run, and waits until m0 has come as far as it goes. */
async function asked(run: Run): Promise<Codification> {
  const finding = run.findings.find(({ address }) => address === HERE);
  if (finding === undefined) throw new Error('the check found nothing');
  const now = Date.now();
  await store.commit([
    {
      type: 'codification.insert',
      codification: {
        ...{ stack: 'prod', state: 'asked', address: HERE, fingerprint: finding.fingerprint, run: run.id },
        ...{ alert: null, by: DANA, at: now, updatedAt: now, confirmed: false, branch: 'm0/prod/3f2a91c0' },
        ...{ base: null, commit: null, edits: [], patch: '', proof: [], unwritable: null, pullRequest: null },
        ...{ mergedBy: null, mergedAt: null, why: null, asks: false, trouble: null, tries: 0, dueAt: 0 },
      },
    },
  ]);
  await core.codify?.look();
  return only();
}

async function only(): Promise<Codification> {
  const [one] = await store.codifications({});
  if (one === undefined) throw new Error('nothing is on its way');
  return one;
}

const branches = (): readonly string[] =>
  git(bare, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');

it('is proven, pushed, merged, and clean at the next check; the state is untouched', async () => {
  applied(main('open'));
  const before = readFileSync(join(place, 'state.tfstate'), 'utf8');
  await start();
  const run = await check();
  expect(run.state).toBe('awaiting_approval');
  const open = await asked(run);
  expect(open).toMatchObject({
    state: 'open',
    proof: [{ stack: 'prod', before: 1, after: 0, against: [] }],
    pullRequest: { kind: 'branch', branch: 'm0/prod/3f2a91c0' },
  });
  // Byte for byte what it was, but for the value.
  expect(execFileSync('git', ['show', 'm0/prod/3f2a91c0:net/main.tf'], { cwd: bare }).toString()).toContain(
    '# The web tier.\r\nresource "terraform_data" "web" {\n\tinput  =',
  );
  expect(git(bare, 'log', '-1', '--format=%an%n%B', 'm0/prod/3f2a91c0')).toMatch(
    /^m0\n[\s\S]*Asked-by: Dana/,
  );
  expect(open.patch).toContain('+\tinput  ');
  expect((await store.exemptions('prod')).map((k) => k.kind)).toEqual(['codify']);

  git(bare, 'update-ref', 'refs/heads/main', 'm0/prod/3f2a91c0');
  await store.commit([
    {
      type: 'codification.update',
      codification: { ...open, dueAt: 0 },
      was: { state: 'open', version: open.version },
    },
  ]);
  await core.codify?.look();
  const done = await poll(async () => {
    await core.codify?.look();
    const one = await only();
    return one.state === 'merged' || one.state === 'open' ? undefined : one;
  });
  expect(done).toMatchObject({ state: 'done', why: null });
  expect((await store.runs({ stack: 'prod' }))[0]).toMatchObject({ state: 'clean', trigger: 'push' });
  expect(await store.exemptions('prod')).toEqual([]);
  expect(readFileSync(join(place, 'state.tfstate'), 'utf8')).toBe(before);
});

it('is not pushed where the edit would change another resource of the stack', async () => {
  const follower = 'resource "terraform_data" "copy" {\n  input = terraform_data.web.input\n}\n';
  commit(clone, { 'net/main.tf': main('closed', follower) }, 'copy it');
  git(clone, 'push', '--quiet', bare, 'main');
  applied(main('open', follower.replace('terraform_data.web.input', '"closed"')));
  await start();
  expect(await asked(await check())).toMatchObject({
    state: 'disagreed',
    why: expect.stringContaining('with the edit, an apply would update terraform_data.copy'),
  });
  expect(branches()).toEqual(['main']);
  expect(await store.exemptions('prod')).toEqual([]);
});

it('is not pushed where the edit would change another stack that reads the file', async () => {
  applied(main('open'));
  execFileSync('mkdir', ['-p', join(place, 'states')]);
  await start('staging');
  const one = await asked(await check());
  expect(one).toMatchObject({
    state: 'disagreed',
    proof: [{ stack: 'prod', against: [] }, { stack: 'staging' }],
  });
  expect(one.why).toContain('staging');
  expect(branches()).toEqual(['main']);
});
