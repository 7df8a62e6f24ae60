/** Roles of AWS against moto's STS and IAM: what plans get can't change the cloud, and only the apply gets more. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import type { AwsRoles } from '../../src/model/cloud-roles.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import { createCloudAccess } from '../../src/roles/access.ts';
import { callerOf } from '../../src/roles/aws.ts';
import { type Moto, startMoto } from '../../src/sandbox/cloud/moto.ts';
import { sandboxTools, testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { type Iam, iamOf } from '../support/iam.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo } from '../support/terraform-repo.ts';

const signal = new AbortController().signal;
const whole = { only: null, run: 42, signal };

const CODE = `terraform {
  required_providers {
    aws = { source = "registry.terraform.io/hashicorp/aws", version = "~> 5.0" }
  }
  backend "local" { path = "STATE" }
}
provider "aws" {
  region                      = "eu-central-1"
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
resource "aws_sns_topic" "alarms" { name = "alarms" }
data "aws_caller_identity" "planner" {}
output "planner" { value = data.aws_caller_identity.planner.arn }
`;

let dir: string;
let moto: Moto;
let iam: Iam;
let runner: Runner & CodePort;
let m0: Awaited<ReturnType<Iam['user']>>;
let stranger: typeof m0;
let stack: (change: Partial<AwsRoles>) => Stack;
const ARNS = { plan: '', apply: '' };

/** A tool that notes the environment of each call in a file `ORDER-COMMAND`. */
function noting(tool: string, into: string): string {
  mkdirSync(into, { recursive: true });
  const path = join(dir, 'noting-terraform');
  const note = `n=$(ls '${into}' | wc -l); env > "${into}/$(printf %02d "$n")-$1"`;
  writeFileSync(path, `#!/bin/sh\n${note}\nexec '${tool}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

interface Call {
  readonly command: string;
  readonly env: Record<string, string>;
}

function calls(): readonly Call[] {
  const folder = join(dir, 'calls');
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const lines = readFileSync(join(folder, name), 'utf8').split('\n');
      const pairs = lines.flatMap((line) => {
        const at = line.indexOf('=');
        return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
      });
      return { command: name.slice(3), env: Object.fromEntries(pairs) as Record<string, string> };
    });
}

/** Who a call of the tool is, by its own variables; null: it has no identity. */
async function whoIs({ env }: Call): Promise<string | null> {
  if (env.AWS_ACCESS_KEY_ID === undefined) return null;
  const all = { env, files: {}, secrets: [], endsAt: null };
  return callerOf(all, { AWS_ENDPOINT_URL: moto.url });
}

/** What a plan with the role for plans would change. */
async function due(): Promise<readonly string[]> {
  const { analysis } = await runner.plan(stack({}), whole);
  return analysis.findings.map((f) => `${f.action} ${f.address}`);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-roles-'));
  const tools = sandboxTools(await testTools());
  const log = createLogger('silent');
  moto = await startMoto({ motoServer: tools.motoServer, port: 0, log, base: process.env });
  iam = iamOf(moto.url);
  const reading = ['sns:Get*', 'sns:List*', 'sts:GetCallerIdentity'];
  ARNS.plan = await iam.role('m0-plan', reading);
  ARNS.apply = await iam.role('m0-apply', [...reading, 'sns:*']);
  m0 = await iam.user('m0', ['sts:AssumeRole', 'sts:GetCallerIdentity']);
  stranger = await iam.user('stranger', ['sts:GetCallerIdentity']);
  await iam.enforce();
  const terraform = noting(tools.terraform, join(dir, 'calls'));
  runner = runnerIn(
    join(dir, 'data'),
    { terraform, tofu: null, cliConfig: tools.cliConfig },
    { access: createCloudAccess({ clock: Date.now }) },
  );
  const code = CODE.replace('STATE', join(dir, 'state.json'));
  const git = makeRepo(join(dir, 'repo'), { 'a/main.tf': code });
  stack = (change) =>
    anyStack({
      name: 'prod-alarms',
      source: { git, ref: 'main', path: 'a' },
      env: { ...m0, AWS_ENDPOINT_URL: moto.url, AWS_REGION: 'eu-central-1' },
      aws: {
        ...{ planRole: ARNS.plan, applyRole: ARNS.apply, externalId: 'm0-of-acme' },
        ...{ durationMs: 3_600_000, webIdentityTokenFile: null, ...change },
      },
    });
});
afterAll(async () => {
  await moto.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('roles in AWS', () => {
  it('refuses an apply with the role for plans: the cloud does, whatever m0 believes', async () => {
    const { plan } = await runner.plan(stack({}), whole);
    const refused = await runner
      .apply(stack({ applyRole: ARNS.plan }), plan, signal, undefined, 42)
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ phase: 'apply' });
    expect(String(refused)).toMatch(/CreateTopic, https response error StatusCode: 403/);
    expect(String(refused)).not.toContain(calls().at(-1)?.env.AWS_SESSION_TOKEN);
    expect(await due()).toEqual(['create aws_sns_topic.alarms']);
  });

  it('gives every process but the apply a session of the role for plans, and none the identity that assumes it', async () => {
    const before = calls().length;
    const { plan, analysis } = await runner.plan(stack({}), whole);
    expect(analysis.findings.map((f) => f.address)).toEqual(['aws_sns_topic.alarms']);
    await runner.apply(stack({}), plan, signal, undefined, 42);
    expect(await due()).toEqual([]);

    const made = calls().slice(before);
    const commands = made.map(({ command }) => command);
    expect(commands).toContain('plan');
    expect(commands.filter((command) => command === 'apply')).toEqual(['apply']);
    const session = (role: string) => `arn:aws:sts::123456789012:assumed-role/${role}/m0-prod-alarms-42`;
    for (const call of made) {
      expect(call.env.AWS_ACCESS_KEY_ID).not.toBe(m0.AWS_ACCESS_KEY_ID);
      expect(Object.values(call.env)).not.toContain(m0.AWS_SECRET_ACCESS_KEY);
      const expected = call.command === 'apply' ? session('m0-apply') : session('m0-plan');
      expect([call.command, await whoIs(call)]).toEqual([call.command, expected]);
    }
  });

  it('says which role, who m0 is, and what to do where it may not assume it', async () => {
    const { env, ...rest } = stack({});
    const error = await runner
      .plan({ ...rest, env: { ...env, ...stranger } }, { ...whole, run: 43 })
      .catch((e: unknown) => String(e));
    expect(error).toContain('getting the identity for a plan of prod-alarms');
    expect(error).toContain(`assuming ${ARNS.plan} as m0-prod-alarms-43`);
    expect(error).toContain('m0 is arn:aws:iam::123456789012:user/stranger');
    expect(error).toContain("Let the role's trust policy name it with this external id");
    expect(error).not.toContain(stranger.AWS_SECRET_ACCESS_KEY);
  });
});
