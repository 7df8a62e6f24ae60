import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMAND_NAMES, GRAMMAR, usageOf } from '../../src/commands/grammar.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Actor } from '../../src/model/run.ts';
import type { Reply } from '../../src/ports/chat.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, sshFinding } from '../support/runs.ts';

const SSH = sshFinding();
/** `app` is a stack and an environment. */
const STACKS = [
  stackWith(),
  stackWith({ name: 'prod-db' }),
  stackWith({ name: 'app', environment: 'dev' }),
  stackWith({ name: 'app-api', environment: 'app' }),
  stackWith({ name: 'app-web', environment: 'app' }),
];

let core: Core;
async function open(): Promise<void> {
  core = await Core.open(STACKS);
  await core.worker.start();
  core.cloud.drift.set(STACK, [SSH]);
  await core.check();
  await core.deliver();
}

function replyTo(text: string, actor: Actor = DANA): Promise<Reply> {
  const place = { platform: 'slack', channel: 'C0OPS' } as const;
  return core.handler({ text, actor, place, answers: null, from: null });
}
async function cardOf(text: string, actor: Actor = DANA): Promise<Card> {
  const reply = await replyTo(text, actor);
  if (reply.type !== 'private' && reply.type !== 'public')
    throw new Error(`"${text}" was answered with ${reply.type}`);
  return reply.card;
}
const commands = (card: Card): readonly string[] => buttonsOf(card).map((b) => b.command);

/** Run #1 of prod-network waits. Each is answered so, and changes nothing that another would see. */
const ANSWERED: readonly (readonly [string, Reply['type'], RegExp])[] = [
  ['status', 'private', /1 drifted, 4 not checked yet/],
  ['status prod', 'private', /^prod: 1 drifted/],
  ['STATUS Prod-DB', 'private', /prod-db: not checked yet/],
  ['status prod-*', 'private', /1 drifted/],
  ['status stack:app', 'private', /app: not checked yet/],
  ['status env:app', 'private', /2 not checked yet/],
  ['show #1', 'pages', /prod-network/],
  ['show 1', 'pages', /prod-network/],
  ['why #1', 'private', /prod-network/],
  ['history', 'private', /History/],
  ['history prod-network', 'private', /History of prod-network/],
  ['home', 'private', /^1 stack waits for you$/],
  ['oncall', 'private', /On call: Dana \(primary\)/],
  ['digest', 'private', /1 open/],
  ['digest prod', 'private', /^prod: 1 open/],
  ['policy prod-network', 'private', /1 policy decides/],
  ['baseline prod-network', 'private', /nothing is accepted or snoozed/],
  ['snooze #1', 'form', /Snooze/],
  ['accept #1', 'form', /Accept/],
  ['help', 'private', /What I can do/],
  ['', 'private', /What I can do/],
  ['help snooze', 'private', /^snooze: /],
  ['/m0 status', 'private', /1 drifted/],
];

/** What is wrong, in words and with the commands offered instead. */
const REFUSED: readonly (readonly [string, RegExp, readonly string[]])[] = [
  // Slips.
  ['aprove #1', /I don't know “aprove”/, ['approve #1']],
  ['stauts prod', /I don't know “stauts”/, ['status prod']],
  ['apply #1', /I don't know “apply”/, ['approve #1']],
  ['xyzzy', /Type help/, []],
  ['#1', /That is a run/, ['show #1']],
  ['help snoze', /no command “snoze”/, ['help snooze']],
  // Runs that are not there, and what is no run.
  ...['show', 'why', 'approve', 'reject', 'cancel', 'ask'].flatMap(
    (name): (readonly [string, RegExp, readonly string[]])[] => [
      [`${name} #999`, /There is no run #999/, []],
      [`${name} prod`, /needs the number of a run/, []],
      [name, /needs the number of a run/, []],
    ],
  ),
  ['snooze #999 2h', /There is no run #999/, []],
  ['accept #999 fine', /There is no run #999/, []],
  ['unsnooze #999', /There is no run #999/, []],
  ['unaccept #999', /There is no run #999/, []],
  // Too little and too much.
  ['snooze', /needs a run, a stack or an environment/, []],
  ['snooze prod', /For how long\?/, []],
  ['snooze prod 1m', /at least 5 minutes/, []],
  ['snooze prod 200d', /at most 90 days/, []],
  ['snooze #1 aws_x.y 2h', /aws_x\.y is not open on run #1\. Open: aws_security_group\.web/, []],
  ['accept #1 aws_x.y fine', /aws_x\.y is not open/, []],
  ['baseline', /needs the name of a stack/, []],
  ['policy', /needs the name of a stack/, []],
  ['subscribe', /needs the name of a stack/, []],
  ['unsubscribe', /needs the name of a stack/, []],
  ['seen', /needs the name of a policy/, []],
  ['seen nope', /No stack uses a policy nope\. There are tags-auto/, []],
  ['home now', /I don't understand “now”/, ['home']],
  ['hom', /I don't know “hom”/, ['home']],
  ['oncall now', /I don't understand “now”/, ['oncall']],
  ['status prod now', /I don't understand “now”/, ['status prod']],
  ['show #1 all', /I don't understand “all”/, ['show #1']],
  // Targets that name nothing, or two things: each command with the choices it can be said with instead.
  ...['drift', 'status', 'history', 'digest', 'baseline', 'subscribe', 'unsubscribe', 'policy'].flatMap(
    (name): (readonly [string, RegExp, readonly string[]])[] => [
      [`${name} app`, /app is a stack and an environment/, [`${name} stack:app`, `${name} env:app`]],
      [`${name} prd`, /There is no stack or environment prd/, [`${name} prod`]],
      [`${name} zzz-*`, /No stack is named like zzz-\*/, []],
    ],
  ),
  ['policy prod', /prod is several stacks/, ['policy prod-network', 'policy prod-db']],
  [
    'snooze app 2h change freeze',
    /app is a stack/,
    ['snooze stack:app 2h change freeze', 'snooze env:app 2h change freeze'],
  ],
  ['unsnooze app aws_x.y', /app is a stack/, ['unsnooze stack:app aws_x.y', 'unsnooze env:app aws_x.y']],
  ['unaccept prd', /no stack or environment prd/, ['unaccept prod']],
  // Nothing there.
  ['unsnooze prod', /Nothing is snoozed there/, []],
  ['unaccept prod', /Nothing is accepted there/, []],
  ['snooze prod-db until it changes', /Nothing is open on prod-db/, []],
];

describe('what is typed', () => {
  beforeAll(open);
  afterAll(async () => {
    await core.checkInvariants();
    await core.close();
  });

  it.each(ANSWERED)('%j is answered', async (text, kind, words) => {
    const reply = await replyTo(text);
    expect(reply.type).toBe(kind);
    if (reply.type === 'private') expect(reply.card.headline).toMatch(words);
    else expect(JSON.stringify(reply)).toMatch(words);
  });

  it.each(REFUSED)('%j is refused, privately, with what would work', async (text, words, instead) => {
    const before = await core.store.audit({});
    const reply = await replyTo(text);
    if (reply.type !== 'private') throw new Error(`"${text}" was answered with ${reply.type}`);
    expect(`${reply.card.headline} ${textOf(reply.card)}`).toMatch(words);
    expect(commands(reply.card)).toEqual(instead);
    expect(await core.store.audit({})).toEqual(before);
    // Whatever is offered can be read.
    for (const command of instead) {
      expect((await cardOfAny(command))?.headline ?? '').not.toMatch(/^I don't (know|understand)/);
    }
  });

  /** What the handler would say to it, where saying it changes nothing; null where it is no card. */
  async function cardOfAny(command: string): Promise<Card | null> {
    if (/^(approve|drift|subscribe|unsubscribe|snooze)/.test(command)) return null;
    const reply = await replyTo(command);
    return reply.type === 'private' ? reply.card : null;
  }

  it('every command of the grammar is in the tables', () => {
    const typed = [...ANSWERED, ...REFUSED].map(([text]) => text.split(' ')[0]);
    for (const name of COMMAND_NAMES) expect(typed, name).toContain(name);
  });

  it('help is the grammar itself: each command as it is typed, and what it can lead to', async () => {
    const all = textOf(await cardOf('help'));
    for (const name of COMMAND_NAMES) {
      expect(all).toContain(JSON.stringify(usageOf(name)).slice(1, -1));
      const one = await cardOf(`help ${name}`);
      expect(one.headline).toContain(GRAMMAR[name].help.slice(0, 60));
      for (const example of GRAMMAR[name].examples) expect(textOf(one)).toContain(example);
    }
  });

  it('a guess that would decide something asks once more before it does', async () => {
    const [button] = buttonsOf(await cardOf('aprove #1'));
    expect(button?.confirm).toMatchObject({ title: 'approve #1', confirm: 'Approve' });
    const [harmless] = buttonsOf(await cardOf('stauts'));
    expect(harmless?.confirm).toBeUndefined();
  });
});

describe('what is typed and does something', () => {
  beforeEach(open);
  afterEach(async () => {
    await core.checkInvariants();
    await core.close();
  });

  it('drift tells what is known and checks; only what is meant', async () => {
    const reply = await replyTo('drift prod', EVE);
    if (reply.type !== 'public') throw new Error(`answered with ${reply.type}`);
    expect(reply.card.headline).toMatch(/^prod: 1 drifted.*checking now/);
    const cards: Card[] = [];
    for await (const card of reply.updates ?? []) cards.push(card);
    expect(cards.at(-1)?.headline).toBe('prod: 1 drifted, 1 of 2 stacks aligned');
    expect(await core.store.runs({ stack: 'app' })).toEqual([]);
  });

  it.each([
    ['approve #1', 'realigned'],
    ['reject #1 it ships on Monday', 'rejected'],
    ['cancel #1', 'canceled'],
    ['snooze #1 2h', 'quiet'],
    ['snooze prod 3d', 'quiet'],
    ['snooze #1 aws_security_group.web until it changes', 'quiet'],
    ['accept #1 agreed', 'quiet'],
  ])('%j ends the run as %s, for those who may and nobody else', async (text, state) => {
    expect((await cardOf(text, EVE)).headline).toMatch(/^Only sre/);
    expect((await core.run(1)).state).toBe('awaiting_approval');
    await cardOf(text);
    await core.untilIdle();
    expect((await core.run(1)).state).toBe(state);
  });

  it.each([
    ['snooze #1 2h', 'unsnooze #1'],
    ['snooze prod-network 2h', 'unsnooze prod'],
    ['accept #1 agreed', 'unaccept #1'],
    ['accept #1 agreed', 'unaccept prod-network aws_security_group.web'],
  ])('%j is taken back by %j', async (text, back) => {
    await cardOf(text);
    expect(await core.store.exemptions(STACK)).toHaveLength(1);
    expect((await cardOf(back, EVE)).headline).toMatch(/^Only sre/);
    await cardOf(back);
    expect(await core.store.exemptions(STACK)).toEqual([]);
    await core.untilIdle();
    expect((await core.store.runs({ stack: STACK, limit: 1 }))[0]?.state).toBe('awaiting_approval');
  });

  it('seen lets m0 go on with the last good policy', async () => {
    core.cloud.stale.set('tags-auto', { id: 'b'.repeat(40), error: 'no', since: core.now });
    await core.policyWatch.checkPolicies();
    expect((await cardOf('seen tags-auto', EVE)).headline).toMatch(/^Only sre/);
    expect((await cardOf('seen tags-auto')).headline).toContain('Noted. tags-auto decides by a1b2c3d');
  });
});

describe('history', () => {
  beforeEach(open);
  afterEach(() => core.close());

  it('tells what was decided, however many checks there were since', async () => {
    await cardOf('reject #1 it ships on Monday');
    core.cloud.drift.set(STACK, []);
    for (let i = 0; i < 40; i += 1) await core.check();
    const card = await cardOf('history prod-network');
    expect(textOf(card)).toContain('it ships on Monday');
    expect(card.headline).not.toContain('the newest');
  });

  it('says where the record goes on beyond what it tells', async () => {
    const at = core.now;
    const entry = { at, actor: DANA, action: 'snooze', stack: STACK, runId: null, fingerprint: null };
    const line = { type: 'audit', entry: { ...entry, commit: null, detail: 'again' } } as const;
    await core.store.commit(Array.from({ length: 60 }, () => line));
    const card = await cardOf('history prod-network');
    expect(card.headline).toBe('History of prod-network: the newest 50 entries');
    expect(textOf(card)).toContain('m0 audit export');
  });

  it('of an environment tells who subscribed a channel to it', async () => {
    await cardOf('subscribe prod');
    expect(textOf(await cardOf('history prod'))).toContain(' subscribe ');
    expect(textOf(await cardOf('history'))).toContain(' subscribe ');
    expect(textOf(await cardOf('history stack:app'))).not.toContain(' subscribe ');
  });
});
