/**
 * One question on its way into the code, and m0 killed at each step of it: around each stored state, while Terraform plans
 * the edit, while the branch arrives at the Git host, and when the host has opened the pull request but nobody heard it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { type GitHost, startGitHost } from '../../src/sandbox/forge/git-host.ts';
import { MEMBERS } from '../../src/sandbox/sample-organisation.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { testTools } from '../support/cloud.ts';
import { git, makeRepo } from '../support/terraform-repo.ts';
import { poll } from '../support/world.ts';
import type { CodifyOrder } from './codify-child.ts';

type Kill =
  | NonNullable<CodifyOrder['kill']>
  /** From outside, once m0 or what it has started has come to this place, and is held there. */
  | { readonly at: 'the tool' | 'the push' | 'the host' };

const STORY: readonly Kill[] = [
  { state: 'asked', side: 'before' },
  { state: 'asked', side: 'after' },
  { state: 'proving', side: 'before' },
  { state: 'proving', side: 'after' },
  { at: 'the tool' },
  { state: 'proven', side: 'before' },
  { state: 'proven', side: 'after' },
  { at: 'the push' },
  { at: 'the host' },
  { state: 'open', side: 'before' },
  { state: 'open', side: 'after' },
];
const AFTER_THE_MERGE: readonly Kill[] = [
  { state: 'merged', side: 'before' },
  { state: 'merged', side: 'after' },
  { state: 'done', side: 'before' },
];
/** How long one m0 may take. */
const PATIENCE_MS = 150_000;
const ADDRESS = 'terraform_data.web';
const main = (value: string): string => `resource "terraform_data" "web" {\n  input = "${value}"\n}\n`;

let place: string;
let host: GitHost;
let terraform: string;
let cliConfig: string;
const alive = new Set<ChildProcess>();

const backend = (): string =>
  `terraform {\n  backend "local" {\n    path = "${place}/state.tfstate"\n  }\n}\n`;
const infra = (): string => join(place, 'infra');
const stateFile = (): string => readFileSync(join(place, 'state.tfstate'), 'utf8');

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'm0-codify-kills-'));
  const tools = await testTools();
  if (tools.terraform === null) throw new Error('this test needs Terraform');
  ({ terraform, terraformCliConfig: cliConfig } = tools);
  makeRepo(infra(), { 'net/backend.tf': backend(), 'net/main.tf': main('closed') });
  git(infra(), 'config', 'http.receivepack', 'true');
  const hand = makeRepo(join(place, 'hand'), { 'backend.tf': backend(), 'main.tf': main('open') });
  for (const args of [['init'], ['apply', '-auto-approve']]) {
    const env = { ...process.env, CHECKPOINT_DISABLE: '1' };
    execFileSync(terraform, [...args, '-input=false', '-no-color'], { cwd: hand, env, stdio: 'ignore' });
  }
  host = await startGitHost({
    ...{ repository: infra(), dir: place, port: 0, members: MEMBERS, chat: 'http://127.0.0.1:1' },
    ...{ base: process.env, now: Date.now },
  });
});
afterEach(async () => {
  for (const child of alive) child.kill('SIGKILL');
  await host?.close();
  rmSync(place, { recursive: true, force: true });
});

/** A shell line that holds whoever runs it, once, where the file HOLD is there: until the file GO is. */
function holding(name: string): string {
  const file = (end: string): string => `'${join(place, name)}.${end}'`;
  return `if rm ${file('hold')} 2>/dev/null; then touch ${file('reached')}; while [ ! -e ${file('go')} ]; do sleep 0.1; done; fi`;
}

function script(path: string, ...lines: readonly string[]): string {
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

/** A Terraform that is held where it plans an edit. */
function heldTerraform(): string {
  return script(
    join(place, 'terraform'),
    `case "$PWD $*" in *edited*' plan '*) ${holding('tool')};; esac`,
    `exec '${terraform}' "$@"`,
  );
}

function orderOf(kill: Kill | null): CodifyOrder {
  return {
    ...{ dataDir: join(place, 'data'), git: host.repository, token: host.token, cliConfig, until: 'done' },
    ...{ terraform: heldTerraform(), kill: kill !== null && 'state' in kill ? kill : null },
  };
}

/** Runs m0 until it ends or is killed; rejects where it ends in another way. */
async function runs(kill: Kill | null): Promise<void> {
  const child = spawn(
    process.execPath,
    [resolve('test/crash/codify-child.ts'), JSON.stringify(orderOf(kill))],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', CHECKPOINT_DISABLE: '1' },
    },
  );
  alive.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = new Promise<string>((done) => {
    child.once('close', (code, signal) => {
      alive.delete(child);
      done(signal ?? String(code));
    });
  });
  const limit = setTimeout(() => child.kill('SIGTERM'), PATIENCE_MS);
  let release = (): void => {};
  if (kill !== null && 'at' in kill) {
    const { reached, letGo } = holdAt(kill.at);
    const early = ended.then((how) => {
      throw new Error(`m0 ended with ${how} before ${kill.at}: ${output}`);
    });
    await Promise.race([reached, early]);
    child.kill('SIGKILL');
    release = letGo;
  }
  const how = await ended;
  clearTimeout(limit);
  // What m0 had started goes on: a tool or a push that was on its way comes to its end without it.
  release();
  const wanted = kill === null ? '0' : 'SIGKILL';
  if (how !== wanted) throw new Error(`${JSON.stringify(kill)}: m0 ended with ${how}: ${output}`);
}

function holdAt(at: 'the tool' | 'the push' | 'the host'): {
  readonly reached: Promise<unknown>;
  letGo(): void;
} {
  if (at === 'the host') {
    const { open } = host.pulls;
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    // The host has opened it, and the answer never arrives.
    Object.assign(host.pulls, {
      open: async (...asked: Parameters<typeof open>) => {
        const pull = await open(...asked);
        reach();
        return new Promise<typeof pull>(() => {});
      },
    });
    return { reached, letGo: () => void Object.assign(host.pulls, { open }) };
  }
  const name = at === 'the tool' ? 'tool' : 'push';
  const hooks = join(infra(), '.git', 'hooks');
  if (at === 'the push') {
    mkdirSync(hooks, { recursive: true });
    script(join(hooks, 'post-receive'), holding('push'));
  }
  writeFileSync(join(place, `${name}.hold`), '');
  return {
    reached: poll(async () => (existsSync(join(place, `${name}.reached`)) ? true : undefined)),
    letGo: () => writeFileSync(join(place, `${name}.go`), ''),
  };
}

async function look<T>(work: (store: AuditedStore) => Promise<T>): Promise<T> {
  const log = createLogger('silent');
  const store = await openStore({ url: `file:${join(place, 'data', 'm0.db')}`, log });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const branches = (): readonly string[] =>
  git(infra(), 'for-each-ref', '--format=%(refname:short)', 'refs/heads/m0').split('\n').filter(Boolean);

it('makes one branch and one pull request of it, and loses no question, wherever m0 is killed', async () => {
  const before = stateFile();
  for (const kill of STORY) {
    await runs(kill);
    expect((await host.pulls.list()).length).toBeLessThanOrEqual(1);
    expect(branches().length).toBeLessThanOrEqual(1);
  }
  expect(await look((store) => store.codifications({}))).toMatchObject([
    { state: 'open', address: ADDRESS, proof: [{ stack: 'prod', after: 0, against: [] }] },
  ]);
  expect((await look((store) => store.exemptions('prod'))).map(({ kind }) => kind)).toEqual(['codify']);
  const [pull, ...others] = await host.pulls.list();
  expect(others).toEqual([]);
  expect(pull).toMatchObject({ state: 'open', base: 'main', head: branches()[0] });
  // One commit of m0 on top of main, with the one line.
  expect(git(infra(), 'log', '--format=%an', `main..${pull?.head}`)).toBe('m0');
  expect(git(infra(), 'show', `${pull?.head}:net/main.tf`)).toBe(main('open').trim());

  const [member] = MEMBERS;
  if (member === undefined) throw new Error('nobody can merge');
  await host.pulls.merge(1, member);
  for (const kill of AFTER_THE_MERGE) await runs(kill);
  await runs(null);

  await look(async (store) => {
    expect(await store.codifications({})).toMatchObject([{ state: 'done', mergedBy: member.login }]);
    expect(await store.exemptions('prod')).toEqual([]);
    const [newest] = await store.runs({ stack: 'prod' });
    expect(newest).toMatchObject({ state: 'clean', trigger: 'push' });
    expect((await store.runs({ stack: 'prod' })).flatMap(({ applied }) => applied)).toEqual([]);
    const actions = (await store.audit({ stack: 'prod' })).map(({ action }) => action);
    for (const once of ['codify', 'codify-proven', 'codify-open', 'codify-merged', 'codify-done'])
      expect([once, actions.filter((action) => action === once).length]).toEqual([once, 1]);
  });
  expect(await host.pulls.list()).toMatchObject([{ number: 1, state: 'merged' }]);
  expect(stateFile()).toBe(before);
}, 900_000);
