/** Stacks that follow others: checks in their order, applies one after the other, and what the card says. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/drift/finding.ts';
import type { StackInputs } from '../../src/model/code-version.ts';
import { M0 } from '../../src/model/run.ts';
import { Core, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { CODE, DANA, tagFinding, withInputs } from '../support/runs.ts';

const ALLOW = [{ rule: 'allow', text: 'anything goes' }] as const;

let core: Core;
beforeEach(async () => {
  core = await Core.open(
    ['app', 'dns', 'network'].map((name) => {
      const source = { git: 'https://git.acme.dev/infra.git', ref: 'main', path: `live/${name}` };
      return stackWith({ name, source });
    }),
  );
  core.cloud.links.set('network', { state: 'n', reads: [] });
  core.cloud.links.set('app', { state: 'a', reads: ['n'] });
  await core.worker.start();
});
/** Opens every gate, so that a failed test ends. */
const openers: (() => void)[] = [];
afterEach(async () => {
  for (const open of openers.splice(0)) open();
  await core.untilIdle();
  await core.checkInvariants();
  await core.close();
});
const named = (name: string) => {
  const stack = core.directory.stacks.find((s) => s.name === name);
  if (!stack) throw new Error(`there is no ${name}`);
  return stack;
};
const planned = (): readonly string[] => core.cloud.plans.map((plan) => plan.stack);

/** A gate that a script waits at. */
function gate(): { readonly wait: () => Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  openers.push(() => open());
  return { wait: () => opened, open: () => open() };
}

/** One round, so that m0 knows whose state is read. */
async function learnt(): Promise<void> {
  for (const name of ['network', 'app', 'dns']) await core.check('schedule', name);
  core.cloud.plans.length = 0;
}

describe('a check', () => {
  it('waits for those of the stacks whose states it reads, and holds nobody else back', async () => {
    await learnt();
    const network = gate();
    core.cloud.next('plan', network.wait);
    await core.worker.check(named('network'), 'schedule', M0);
    await core.untilState('planning', 'network');
    await core.worker.check(named('app'), 'schedule', M0);
    await core.check('schedule', 'dns');
    expect(planned()).toEqual(['network', 'dns']);
    network.open();
    await core.untilIdle();
    expect(planned()).toEqual(['network', 'dns', 'app']);
  });

  it('waits for those of the units that Terragrunt says it depends on', async () => {
    core.cloud.links.set('dns', { state: null, reads: [], folders: ['live/network'] });
    await learnt();
    expect([...core.worker.upstreamOf('dns')]).toEqual(['network']);
    const network = gate();
    core.cloud.next('plan', network.wait);
    await core.worker.check(named('network'), 'schedule', M0);
    await core.untilState('planning', 'network');
    await core.worker.check(named('dns'), 'schedule', M0);
    network.open();
    await core.untilIdle();
    expect(planned()).toEqual(['network', 'dns']);
  });

  it('still does after a restart', async () => {
    await learnt();
    await core.restart();
    expect([...core.worker.upstreamOf('app')]).toEqual(['network']);
  });

  it('does not wait where a person asks for it, nor for drift upstream that nobody decided', async () => {
    await learnt();
    core.cloud.drift.set('network', [tagFinding()]);
    expect((await core.check('schedule', 'network')).state).toBe('awaiting_approval');
    await core.check('schedule', 'app');
    expect(planned()).toEqual(['network', 'app']);
    const network = gate();
    core.cloud.next('plan', network.wait);
    await core.worker.check(named('network'), 'schedule', M0);
    await core.untilState('planning', 'network');
    await core.worker.check(named('app'), 'command', DANA);
    await core.untilIdle('app');
    expect(planned()).toEqual(['network', 'app', 'network', 'app']);
    network.open();
    await core.untilIdle();
  });
});

it('an apply waits for a running one of a stack that it follows', async () => {
  await learnt();
  core.cloud.policies.set('tags-auto', ALLOW);
  core.cloud.drift.set('network', [tagFinding()]);
  core.cloud.drift.set('app', [tagFinding()]);
  const applying = gate();
  core.cloud.next('apply', applying.wait);
  await core.worker.check(named('network'), 'schedule', M0);
  await core.untilState('applying', 'network');
  await core.worker.check(named('app'), 'schedule', M0);
  await core.untilState('approved', 'app');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(core.cloud.applies.map(({ stack }) => stack)).toEqual(['network']);
  applying.open();
  await core.untilIdle();
  expect(core.cloud.applies.map(({ stack }) => stack)).toEqual(['network', 'app']);
});

it('an apply that is about to begin waits as well, when one begins first upstream', async () => {
  await learnt();
  core.cloud.policies.set('tags-auto', ALLOW);
  core.cloud.drift.set('network', [tagFinding()]);
  core.cloud.drift.set('app', [tagFinding()]);
  const confirming = gate();
  const applying = gate();
  core.cloud.next('head', confirming.wait);
  await core.worker.check(named('app'), 'schedule', M0);
  await core.untilState('approved', 'app');
  // The look before the apply of app has begun, and stands at the gate.
  await new Promise((resolve) => setTimeout(resolve, 50));
  core.cloud.next('apply', applying.wait);
  await core.worker.check(named('network'), 'schedule', M0);
  await core.untilState('applying', 'network');
  confirming.open();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(core.cloud.applies.map(({ stack }) => stack)).toEqual(['network']);
  expect((await core.untilState('approved', 'app')).applied).toEqual([]);
  applying.open();
  await core.untilIdle();
  expect(core.cloud.applies.map(({ stack }) => stack)).toEqual(['network', 'app']);
});

it('the card says which stack it follows, and which order makes a ring', async () => {
  core.cloud.links.set('network', { state: 'n', reads: ['a'] });
  await learnt();
  core.cloud.drift.set('app', [tagFinding()]);
  core.cloud.drift.set('network', [tagFinding()]);
  await core.check('schedule', 'app');
  await core.check('schedule', 'network');
  await core.deliver();
  const cards = core.chat.in('C0OPS').map(({ card }) => textOf(card));
  expect(cards.find((text) => text.includes('app:'))).toContain('follows network');
  expect(cards.find((text) => text.includes('network:'))).toContain('network → app → network');
});

describe('drift that only follows an apply upstream', () => {
  const SAME_CODE = { commits: { newest: [], count: 0 } };

  /** The network is applied to; then app finds that what it reads has changed. What the network's thread says. */
  async function followed(inputs: Partial<StackInputs>, origin: Finding['origin']): Promise<string> {
    const app = named('app');
    core.cloud.code.set('app', withInputs(CODE, app.source, inputs));
    await learnt();
    core.cloud.policies.set('tags-auto', ALLOW);
    core.cloud.drift.set('network', [tagFinding()]);
    expect((await core.check('schedule', 'network')).state).toBe('realigned');
    core.cloud.policies.delete('tags-auto');
    const tag = tagFinding('aws_route53_record.app');
    core.cloud.drift.set('app', [
      { ...tag, origin, attributes: tag.attributes.map((attribute) => ({ ...attribute, origin })) },
    ]);
    expect((await core.check('schedule', 'app')).state).toBe('awaiting_approval');
    await core.deliver();
    const card = core.chat.in('C0OPS').find((message) => textOf(message.card).includes('network'));
    return (card?.replies ?? []).join('\n');
  }

  it('is told in the thread of that apply', async () => {
    expect(await followed(SAME_CODE, 'code')).toMatch(
      /app follows: 1 resource changed by what this applied, see run #\d+/,
    );
  });

  it('is not, where a commit changed the stack', async () => {
    expect(await followed({ commits: { newest: [], count: 1 } }, 'code')).not.toContain('app follows');
  });

  it('is not, where somebody changed the cloud', async () => {
    expect(await followed(SAME_CODE, 'cloud')).not.toContain('app follows');
  });
});
