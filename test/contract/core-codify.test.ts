/** Drift goes into the code: asked, proven, opened, merged; and each way in which it does not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import { M0 } from '../../src/model/run.ts';
import { ForgeError } from '../../src/ports/forge.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { TERRAFORM_DATA } from '../support/edit-samples/schemas.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { CODE, DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';

const WEB = 'aws_security_group.web';
const MINUTE = 60_000;
let core: Core;

beforeEach(async () => {
  core = await Core.open([
    stackWith(),
    stackWith({ name: 'prod-app', source: { ...stackWith().source, path: 'envs/prod/app' } }),
  ]);
  await core.worker.start();
  core.cloud.drift.set(STACK, [sshFinding()]);
});
afterEach(() => core.close());

/** A check that finds the drift, and its card. */
async function drifted(): Promise<number> {
  const run = await core.check();
  await core.deliver();
  return run.id;
}

/** With the edit, plans find this in the stack. */
function withEdit(
  findings: Parameters<Map<string, ReturnType<typeof sshFinding>[]>['set']>[1],
  n = 1,
  stack = STACK,
): void {
  core.cloud.driftAt.set(`${core.forge.commit(n)} ${stack}`, findings);
}

/** All words of a card, without its form. */
const wordsOf = (card: Card): string =>
  [...textOf(card).matchAll(/"(?:text|value|headline|name|about)":"((?:[^"\\\\]|\\\\.)*)"/g)]
    .map(([, words]) => words)
    .join('');
/** The newest card, or the first one. */
const card = (at: -1 | 0 = -1): string => {
  const message = core.chat.in('C0OPS').at(at);
  return message === undefined ? '' : wordsOf(message.card);
};
const thread = (): readonly string[] => core.chat.in('C0OPS').at(-1)?.replies ?? [];
const state = async () => (await core.store.codifications({}))[0]?.state;
const kept = async () => (await core.store.exemptions(STACK)).map((k) => [k.kind, k.address]);
const later = (ms = MINUTE): void => {
  core.now += ms;
};

/** Asked, proven and open. */
async function opened(): Promise<number> {
  const run = await drifted();
  withEdit([]);
  await core.say(`codify #${run} ${WEB}`);
  await core.codify();
  expect(await state()).toBe('open');
  return run;
}

describe('put into the code', () => {
  it('is edited with what the plan knows of the providers', async () => {
    core.cloud.schema = TERRAFORM_DATA;
    await opened();
    expect(core.forge.questions[0]?.schema).toBe(TERRAFORM_DATA);
  });

  it('is asked, proven with plans of the edit, and opened; the card and the thread say so', async () => {
    const run = await drifted();
    withEdit([]);
    expect(await core.sayText(`codify #${run}`)).toContain(`Putting ${WEB} into the code`);
    await core.codify();
    expect(await state()).toBe('open');
    const [hosted, ...more] = core.forge.hosted;
    expect(more).toEqual([]);
    expect(hosted?.publication).toMatchObject({
      ...{ git: stackWith().source.git, base: 'main', repository: '/mirror', commit: core.forge.commit(1) },
      title: 'prod-network: adds the rule to web (main.tf:41)',
      reviewers: [{ email: 'kim@acme.dev' }],
    });
    expect(hosted?.publication.branch).toMatch(/^m0\/prod-network\/[0-9a-f]{8}$/);
    expect(hosted?.publication.body).toContain('22/tcp');
    expect(core.forge.edits[0]?.message).toMatch(
      /\nAsked-by: Dana\nCo-authored-by: Dana <dana@acme\.dev>\n$/,
    );
    expect(card()).toContain(
      'PR #118 is open: adds the rule to web (main.tf:41) · proven: with it, a plan changes nothing',
    );
    expect(thread().at(-1)).toContain('PR #118 is open');
    const actions = (await core.store.audit({ stack: STACK })).map((entry) => entry.action);
    expect(actions).toEqual(expect.arrayContaining(['codify', 'codify-proven', 'codify-open']));
    expect(core.cloud.kept.size).toBe(0);
  });

  it('is left as it is while the pull request is open, and no approval reverts it', async () => {
    const run = await opened();
    expect(await kept()).toEqual([['codify', WEB]]);
    expect((await core.run(run)).state).toBe('quiet');
    await core.say(`approve #${run}`);
    await core.check();
    expect(core.cloud.applies).toEqual([]);
  });

  it('is merged, checked at once, and in the code; then nothing keeps it', async () => {
    await opened();
    const [hosted] = core.forge.hosted;
    if (hosted) hosted.state = { state: 'merged', by: 'Kim', commit: 'c0ffee' };
    core.cloud.drift.set(STACK, []);
    later();
    await core.codify();
    await core.codify();
    expect(await state()).toBe('done');
    expect(core.forge.forgotten).toEqual(['codify-1']);
    expect(await kept()).toEqual([]);
    expect(card()).toContain('merged by Kim · next check clean · in the code since PR #118');
    expect((await core.store.runs({ stack: STACK }))[0]?.state).toBe('clean');
  });

  it.each([
    ['comes after it', 0],
    ['has to wait, although the clock is set back', -60 * MINUTE],
  ])('is merged, and asks for one check, where that %s', async (_, clock) => {
    await opened();
    let go = (): void => {};
    const begun = new Promise<void>((begins) => {
      core.cloud.next('plan', async () => {
        begins();
        await new Promise<void>((resolve) => {
          go = resolve;
        });
      });
    });
    await core.worker.check(core.stack, 'command', M0);
    await begun;
    // As a push does, which m0 may see before it looks at the pull request.
    const queued = await core.worker.check(core.stack, 'push', M0);
    const [hosted] = core.forge.hosted;
    if (hosted) hosted.state = { state: 'merged', by: 'Kim', commit: 'c0ffee' };
    later();
    let reads = 0;
    core.storeFault = (method) => {
      if (method === 'codifications') reads += 1;
      return null;
    };
    await core.codifyOnce();
    core.now += clock;
    for (let i = 0; i < 200; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toBeLessThan(10);
    expect(await state()).toBe('merged');
    expect((await core.store.runs({ stack: STACK, limit: 1 }))[0]?.id).toBe(queued.id);
    core.storeFault = null;
    core.cloud.drift.set(STACK, []);
    go();
    await core.untilIdle();
    await core.codify();
    expect(await state()).toBe('done');
  });

  it('is closed by a person: the exemption ends and people are asked again', async () => {
    await opened();
    const [hosted] = core.forge.hosted;
    if (hosted) hosted.state = { state: 'closed', by: 'Kim' };
    later();
    await core.codify();
    expect(await state()).toBe('closed');
    expect(await kept()).toEqual([]);
    expect((await core.store.runs({ stack: STACK }))[0]?.state).toBe('awaiting_approval');
    expect(card(0)).toContain('not put into the code: PR #118 was closed by Kim');
    // Asked again, it is a new pull request.
    const [run] = await core.store.runs({ stack: STACK });
    withEdit([], 2);
    await core.say(`codify #${run?.id} ${WEB}`);
    await core.codify();
    expect(core.forge.hosted).toHaveLength(2);
  });

  it('closes its pull request when the drift ends by itself', async () => {
    await opened();
    core.cloud.drift.set(STACK, []);
    later();
    await core.check();
    await core.codify();
    expect(core.forge.hosted[0]?.closedBecause).toContain('it no longer drifts');
    expect(await state()).toBe('closed');
    expect(await kept()).toEqual([]);
  });

  it('follows drift that moves with the same pull request, proven anew', async () => {
    await opened();
    core.cloud.drift.set(STACK, [sshFinding('198.51.100.9/32')]);
    core.forge.answer = {
      ...core.forge.answer,
      files: new Map([['envs/prod/network/main.tf', 'moved\n']]),
    } as never;
    withEdit([], 2);
    later();
    await core.check();
    await core.codify();
    await core.codify();
    expect(core.forge.hosted).toHaveLength(1);
    expect(core.forge.hosted[0]).toMatchObject({
      published: 2,
      publication: { commit: core.forge.commit(2) },
    });
    expect(await state()).toBe('open');
    expect(await kept()).toEqual([['codify', WEB]]);
  });

  it('closes its pull request when the drift moves and the new edit does not agree', async () => {
    await opened();
    core.cloud.drift.set(STACK, [sshFinding('198.51.100.9/32')]);
    core.forge.answer = { type: 'refused', reason: 'computed', why: 'cidr_blocks is computed in main.tf:41' };
    later();
    await core.check();
    await core.codify();
    await core.codify();
    expect(await state()).toBe('closed');
    expect(core.forge.hosted[0]?.closedBecause).toContain('cidr_blocks is computed in main.tf:41');
    expect(await kept()).toEqual([]);
  });
});

describe('the plans that prove it', () => {
  /** The commits that were planned for a stack since, beside its own runs. */
  const planned = (stack = STACK): readonly (string | undefined)[] =>
    core.cloud.plans.flatMap((one) => (one.stack === stack && one.commit ? [one.commit] : []));
  const HEAD = 'c0ffee';
  const edited = (n = 1): string => core.forge.commit(n);

  it('are one, of the edit, where that changes nothing at all', async () => {
    await opened();
    expect(planned()).toEqual([edited()]);
    expect((await core.store.codifications({}))[0]?.proof).toEqual([
      { stack: STACK, before: 1, after: 0, against: [] },
    ]);
    expect(core.forge.questions).toHaveLength(1);
  });

  it('are compared with a new plan without the edit where something is left', async () => {
    core.cloud.drift.set(STACK, [sshFinding(), tagFinding()]);
    const run = await drifted();
    withEdit([tagFinding()]);
    await core.say(`codify #${run} ${WEB}`);
    await core.codify();
    expect(await state()).toBe('open');
    expect(planned()).toEqual([edited(), CODE.commit]);
  });

  it('find drift that ended, or moved, since the stack was planned', async () => {
    for (const now of [[], [sshFinding('198.51.100.9/32')]]) {
      core.cloud.drift.set(STACK, [sshFinding()]);
      const run = await drifted();
      core.cloud.drift.set(STACK, now);
      // The edit says what the cloud no longer is.
      withEdit([sshFinding()], core.forge.edits.length + 1);
      core.now += 1;
      await core.say(`codify #${run} ${WEB}`);
      await core.codify();
      expect(await state()).toBe('closed');
      core.now += MINUTE;
      core.cloud.drift.set(STACK, []);
      await core.check();
    }
    expect(core.forge.hosted).toEqual([]);
  });

  it.each([
    ['code was pushed since that the stack reads', () => core.forge.reading.add('envs/prod/network')],
    ['nobody can tell what the stack reads', () => core.forge.unbounded.add('envs/prod/network')],
  ])('begin without the edit where %s', async (_, reads) => {
    const run = await drifted();
    reads();
    core.cloud.code.set(STACK, { ...CODE, commit: HEAD });
    withEdit([]);
    await core.say(`codify #${run} ${WEB}`);
    await core.codify();
    expect(await state()).toBe('open');
    expect(planned()).toEqual([HEAD, edited()]);
  });

  it('begin without the edit after a start, when no plan is kept', async () => {
    const run = await drifted();
    core.cloud.remembers = false;
    withEdit([]);
    await core.say(`codify #${run} ${WEB}`);
    await core.codify();
    expect(planned()).toEqual([CODE.commit, edited()]);
  });

  it('say that it was not the edit where the stack can’t be planned at all', async () => {
    const run = await drifted();
    for (let i = 0; i < 2; i += 1) {
      core.cloud.next('plan', () => {
        throw new RunnerError('plan', 'the cloud is away');
      });
    }
    withEdit([]);
    await core.say(`codify #${run} ${WEB}`);
    await core.codify();
    const [one] = await core.store.codifications({});
    expect(one).toMatchObject({ state: 'proving', trouble: 'the cloud is away' });
  });
});

describe('a repository with many stacks', () => {
  /** As many other stacks, none of whose inputs can be bounded. */
  async function withOthers(count: number): Promise<void> {
    const others = Array.from({ length: count }, (_, i) =>
      stackWith({ name: `root-${i}`, source: { ...stackWith().source, path: `roots/${i}` } }),
    );
    for (const { source } of others) core.forge.unbounded.add(source.path);
    core.live.replace({ ...core.directory, stacks: [...core.directory.stacks, ...others] });
  }
  const plannedOthers = (): number =>
    core.cloud.plans.filter(({ stack }) => stack.startsWith('root-')).length;

  it('is planned whole where it may read what was edited, each stack once', async () => {
    await withOthers(19);
    core.forge.reading.add('envs/prod/app');
    await opened();
    expect(plannedOthers()).toBe(19);
    const [one] = await core.store.codifications({});
    expect(one?.proof.map(({ stack, before, after }) => [stack, before, after]).slice(0, 3)).toEqual([
      [STACK, 1, 0],
      ['prod-app', null, 0],
      ['root-0', null, 0],
    ]);
    expect(core.forge.hosted[0]?.publication.body).toContain('prod\\-app: 0 planned changes with the edit');
  });

  it('is refused where there are more than 20, with how many and which, and gives the patch', async () => {
    await withOthers(20);
    core.forge.reading.add('envs/prod/app');
    const run = await drifted();
    withEdit([]);
    await core.say(`codify #${run} ${WEB}`);
    await core.codify();
    const why =
      'to prove it, m0 would have to plan 21 other stacks, and it plans 20 at most: prod-app reads an edited file and root-0, root-1, root-2, root-3, root-4 and 15 more may read any file of the repository';
    expect((await core.store.codifications({}))[0]).toMatchObject({ state: 'refused', why });
    // Not one plan was made for it, and nothing was pushed or is left as it is.
    expect(core.cloud.plans.filter(({ commit }) => commit !== undefined)).toEqual([]);
    expect(core.forge.hosted).toEqual([]);
    expect(await kept()).toEqual([]);
    expect(card()).toContain(why);
    expect(card()).toContain('No plan has proven the patch; apply it by hand: git apply');
    expect(thread().at(-1)).toContain('Nothing was pushed. The patch is on the card');
    const newest = core.chat.in('C0OPS').at(-1);
    const labels = newest === undefined ? [] : buttonsOf(newest.card).map(({ label }) => label);
    expect(labels).toContain('The patch');
    expect(labels).not.toContain('Put into the code…');

    const ask = () =>
      core.handler({
        ...{ text: `codify #${run} ${WEB}`, actor: DANA, answers: null, from: null },
        place: { platform: 'slack', channel: 'C0OPS' },
      });
    expect(await ask()).toMatchObject({
      type: 'files',
      files: [{ name: `prod-network-run-${run}.patch`, text: expect.stringContaining('+edited') }],
    });
    expect(await core.store.codifications({})).toHaveLength(1);
    // Later it is tried anew: fewer stacks may be left.
    core.live.replace({ ...core.directory, stacks: core.directory.stacks.slice(0, 3) });
    later(61 * MINUTE);
    await core.say(`codify #${run} ${WEB}`);
    withEdit([], 2);
    await core.codify();
    expect(await state()).toBe('open');
  });
});

describe('not put into the code', () => {
  it('is refused with the editor’s sentence, and nothing is planned or pushed', async () => {
    const run = await drifted();
    core.forge.answer = {
      type: 'refused',
      reason: 'each-key',
      why: 'cidr_blocks is set by each.key in main.tf:41, it would change 12 groups',
    };
    await core.say(`codify #${run}`);
    await core.codify();
    expect(await state()).toBe('refused');
    expect(core.forge.edits).toEqual([]);
    expect(card()).toContain("can't be put into the code: cidr_blocks is set by each.key in main.tf:41");
  });

  it('is not pushed where the plan still has the finding, and the card shows what was tried', async () => {
    const run = await drifted();
    await core.say(`codify #${run}`);
    await core.codify();
    expect(await state()).toBe('disagreed');
    expect(core.forge.hosted).toEqual([]);
    expect(card()).toContain(`${WEB} still differs in ingress[*]`);
    expect(card()).toContain('edited');
    expect(await kept()).toEqual([]);
  });

  it('is not pushed where something else appears in this stack or in another one that reads the file', async () => {
    const run = await drifted();
    withEdit([tagFinding()]);
    await core.say(`codify #${run}`);
    await core.codify();
    expect(card()).toContain('with the edit, an apply would update aws_s3_bucket.logs');
    withEdit([]);
    core.forge.reading.add('envs/prod/app');
    withEdit([tagFinding('aws_s3_bucket.app')], 1, 'prod-app');
    core.now += 1;
    core.forge.edits.length = 0;
    await core.say(`codify #${run}`);
    await core.codify();
    expect(await state()).toBe('disagreed');
    expect(card()).toContain('prod-app: with the edit, an apply would update aws_s3_bucket.app');
    expect(core.forge.hosted).toEqual([]);
  });

  it('is pushed where another stack reads the file and stays the same', async () => {
    const run = await drifted();
    core.forge.reading.add('envs/prod/app');
    core.cloud.drift.set('prod-app', [tagFinding('aws_s3_bucket.app')]);
    withEdit([]);
    await core.say(`codify #${run}`);
    await core.codify();
    expect(await state()).toBe('open');
    expect(core.forge.hosted[0]?.publication.body).toContain(
      'prod\\-app: 1 planned change without the edit, 1 with it',
    );
  });

  it('asks a person once more where the editor says so', async () => {
    const run = await drifted();
    core.forge.answer = {
      ...core.forge.answer,
      ask: 'it changes the default tags of every resource',
    } as never;
    withEdit([]);
    await core.say(`codify #${run}`);
    await core.codify();
    expect(await state()).toBe('refused');
    expect(card()).toContain('it changes the default tags of every resource');
    await core.say(`codify #${run}`);
    await core.codify();
    expect(await state()).toBe('open');
  });

  it('gives the patch to the person where m0 may not write to the repository, and keeps nothing', async () => {
    const run = await drifted();
    core.forge.unwritable = 'm0.yaml has no credentials to write to git.acme.dev.';
    withEdit([]);
    await core.say(`codify #${run}`);
    await core.codify();
    expect(await state()).toBe('proven');
    expect(card()).toContain('m0.yaml has no credentials to write to git.acme.dev.');
    expect(await kept()).toEqual([]);
    const reply = await core.handler({
      ...{ text: `codify #${run} ${WEB}`, actor: DANA, answers: null, from: null },
      place: { platform: 'slack', channel: 'C0OPS' },
    });
    expect(reply).toMatchObject({ type: 'files', files: [{ name: `prod-network-run-${run}.patch` }] });
  });

  it('is for approvers and those that may.codify names', async () => {
    const run = await drifted();
    expect(await core.sayText(`codify #${run}`, EVE)).toContain(
      'may put into the code what drifted on prod-network',
    );
    expect(await core.store.codifications({})).toEqual([]);
    core.live.replace({ ...core.directory, may: { ...core.directory.may, codify: ['dev'] } });
    expect(await core.sayText(`codify #${run}`, EVE)).toContain('Putting');
  });

  it('is one for a finding: whoever asks again is shown it', async () => {
    const run = await opened();
    const answer = await core.say(`codify #${run} ${WEB}`, KIM);
    expect(answer && wordsOf(answer)).toContain('PR #118 is open');
    expect(await core.store.codifications({})).toHaveLength(1);
  });

  it('is not possible where only the code moved', async () => {
    const { address, ...rest } = sshFinding();
    core.cloud.drift.set(STACK, [{ ...rest, address, origin: 'code' }]);
    const run = await drifted();
    expect(await core.sayText(`codify #${run} ${WEB}`)).toContain('only the code changed and not the cloud');
  });

  it('asks which, where there are several', async () => {
    core.cloud.drift.set(STACK, [sshFinding(), tagFinding()]);
    const run = await drifted();
    const reply = await core.handler({
      ...{ text: `codify #${run}`, actor: DANA, answers: null, from: null },
      place: { platform: 'slack', channel: 'C0OPS' },
    });
    expect(reply.type).toBe('form');
  });
});

describe('after a crash or a failure', () => {
  it('publishes one pull request, however often m0 stops after the host has it', async () => {
    const run = await drifted();
    withEdit([]);
    await core.say(`codify #${run}`);
    core.forge.next('publish', () => {
      throw new ForgeError('the answer was lost');
    });
    await core.codify();
    expect(await state()).toBe('proven');
    await core.restart();
    later(10 * MINUTE);
    await core.codify();
    expect(await state()).toBe('open');
    expect(core.forge.hosted).toHaveLength(1);
  });

  it('plans again what a stopped m0 was proving, with the same commit', async () => {
    const run = await drifted();
    withEdit([]);
    await core.say(`codify #${run}`);
    core.storeFault = (method) =>
      core.forge.edits.length > 0 && method === 'commit' ? new Error('gone') : null;
    await core.codify();
    core.storeFault = null;
    expect(await state()).toBe('proving');
    await core.restart();
    later(10 * MINUTE);
    await core.codify();
    expect(core.forge.edits).toHaveLength(1);
    expect(await state()).toBe('open');
  });

  it('gives the patch where the host refuses for good', async () => {
    const run = await drifted();
    withEdit([]);
    await core.say(`codify #${run}`);
    core.forge.next('publish', () => {
      throw new ForgeError('403: the token may not push', { permanent: true });
    });
    core.forge.hosted.length = 0;
    await core.codify();
    expect(await state()).toBe('proven');
    expect(card()).toContain('403: the token may not push');
    expect(card()).toContain('git apply FILE');
  });

  it('asks the host again later where it can’t be reached, and changes nothing meanwhile', async () => {
    await opened();
    core.forge.next('state', () => {
      throw new ForgeError('the host can’t be reached', { retryAfterMs: 5 * MINUTE });
    });
    later();
    await core.codify();
    expect(await state()).toBe('open');
    expect(await kept()).toEqual([['codify', WEB]]);
    const [hosted] = core.forge.hosted;
    if (hosted) hosted.state = { state: 'merged', by: null, commit: null };
    later(MINUTE);
    await core.codify();
    expect(await state()).toBe('open');
    core.cloud.drift.set(STACK, []);
    later(5 * MINUTE);
    await core.codify();
    await core.codify();
    expect(await state()).toBe('done');
  });
});
