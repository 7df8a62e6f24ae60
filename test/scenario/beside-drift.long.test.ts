/** Real Terraform: code that stands in the way of an apply. A resource that has moved, and the time of the plan. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commitAs, KIM } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { DANA, startWorld, type World, words } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ cloud: 'plain' });
  expect(await world.check()).toMatchObject({ state: 'clean' });
});
afterAll(() => world?.close());

const at = (name: string): string => `${SAMPLE.stackPath}/${name}`;
const merge = (files: Readonly<Record<string, string>>) =>
  commitAs(world.cloud.repos.infra, process.env, {
    ...{ author: KIM, at: Date.now(), message: 'Change the network' },
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [at(name), text])),
  });

it('heals a part of a stack in which a resource has moved, and writes the move to the state', async () => {
  const vpc = await readFile(join(world.cloud.repos.infra, at('vpc.tf')), 'utf8');
  const moved = 'moved {\n  from = terraform_data.vpc\n  to   = terraform_data.net\n}\n';
  await merge({ 'vpc.tf': vpc.replace('"vpc"', '"net"'), 'moved.tf': moved });
  await world.cloud.console.run('remove-tags');
  await world.cloud.console.run('open-ssh');
  const run = await world.check();
  expect([run.state, run.findings.filter((f) => f.actionable).map((f) => f.address)]).toEqual([
    'awaiting_approval',
    ['terraform_data.web'],
  ]);
  expect(run.applied).toMatchObject([{ scope: [{ address: 'terraform_data.logs' }] }]);
  expect(run.findings.find((f) => f.previousAddress !== undefined)).toBeUndefined();
  await world.approve(DANA, run.id);
  await world.until(run.id, 'realigned');
});

it('asks once about a resource that is created with the time of the plan', async () => {
  const before = (await world.runs()).length;
  await merge({
    'build.tf': 'resource "terraform_data" "build" {\n  input = { at = plantimestamp(), size = 1 }\n}\n',
  });
  for (let i = 0; i < 5; i += 1) {
    await world.check();
    // The plan's time counts in seconds.
    await new Promise((wake) => setTimeout(wake, 1_000));
  }
  const since = (await world.runs()).toReversed().slice(before);
  expect(since.map((run) => run.state)).toEqual(['awaiting_approval', 'quiet', 'quiet', 'quiet', 'quiet']);
  const times = since.map((run) => JSON.stringify(run.findings[0]?.contents));
  expect(new Set(times).size).toBe(5);
  const cards = world.cards().filter((card) => words(card).includes('Approve: create build'));
  expect(cards.map(words)).toEqual([
    expect.stringContaining(
      'input.at: the code computes it anew in every plan, so no approval of it can hold',
    ),
  ]);
});
