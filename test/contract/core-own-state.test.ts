/** A stack without a backend: people are warned before its first apply, and a policy alone does not make it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Core, STACK } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { tagFinding } from '../support/runs.ts';

const ALLOW = [{ rule: 'allow', text: 'anything goes' }] as const;
const WARNING =
  "the stack has no remote backend: an apply writes its state into m0's data folder and nowhere else";

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
  core.cloud.drift.set(STACK, [tagFinding()]);
  core.cloud.policies.set('tags-auto', ALLOW);
  core.cloud.stateOnlyHere.add(STACK);
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});
const card = (): string => {
  const newest = core.chat.in('C0OPS').at(-1)?.card;
  if (newest === undefined) throw new Error('nothing was posted');
  return textOf(newest);
};

it('asks a person before the first apply, though the policies allow it, and says why', async () => {
  core.cloud.resources.set(STACK, 0);
  const run = await core.check();
  await core.deliver();
  expect(run.state).toBe('awaiting_approval');
  expect(core.cloud.applies).toEqual([]);
  expect(card()).toContain(WARNING);
  expect(card()).toContain(
    "the stack has no remote backend, and its state would be in m0's data folder alone",
  );
});

it('goes on by policy once the state is there', async () => {
  core.cloud.resources.set(STACK, 3);
  await core.check();
  expect(core.cloud.applies).toHaveLength(1);
});

it('says nothing where the stack has a backend', async () => {
  core.cloud.stateOnlyHere.clear();
  core.cloud.policies.clear();
  core.cloud.resources.set(STACK, 0);
  await core.check();
  await core.deliver();
  expect(card()).not.toContain('no remote backend');
});
