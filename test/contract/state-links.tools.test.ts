/** What a real plan shows of a stack's place among others: where its state is, and which states it reads. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Runner } from '../../src/ports/runner.ts';
import { stacksWithoutBackend } from '../../src/terraform/own-state.ts';
import { testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo } from '../support/terraform-repo.ts';

const whole = { only: null, signal: new AbortController().signal };
let dir: string;
let runner: Runner;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-state-links-'));
  const { terraform, tofu, terraformCliConfig: cliConfig } = await testTools();
  runner = runnerIn(join(dir, 'data'), { terraform, tofu, cliConfig });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('is the state that another stack reads, and a state in the data folder alone', async () => {
  const state = (name: string) => join(dir, `${name}.tfstate`);
  const backend = (name: string) => `terraform {\n  backend "local" {\n    path = "${state(name)}"\n  }\n}\n`;
  const git = makeRepo(join(dir, 'infra'), {
    'network/main.tf': `${backend('network')}output "vpc" {\n  value = "vpc-1"\n}\n`,
    'app/main.tf': `${backend('app')}data "terraform_remote_state" "net" {
  backend = "local"
  config  = { path = "${state('network')}" }
}
resource "terraform_data" "app" {
  input = data.terraform_remote_state.net.outputs.vpc
}
`,
    'bare/main.tf': 'resource "terraform_data" "one" {}\n',
  });
  const [network, app, bare] = ['network', 'app', 'bare'].map((name) =>
    anyStack({ name, source: { git, ref: 'main', path: name } }),
  );
  if (!network || !app || !bare) throw new Error('three stacks');
  const upstream = await runner.plan(network, whole);
  await runner.apply(network, upstream.plan, whole.signal);
  const downstream = await runner.plan(app, whole);
  expect(upstream.links?.state).toMatch(/^[0-9a-f]{64}$/);
  expect(downstream.links?.reads).toEqual([upstream.links?.state]);
  expect(upstream.links?.reads).toEqual([]);
  expect([upstream.stateOnlyHere, downstream.stateOnlyHere]).toEqual([undefined, undefined]);
  expect((await runner.plan(bare, whole)).stateOnlyHere).toBe(true);
  expect(await stacksWithoutBackend(join(dir, 'data', 'work'), [network, app, bare])).toEqual(['bare']);
});
