/** The whole service with stacks that it finds: a root that a push adds is watched, checked and told. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { commitAs, KIM as KIM_WRITES, sampleGit } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { buttons, startWorld, type World, words } from '../support/world.ts';

/** The stack of the sandbox's m0.yaml as a rule of `discover`. */
function discovering(text: string): string {
  const { stacks, ...rest } = parse(text) as { stacks: readonly Record<string, unknown>[] };
  const { name: _, environment, source, ...settings } = stacks[0] ?? {};
  const { git } = source as { readonly git: string };
  const rule = { source: { git }, roots: [SAMPLE.stackPath, 'found/*'], name: 'found-{folder}', environment };
  return stringify({ ...rest, discover: [{ ...rule, ...settings, push: { poll: '5s' } }] });
}

let world: World;
beforeAll(async () => {
  world = await startWorld({
    cloud: 'plain',
    config: discovering,
  });
});
afterAll(() => world?.close());

const MAIN = 'resource "terraform_data" "a" {\n  input = 1\n}\n';

it('watches a root that a push adds, and lets go of one that a push deletes', async () => {
  const { store } = world.service;
  const { infra } = world.cloud.repos;
  const write = (files: Readonly<Record<string, string>>, message: string): Promise<string> =>
    commitAs(infra, process.env, { author: KIM_WRITES, at: Date.now(), message, files });
  expect(words(await world.card('1 new stack watched'))).toContain('found-network');

  await write({ 'found/dns/main.tf': MAIN }, 'Add dns');
  expect(words(await world.card('1 new stack watched', 'found-dns'))).toContain('found/dns');
  const card = await world.card('found-dns', 'terraform_data.a');
  expect(buttons(card).length).toBeGreaterThan(0);

  const by = { NAME: KIM_WRITES.name, EMAIL: KIM_WRITES.email };
  const git = sampleGit(infra, process.env, {
    ...{ GIT_AUTHOR_NAME: by.NAME, GIT_AUTHOR_EMAIL: by.EMAIL },
    ...{ GIT_COMMITTER_NAME: by.NAME, GIT_COMMITTER_EMAIL: by.EMAIL },
  });
  await git.raw(['rm', '-rq', 'found']);
  await git.raw(['commit', '--quiet', '--message', 'Remove dns']);
  expect(words(await world.card('1 stack no longer watched'))).toContain('found-dns had open drift');
  await expect
    .poll(async () => (await store.alerts({ subject: 'found-dns', state: 'open' })).length, {
      timeout: 20_000,
    })
    .toBe(0);
  expect((await store.runs({ stack: 'found-dns', limit: 1 }))[0]?.state).toBe('canceled');
}, 120_000);
