import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isFinal } from '../../../src/setup/release.ts';
import { downloadTofu, findTofu } from '../../../src/setup/tofu.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'm0-tofu-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Serves an archive as a release has it, beside a list of digests of which one may be wrong. */
function release(digestOf: (archive: Buffer) => string): typeof fetch {
  const made = path.join(dir, 'made');
  execFileSync('mkdir', [made]);
  writeFileSync(path.join(made, 'tofu'), '#!/bin/sh\necho it runs\n');
  chmodSync(path.join(made, 'tofu'), 0o755);
  execFileSync('tar', ['-czf', path.join(dir, 'a.tar.gz'), '-C', made, 'tofu']);
  const archive = readFileSync(path.join(dir, 'a.tar.gz'));
  return async (url) => {
    const name = String(url).slice(String(url).lastIndexOf('/') + 1);
    if (!name.endsWith('SHA256SUMS')) return new Response(new Uint8Array(archive));
    const archives = ['tofu_1.12.6_linux_amd64', 'tofu_1.12.6_linux_arm64', 'tofu_1.12.6_darwin_arm64'];
    const lines = archives.map((each) => `${digestOf(archive)}  ${each}.tar.gz`);
    return new Response(`${'0'.repeat(64)}  tofu_1.12.6_linux_amd64.zip\n${lines.join('\n')}\n`);
  };
}
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

it('unpacks a release whose digest is in the published list, ready to run and found', async () => {
  const tools = path.join(dir, 'tools');
  await downloadTofu(tools, release(sha256));
  expect(readdirSync(tools)).toEqual(['tofu']);
  const found = (await findTofu(tools, { PATH: '/nowhere' })) ?? '';
  expect(execFileSync(found, { encoding: 'utf8' })).toBe('it runs\n');
});

it('leaves nothing behind and allows no other way when the digest is wrong', async () => {
  const tools = path.join(dir, 'tools');
  const error: unknown = await downloadTofu(
    tools,
    release(() => 'f'.repeat(64)),
  ).catch((e) => e);
  expect(isFinal(error)).toBe(true);
  expect(await findTofu(tools, { PATH: '/nowhere' })).toBeNull();
});
