import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadTools } from '../../../src/setup/tools.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'm0-tools-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('names everything that is missing in one message', async () => {
  const error: unknown = await loadTools(dir, { PATH: '/nowhere', HOME: dir }).catch((e) => e);
  expect(String(error)).toContain('neither terraform nor tofu is on PATH');
  expect(String(error)).toContain('opa is not set up');
});

it('refuses a tool that is named but cannot be run, and says which variable names it', async () => {
  const env = { PATH: '/nowhere', HOME: dir, M0_TOFU: '/nowhere/tofu' };
  await expect(loadTools(dir, env)).rejects.toThrow('M0_TOFU: /nowhere/tofu');
});
