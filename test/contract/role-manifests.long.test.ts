/** manifests/terraform with the real AWS provider: it is valid, its own tests pass, and m0 takes what it prints. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadTools } from '../../src/setup/tools.ts';

const FOLDER = fileURLToPath(new URL('../../manifests/terraform', import.meta.url));

let dir: string;
let terraform: (...args: string[]) => string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-roles-'));
  cpSync(FOLDER, join(dir, 'code'), { recursive: true });
  const tools = await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env);
  const env = { ...process.env, TF_CLI_CONFIG_FILE: tools.terraformCliConfig, CHECKPOINT_DISABLE: '1' };
  terraform = (...args) =>
    execFileSync(tools.terraform ?? 'terraform', args, {
      cwd: join(dir, 'code'),
      env,
      stdio: 'pipe',
    }).toString();
  terraform('init', '-input=false', '-no-color');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('is formatted and valid', () => {
  expect(terraform('fmt', '-check', '-recursive')).toBe('');
  expect(JSON.parse(terraform('validate', '-json'))).toMatchObject({ valid: true, diagnostics: [] });
});

it('its own tests pass: who may assume the roles, and what each may do', () => {
  expect(terraform('test', '-no-color')).toContain('Success! 3 passed, 0 failed.');
});

it('plans read, and the role for causes does one thing', () => {
  const code = readFileSync(join(FOLDER, 'main.tf'), 'utf8');
  const block = (name: string): string =>
    new RegExp(`data "aws_iam_policy_document" "${name}" \\{[\\s\\S]*?\\n\\}\\n`).exec(code)?.[0] ?? '';
  expect(block('looks_up_events').match(/actions\s*=\s*(.*)/)?.[1]).toBe('["cloudtrail:LookupEvents"]');
  expect(block('reads_state')).not.toMatch(/Put|Delete|Encrypt|GenerateDataKey/);
});
