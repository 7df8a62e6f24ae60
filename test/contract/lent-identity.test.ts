/** What a process of the tool gets of an identity that ends, and of files that are lent to it: a real process. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import type { CloudAccess, OpenAccess } from '../../src/ports/cloud-access.ts';
import { stack as anyStack } from '../support/directory.ts';
import { planJson } from '../support/plan.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 60_000 });

const dir = mkdtempSync(join(tmpdir(), 'm0-lent-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { signal } = new AbortController();
const MINUTE = 60_000;

const azure = {
  ...{ tenantId: 't', subscriptionId: null, planClientId: 'p', planTokenFile: 'p' },
  ...{ applyClientId: 'a', applyTokenFile: 'a' },
};

/** A tool whose plan fails with what it was given, and the runner that starts it. */
function world(name: string, opened: Partial<OpenAccess>) {
  const bin = join(dir, name);
  mkdirSync(bin, { recursive: true });
  const path = join(bin, 'terraform');
  const document = JSON.stringify(
    planJson([{ recorded: { a: '1' }, actual: { a: '2' }, desired: { a: '1' } }]),
  );
  writeFileSync(`${path}.json`, document);
  writeFileSync(
    path,
    `#!/bin/sh
case "$1" in
  version) echo '{"terraform_version": "1.11.4"}' ;;
  plan)
    [ -n "$LENT" ] && { echo "$LENT" > "$0.lent"; cp "$LENT" "$0.copy"; }
    [ -n "$FAILS" ] && { echo "Error: the cloud says $KEY is wrong" >&2; exit 1; }
    for word in "$@"; do case "$word" in -out=*) echo plan > "\${word#-out=}" ;; esac; done
    exit 2 ;;
  show) cat "$0.json" ;;
  init|apply) : ;;
  *) echo '{}' ;;
esac
`,
  );
  chmodSync(path, 0o755);
  const asked: Parameters<CloudAccess['open']>[] = [];
  const access: CloudAccess = {
    async open(...question) {
      asked.push(question);
      return { env: {}, files: {}, secrets: [], endsAt: null, ...opened };
    },
  };
  const git = makeRepo(join(bin, 'repo'), { 'a/main.tf': 'resource "terraform_data" "one" {}\n' });
  const stack = anyStack({ name, source: { git, ref: 'main', path: 'a' }, azure });
  const runner = runnerIn(
    join(bin, 'data'),
    { terraform: path, tofu: null, cliConfig: '/dev/null' },
    { access },
  );
  return { stack, runner, asked, path };
}

it('lends a copy of a file that only the tool can read, and takes it away at the end', async () => {
  const token = join(dir, 'token');
  writeFileSync(token, 'a token that is lent', { mode: 0o644 });
  const { stack, runner, path } = world('lent', { files: { LENT: token } });
  await runner.plan(stack, { only: null, signal });
  const copy = readFileSync(`${path}.lent`, 'utf8').trim();
  expect(copy).not.toBe(token);
  expect(readFileSync(`${path}.copy`, 'utf8')).toBe('a token that is lent');
  expect(statSync(`${path}.copy`).mode & 0o077).toBe(0);
  expect(existsSync(copy)).toBe(false);
});

it('asks for the identity of an apply for the apply alone, with the run', async () => {
  const { stack, runner, asked } = world('uses', {});
  const { plan } = await runner.plan(stack, { only: null, run: 7, signal });
  expect(new Set(asked.map(([, use]) => use))).toEqual(new Set(['plan']));
  await runner.apply(stack, plan, signal, undefined, 7);
  expect(asked.filter(([, use]) => use === 'apply')).toHaveLength(1);
  expect(asked.at(-1)?.[1]).toBe('apply');
  expect(new Set(asked.map(([, , run]) => run))).toEqual(new Set([7]));
});

it('removes what it was given from errors', async () => {
  const env = { FAILS: '1', KEY: 'a-key-that-lasts-an-hour' };
  const { stack, runner } = world('secret', { env, secrets: ['a-key-that-lasts-an-hour'] });
  const failed = await runner.plan(stack, { only: null, signal }).catch((error: unknown) => String(error));
  expect(failed).toContain('the cloud says');
  expect(failed).not.toContain('a-key-that-lasts');
});

it('stops the tool while its credentials still hold, and begins nothing when they are about to end', async () => {
  const soon = world('soon', { endsAt: Date.now() + 12 * MINUTE });
  const told: { phase: string; limitMs: number }[] = [];
  await soon.runner.plan(soon.stack, { only: null, signal, watch: (tool) => void told.push(tool) });
  // 12 minutes of credentials less the half minute in which a plan may end after it was asked to.
  const limit = told.find(({ phase }) => phase === 'plan')?.limitMs ?? 0;
  expect(limit).toBeGreaterThan(11 * MINUTE);
  expect(limit).toBeLessThanOrEqual(11.5 * MINUTE);
  const over = world('over', { endsAt: Date.now() + MINUTE });
  await expect(over.runner.plan(over.stack, { only: null, signal })).rejects.toThrow(
    /its credentials end in .*raise aws.duration in m0.yaml/,
  );
});

it('refuses a stack with roles where nothing opens them', async () => {
  const { stack, path } = world('none', {});
  const runner = runnerIn(join(dir, 'none', 'other'), {
    terraform: path,
    tofu: null,
    cliConfig: '/dev/null',
  });
  await expect(runner.plan(stack, { only: null, signal })).rejects.toThrow(
    'nothing here opens azure of the stack',
  );
});
