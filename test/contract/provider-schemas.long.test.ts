import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import type { Stack } from '../../src/model/directory.ts';
import { testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo, recordingTool } from '../support/terraform-repo.ts';

const signal = new AbortController().signal;
const whole = { only: null, signal };
const dir = mkdtempSync(join(tmpdir(), 'm0-schema-'));
const dataDir = join(dir, 'data');
let recorded: ReturnType<typeof recordingTool>;
let cliConfig: string;
const lines: string[] = [];

beforeAll(async () => {
  const tools = await testTools();
  recorded = recordingTool(join(dir, 'bin'), tools.terraform ?? '');
  cliConfig = tools.terraformCliConfig;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function runner() {
  const log = createLogger('warn', { write: (line) => void lines.push(line) });
  return runnerIn(dataDir, { terraform: recorded.path, tofu: null, cliConfig }, { log });
}

/** A stack whose plan needs the AWS provider, but no cloud. */
function stackOf(name: string): Stack {
  const git = makeRepo(join(dir, 'repos', name), {
    'a/main.tf': `
      terraform {
        backend "local" {
          path = "${join(dir, `${name}.tfstate`)}"
        }
        required_providers {
          aws = {
            source  = "hashicorp/aws"
            version = "~> 5.0"
          }
        }
      }
      provider "aws" {
        region                      = "eu-central-1"
        access_key                  = "test"
        secret_key                  = "test"
        skip_credentials_validation = true
        skip_requesting_account_id  = true
        skip_metadata_api_check     = true
      }
      resource "aws_sqs_queue" "jobs" {
        name = "jobs"
      }
    `,
  });
  return anyStack({ name, source: { git, ref: 'main', path: 'a' }, channels: [] });
}

/** How often the tool was asked for a schema: those calls begin with their directory. */
const asked = (): number => recorded.calls().filter((call) => call.startsWith('-chdir=')).length;

it('asks the AWS provider once for two checks of two stacks, and a later process reads what was kept', async () => {
  const first = runner();
  const { analysis } = await first.plan(stackOf('one'), whole);
  expect(analysis.findings.map(({ address, action }) => [address, action])).toEqual([
    ['aws_sqs_queue.jobs', 'create'],
  ]);
  expect(asked()).toBe(1);
  await first.plan(stackOf('one-more'), whole);
  expect(asked()).toBe(1);

  const [digest, ...others] = readdirSync(join(dataDir, 'schemas'));
  expect(others).toEqual([]);
  expect(digest).toMatch(/^registry\.terraform\.io\+hashicorp\+aws-5\.\d+\.\d+-[0-9a-f]{32}\.json\.gz$/);
  const { size } = statSync(join(dataDir, 'schemas', digest ?? ''));
  expect(size).toBeGreaterThan(50_000);
  expect(size).toBeLessThan(700_000);

  await runner().plan(stackOf('another-process'), whole);
  expect(asked()).toBe(1);
  expect(lines).toEqual([]);
});
