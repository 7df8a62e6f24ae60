/** What must never follow from drift that goes into the code: a leak, drift left alone for good, a right passed by. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CauseEvent } from '../../src/model/cause.ts';
import { ForgeError } from '../../src/ports/forge.ts';
import { CAUSES, causeEvent, FakeLog } from '../support/causes.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { DANA, KIM, sshFinding, tagFinding } from '../support/runs.ts';

const SSH = sshFinding();
const OTHER = sshFinding('198.51.100.9/32');
const WEB = SSH.address;
const FILE = 'envs/prod/network/main.tf';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let core: Core;
let log: FakeLog;

beforeEach(async () => {
  core = await Core.open([stackWith({ causes: CAUSES })]);
  log = new FakeLog();
  core.causeSources = [log];
  await core.restart();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const only = async () => (await core.store.codifications({}))[0];
const kept = async () => (await core.store.exemptions(STACK)).map((k) => [k.kind, k.address]);
const withEdit = (n: number): void => void core.cloud.driftAt.set(`${core.forge.commit(n)} ${STACK}`, []);

/** A clean check, then one that finds the drift. */
async function drifted(finding = SSH): Promise<number> {
  core.cloud.drift.set(STACK, []);
  await core.check();
  core.now += HOUR;
  core.cloud.drift.set(STACK, [finding]);
  const { id } = await core.check();
  await core.deliver();
  return id;
}

async function asked(by = DANA): Promise<string> {
  const run = await drifted();
  withEdit(1);
  const answer = await core.sayText(`codify #${run} ${WEB}`, by);
  await core.codify();
  return answer;
}

async function opened(): Promise<void> {
  await asked();
  expect(await only()).toMatchObject({ state: 'open' });
  expect(await kept()).toEqual([['codify', WEB]]);
}

/** The drift moves, and the editor has another edit for it. */
async function moved(to = OTHER): Promise<void> {
  core.cloud.drift.set(STACK, [to]);
  core.forge.answer = { ...core.forge.answer, files: new Map([[FILE, 'moved\n']]) } as never;
  withEdit(2);
  core.now += MINUTE;
  await core.check();
}

describe('secrets', () => {
  const edits = (text: string): void => {
    core.forge.answer = { ...core.forge.answer, files: new Map([[FILE, text]]) } as never;
  };

  it.each([
    ['as it is', 'p = "hunter2 is long"\n'],
    ['escaped', 'p = "hunter2 \\"is\\" long"\n', 'hunter2 "is" long'],
    ['with a template sign', 'p = "hunter2 $${is} long"\n', 'hunter2 ${is} long'],
    [
      'inside JSON inside a string',
      'p = "{\\"a\\": \\"hunter2 \\\\\\"is\\\\\\" long\\"}"\n',
      'hunter2 "is" long',
    ],
    ['in base64', `p = "${Buffer.from('user:hunter2 is long').toString('base64')}"\n`],
  ])('are never written into the code: %s', async (_, text, secret = 'hunter2 is long') => {
    core.cloud.secrets = [secret];
    edits(text);
    await asked();
    expect(await only()).toMatchObject({
      state: 'refused',
      why: 'the edit would write a secret into the code',
    });
    expect(core.forge.edits).toEqual([]);
  });

  it('are not shown by the patch where somebody wrote one beside the edit', async () => {
    core.cloud.secrets = ['hunter2 is long'];
    core.forge.patches[3] = '@@ -1,2 +1,2 @@\n p = "hunter2 is long"\n-before\n+edited\n';
    core.forge.patches[2] = core.forge.patches[3];
    core.forge.patches[1] = '@@ -2 +2 @@ p = "hunter2 is long"\n-before\n+edited\n same\n';
    await asked();
    expect(await only()).toMatchObject({ state: 'open', patch: '@@ -2 +2 @@\n-before\n+edited\n same\n' });
  });

  it('are not shown by the patch where somebody wrote one around the edit: then it says how to apply it', async () => {
    core.cloud.secrets = ['hunter2 is long'];
    core.forge.unwritable = 'there is no access.';
    for (const lines of [3, 2, 1])
      core.forge.patches[lines] = '@@ -1,2 +1,2 @@\n p = "hunter2 is long"\n-a\n+b\n';
    core.forge.patches[0] = '@@ -2 +2 @@\n-a\n+b\n';
    await asked();
    const patch = 'Apply with: git apply --unidiff-zero\n@@ -2 +2 @@\n-a\n+b\n';
    expect(await only()).toMatchObject({ state: 'proven', patch });
    await core.deliver();
    expect(JSON.stringify(core.chat.in('C0OPS').at(-1))).toContain('git apply --unidiff-zero FILE');
  });

  it('end it where the patch itself would show one, and are in no store, card or log', async () => {
    core.cloud.secrets = ['hunter2 is long'];
    core.forge.patches[3] = '@@ -1 +1 @@\n-before # hunter2 is long\n+edited\n';
    for (const lines of [2, 1, 0]) core.forge.patches[lines] = core.forge.patches[3];
    await asked();
    expect(await only()).toMatchObject({ state: 'refused', patch: '' });
    const all = JSON.stringify([await only(), core.chat.messages, core.logLines]);
    expect(all).not.toContain('hunter2');
  });
});

describe('notTheAuthor', () => {
  it('keeps who made the drift from asking', async () => {
    const run = await drifted();
    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    expect(await core.sayText(`codify #${run} ${WEB}`, DANA)).toContain('notTheAuthor');
    expect(await core.store.codifications({})).toEqual([]);
    withEdit(1);
    expect(await core.sayText(`codify #${run} ${WEB}`, KIM)).toContain('Putting');
  });

  it('ends it before anything is published, if the log tells it after the question', async () => {
    const run = await drifted();
    withEdit(1);
    await core.say(`codify #${run} ${WEB}`);
    log.events = [causeEvent({ at: core.now - MINUTE })];
    await core.askCauses();
    await core.codify();
    expect(await only()).toMatchObject({ state: 'closed', why: expect.stringContaining('Dana made it') });
    expect(core.forge.hosted).toEqual([]);
    expect(await kept()).toEqual([]);
  });

  it('tells who made it in the pull request, in the words of the card', async () => {
    const run = await drifted();
    const at = core.now - MINUTE;
    log.events = [causeEvent({ at })];
    await core.askCauses();
    withEdit(1);
    await core.say(`codify #${run} ${WEB}`, KIM);
    await core.codify();
    await core.codify();
    await core.codify();
    const body = core.forge.hosted[0]?.publication.body ?? '';
    expect(body).toContain('**Who changed the cloud**: By Dana \\(SSO, console\\) Mon');
    expect(body).toMatch(/\d\d Europe\\\/Berlin · /);
    expect(body).not.toContain('m0.yaml');
    expect(body).not.toContain(new Date(at).toISOString());
    // `why` tells how far it is.
    const why = await core.sayText(`why #${run}`, KIM);
    for (const words of [
      'Into the code',
      ' · web: ',
      'https://github.com/acme/infra/pull/118',
      ' is open: ',
    ]) {
      expect(why).toContain(words);
    }
  });

  it('ends it after a pull request is open, if the log tells it only then', async () => {
    await opened();
    expect(await kept()).toHaveLength(1);
    log.events = [causeEvent({ at: core.now - MINUTE })];
    core.now += 5 * MINUTE;
    await core.askCauses();
    await core.codify();
    expect(await only()).toMatchObject({ state: 'closed', why: expect.stringContaining('Dana made it') });
    expect(core.forge.hosted[0]?.closedBecause).toContain('Dana made it');
    expect(await kept()).toEqual([]);
  });

  it('keeps a pull request from following what its own asker changed since', async () => {
    const byKim = causeEvent({ at: core.now });
    const event: CauseEvent = { ...byKim, who: { ...byKim.who, name: 'Kim', ids: ['kim@acme.dev'] } };
    log.events = [event];
    await opened();
    log.events = [causeEvent({ at: core.now + MINUTE - 1 })];
    core.cloud.drift.set(STACK, [OTHER]);
    core.forge.answer = { ...core.forge.answer, files: new Map([[FILE, 'moved\n']]) } as never;
    withEdit(2);
    core.now += MINUTE;
    await core.check();
    await core.askCauses();
    await core.codify();
    await core.codify();
    expect(await only()).toMatchObject({ state: 'closed', why: expect.stringContaining('Dana made it') });
    expect(core.forge.hosted[0]?.closedBecause).toContain('Dana made it');
    expect(await kept()).toEqual([]);
  });
});

describe('who asked and lost the right to ask before anything is pushed', () => {
  /** Dana is no approver any more: neither of the group nor, with `turns` as they are here, of the rotation. */
  const withoutDana = (turns = ['kim'], codify: readonly string[] = []): void => {
    const { directory } = core;
    const primary = { ...directory.oncall.primary, people: turns } as never;
    core.live.replace({
      ...directory,
      groups: { ...directory.groups, sre: ['kim'] },
      oncall: { ...directory.oncall, primary },
      may: { ...directory.may, codify },
    });
  };

  it('keeps it from being pushed, and the card says so', async () => {
    core.forge.next('edit', () => withoutDana());
    await asked();
    await core.deliver();
    const why =
      'by m0.yaml as it is now Dana may not put drift of prod-network into the code, so somebody who may must ask';
    expect(await only()).toMatchObject({ state: 'closed', why });
    expect(core.forge.hosted).toEqual([]);
    expect(await kept()).toEqual([]);
    expect(JSON.stringify(core.chat.in('C0OPS').at(-1))).toContain(why);
  });

  it('closes a pull request that would follow the drift for that person', async () => {
    await opened();
    await moved();
    withoutDana();
    await core.codify();
    await core.codify();
    expect(await only()).toMatchObject({ state: 'closed', why: expect.stringContaining('Dana may not') });
    expect(core.forge.hosted[0]).toMatchObject({
      published: 1,
      closedBecause: expect.stringContaining('Dana may not'),
    });
  });

  it.each([
    ['a right under may.codify', ['kim'], ['dana']],
    ['a turn on call that has ended since', ['kim', 'dana'], []],
  ])('does not count who has %s instead', async (_, turns, codify) => {
    core.forge.next('edit', () => withoutDana(turns, codify));
    await asked();
    expect(await only()).toMatchObject({ state: 'open' });
  });
});

describe('an m0.yaml that comes into use after the proof and before the push', () => {
  type Source = Parameters<typeof stackWith>[0];
  const use = (change: Source, ...more: readonly Source[]): void => {
    const others = more.map((one) => ({ ...core.stack, ...one }));
    core.live.replace({ ...core.directory, stacks: [{ ...core.stack, ...change }, ...others] });
  };
  const source = (change: Partial<ReturnType<typeof stackWith>['source']>): Source => ({
    source: { ...core.stack.source, ...change },
  });

  it.each<[string, () => void]>([
    ['another branch', () => use(source({ ref: 'release' }))],
    ['another repository', () => use(source({ git: 'https://git.acme.dev/other.git' }))],
    ['another folder', () => use(source({ path: 'envs/prod/other' }))],
    ['another workspace', () => use({ workspace: 'blue' })],
    ['other variables', () => use({ varFiles: ['other.tfvars'] })],
    ['another environment of the tool', () => use({ env: { TF_VAR_region: 'eu-west-1' } })],
    ['one more stack of the same branch', () => use({}, { name: 'prod-app', channels: [] })],
  ])('has %s: the edit is proven anew', async (_, change) => {
    core.forge.publishable = false;
    await asked();
    expect(await only()).toMatchObject({ state: 'proven', tries: 1 });
    const plans = core.cloud.plans.length;
    const edits = core.forge.questions.length;
    change();
    core.forge.publishable = true;
    core.now += MINUTE;
    await core.codify();
    await core.codify();
    expect(core.forge.questions.length).toBeGreaterThan(edits);
    expect(core.cloud.plans.length).toBeGreaterThan(plans);
    for (const { publication } of core.forge.hosted) {
      expect(publication).toMatchObject({ git: core.stack.source.git, base: core.stack.source.ref });
    }
  });

  it('has it during the proof: the edit is proven anew before anything is pushed', async () => {
    const run = await drifted();
    withEdit(1);
    core.forge.next('edit', () => use(source({ ref: 'release' })));
    await core.sayText(`codify #${run} ${WEB}`);
    await core.codify();
    expect(core.forge.questions.length).toBeGreaterThan(1);
    for (const { publication } of core.forge.hosted) expect(publication.base).toBe('release');
  });

  it('tells other channels only: what is proven is pushed', async () => {
    core.forge.publishable = false;
    await asked();
    use({ schedule: ['0 5 * * *'] });
    const edits = core.forge.questions.length;
    core.forge.publishable = true;
    core.now += MINUTE;
    await core.codify();
    expect(await only()).toMatchObject({ state: 'open' });
    expect(core.forge.questions).toHaveLength(edits);
  });

  it.each<[string, Partial<ReturnType<typeof stackWith>['source']>]>([
    ['branch', { ref: 'release' }],
    ['repository', { git: 'https://git.acme.dev/other.git' }],
  ])(
    'has another %s once the pull request is open: m0 closes it, and asks people again',
    async (_, change) => {
      await opened();
      use(source(change));
      await core.codify();
      const why = 'by m0.yaml as it is now the code of the stack comes from another branch or repository';
      expect(await only()).toMatchObject({ state: 'closed', why });
      expect(core.forge.hosted).toHaveLength(1);
      expect(core.forge.hosted[0]).toMatchObject({ published: 1, closedBecause: `m0 closes this: ${why}.` });
      expect(await kept()).toEqual([]);
    },
  );
});

describe('the exemption', () => {
  it('ends with its stack, and the pull request is closed', async () => {
    await opened();
    core.live.replace({ ...core.directory, stacks: [] });
    core.now += MINUTE;
    await core.codify();
    expect(await only()).toMatchObject({ state: 'closed', why: 'the stack is no longer watched' });
    expect(core.forge.hosted[0]?.closedBecause).toContain('no longer watched');
    expect(await kept()).toEqual([]);
  });

  it.each([
    ['refuses for good', { permanent: true }, 6 * HOUR],
    ['is away', {}, 30 * HOUR],
  ])('ends where the host %s, and people are asked again', async (_, options, within) => {
    await opened();
    const until = core.now + within;
    let looks = 0;
    while ((await only())?.state === 'open' && core.now < until) {
      core.forge.next('state', () => {
        throw new ForgeError('the host says no', options);
      });
      core.now += 5 * MINUTE;
      await core.codify();
      looks += 1;
    }
    // Not at the first failure.
    expect(looks).toBeGreaterThan(6);
    expect(await only()).toMatchObject({
      state: 'closed',
      why: expect.stringContaining('can no longer follow PR #118'),
    });
    expect(await kept()).toEqual([]);
    expect((await core.store.runs({ stack: STACK }))[0]?.state).toBe('awaiting_approval');
  });

  it('covers nothing that moved, so that people are asked about that at once', async () => {
    await opened();
    await moved();
    expect((await core.store.runs({ stack: STACK }))[0]?.state).toBe('awaiting_approval');
  });

  it('covers one finding: what else drifts is asked about, and alone put back', async () => {
    const tag = tagFinding();
    await opened();
    core.cloud.drift.set(STACK, [SSH, tag]);
    core.now += MINUTE;
    const { id } = await core.check();
    await core.deliver();
    await core.codify();
    // Nobody knows yet who took the tag away.
    await core.say(`approve #${id}`, DANA);
    await core.say(`approve #${id}`, KIM);
    await core.untilIdle();
    expect(core.cloud.applies.map(({ touched }) => touched)).toEqual([[tag.address]]);
  });

  it('is made while the stack is paused too: nothing of it applies anything', async () => {
    await core.say('pause prod-network incident 4711', KIM);
    await opened();
    expect(core.cloud.applies).toEqual([]);
  });
});

describe('what is followed', () => {
  it('is never a resource that only the code has: a lost state takes nothing out of the code', async () => {
    await opened();
    await moved({ ...OTHER, origin: 'code', action: 'create' });
    await core.codify();
    await core.codify();
    expect(core.forge.edits).toHaveLength(1);
    expect(await only()).toMatchObject({
      state: 'closed',
      why: expect.stringContaining('only the code changed'),
    });
    expect(core.forge.hosted[0]).toMatchObject({ published: 1 });
  });

  it('is not published where it ended or moved while the host was away', async () => {
    for (const now of [[], [OTHER]]) {
      core.forge.hosted.length = 0;
      const run = await drifted();
      withEdit(core.forge.edits.length + 1);
      await core.say(`codify #${run} ${WEB}`);
      core.forge.publishable = false;
      await core.codify();
      expect(await only()).toMatchObject({ state: 'proven', tries: 1 });
      core.forge.publishable = true;
      core.cloud.drift.set(STACK, now);
      core.now += MINUTE;
      await core.check();
      await core.codify();
      expect(await only()).toMatchObject({ state: 'closed' });
      expect(core.forge.hosted).toEqual([]);
    }
  });

  it('reads a root whose name begins with a dot as that root', async () => {
    await core.close();
    core = await Core.open([stackWith({ source: { ...stackWith().source, path: './.infra/net/' } })]);
    await core.restart();
    await asked();
    expect(core.forge.questions[0]).toMatchObject({ root: '.infra/net' });
  });

  it('says first that the state is in m0’s own folder', async () => {
    core.cloud.stateOnlyHere.add(STACK);
    const run = await drifted();
    await core.say(`codify #${run} ${WEB}`);
    core.cloud.drift.set(STACK, [OTHER]);
    await core.codify();
    expect(await only()).toMatchObject({
      state: 'refused',
      why: expect.stringContaining('has no remote backend'),
    });
  });
});
