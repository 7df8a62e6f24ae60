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
  ['status', 'private', /1 drifted, 4 never checked/],
  ['status prod', 'private', /^prod: 1 drifted/],
  ['STATUS Prod-DB', 'private', /prod-db: never checked/],
  ['status prod-*', 'private', /1 drifted/],
  ['stacks', 'private', /^5 stacks watched$/m],
  ['stacks prod-*', 'private', /^prod-\*: \d stacks? watched$/m],
  ['status stack:app', 'private', /app: never checked/],
  ['status env:app', 'private', /2 never checked/],
  ['show #1', 'pages', /prod-network/],
  ['show 1', 'pages', /prod-network/],
  ['why #1', 'private', /prod-network/],
  ['history', 'private', /History/],
  ['history prod-network', 'private', /History of prod-network/],
  ['home', 'private', /^1 stack waits for you$/],
  ['oncall', 'private', /On call: Dana \(primary\)/],
  ['digest', 'private', /1 open/],
  ['digest prod', 'private', /^prod: 1 open/],
  ['report', 'files', /m0-report-all-2026-03\.md/],
  ['report prod last month', 'files', /"command":"report prod 2026-02"/],
  ['report 2026-02', 'files', /"command":"report 2026-02"/],
  ['policy prod-network', 'private', /1 policy decides/],
  ['baseline prod-network', 'private', /nothing is accepted or snoozed/],
  ['snooze #1', 'form', /Snooze/],
  ['accept #1', 'form', /Accept/],
  ['pause', 'form', /Pause applies.*Environment prod/],
  ['pause prod', 'form', /Pause applies/],
  ['pause *', 'form', /Everything/],
  ['help', 'private', /What I can do/],
  ['', 'private', /What I can do/],
  ['help snooze', 'private', /^snooze: /],
  ['/m0 status', 'private', /1 drifted/],
  ['`/m0 status prod.`', 'private', /^prod: 1 drifted/],
  ['ｓｔａｔｕｓ　ｐｒｏｄ', 'private', /^prod: 1 drifted/],
  ['why #1?', 'private', /prod-network/],
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
      // Exactly one run waits here, and in prod. None does in app, which is reported here as well.
      [`${name} prod`, /needs the number of a run/, [`${name} #1`]],
      [name, /needs the number of a run/, [`${name} #1`]],
      [`${name} stack:app`, /needs the number of a run/, []],
    ],
  ),
  ['snooze #999 2h', /There is no run #999/, []],
  ['accept #999 fine', /There is no run #999/, []],
  ['unsnooze #999', /There is no run #999/, []],
  ['unaccept #999', /There is no run #999/, []],
  ['codify #999', /There is no run #999/, []],
  ['codify', /needs the number of a run/, ['codify #1']],
  ['codify #1 aws_x.y', /aws_x\.y is not open/, []],
  // Too little and too much.
  ['snooze', /needs a run, a stack or an environment/, ['snooze #1']],
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
  // What phones and people add.
  ['yes', /“yes” alone decides nothing/, ['approve #1']],
  ['No!', /“No!” alone decides nothing/, ['reject #1']],
  ['ok', /alone decides nothing/, ['approve #1']],
  ['approve #1?', /A question does nothing by itself/, ['approve #1']],
  ['on call', /I don't know “on”/, ['oncall']],
  ['prod?', /I don't know “prod\?”/, ['status prod']],
  ['status prod?', /no stack or environment prod\?/, ['status prod']],
  ['status prod, app', /I don't understand/, ['status prod', 'status app']],
  ['status prod,dev', /no stack or environment prod,dev/, ['status prod', 'status dev']],
  ['snooze prod? 2h', /no stack or environment prod\?/, ['snooze prod 2h']],
  // Targets that name nothing, or two things: each command with the choices it can be said with instead.
  ...[
    'drift',
    'status',
    'history',
    'digest',
    'report',
    'baseline',
    'subscribe',
    'unsubscribe',
    'policy',
  ].flatMap((name): (readonly [string, RegExp, readonly string[]])[] => [
    [`${name} app`, /app is a stack and an environment/, [`${name} stack:app`, `${name} env:app`]],
    [`${name} prd`, /There is no stack or environment prd/, [`${name} prod`]],
    [`${name} zzz-*`, /No stack is named like zzz-\*/, []],
  ]),
  ['policy prod', /prod is several stacks/, ['policy prod-network', 'policy prod-db']],
  [
    'snooze app 2h change freeze',
    /app is a stack/,
    ['snooze stack:app 2h change freeze', 'snooze env:app 2h change freeze'],
  ],
  ['unsnooze app aws_x.y', /app is a stack/, ['unsnooze stack:app aws_x.y', 'unsnooze env:app aws_x.y']],
  ['pause app incident', /app is a stack/, ['pause stack:app incident', 'pause env:app incident']],
  ['pause prd incident', /no stack or environment prd/, ['pause prod incident']],
  ['resume', /Nothing is paused/, []],
  ['resume prod', /prod is not paused/, []],
  ['resume prd', /no stack or environment prd/, ['resume prod']],
  ['freeze prod now', /I don't know “freeze”/, ['pause prod now']],
  ['unpause prod', /I don't know “unpause”/, ['resume prod']],
  ['resume? prod', /A question does nothing by itself/, ['resume prod']],
  ['pause? prod incident', /A question does nothing by itself/, ['pause prod incident']],
  ['resume prod?', /no stack or environment prod\?/, ['resume prod']],
  ['pause prod, app incident', /pause takes one target/, ['pause prod', 'pause app']],
  ['pause prod and app incident', /pause takes one target/, ['pause prod', 'pause app']],
  ['pause prod app', /pause takes one target/, ['pause prod', 'pause app']],
  ['resume prod, app', /I don't understand/, ['resume prod', 'resume app']],
  ['report prod, app', /I don't understand “app” as a month/, ['report prod', 'report app']],
  ['report prod soon', /I don't understand “soon” as a month/, ['report prod']],
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
    if (/^(approve|reject|cancel|ask|drift|subscribe|unsubscribe|snooze|pause)/.test(command)) return null;
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

  it('an answer to nothing decides nothing where several runs wait', async () => {
    const two = await Core.open([stackWith(), stackWith({ name: 'prod-db' })]);
    await two.worker.start();
    two.cloud.drift.set(STACK, [SSH]);
    two.cloud.drift.set('prod-db', [SSH]);
    await two.check();
    await two.check('schedule', 'prod-db');
    const card = await two.say('yes');
    expect(card?.headline).toContain('Waiting: #2 (prod-db), #1 (prod-network)');
    expect(card && buttonsOf(card)).toEqual([]);
    // What only looks is offered for each.
    expect(buttonsOf((await two.say('why')) as Card).map((b) => b.command)).toEqual(['why #2', 'why #1']);
    expect((await two.store.runs({ states: ['awaiting_approval'] })).length).toBe(2);
    await two.close();
  });

  it('a guess that would decide something asks once more before it does', async () => {
    const [button] = buttonsOf(await cardOf('rejct #1'));
    expect(button?.confirm).toMatchObject({ title: 'reject #1', confirm: 'Reject' });
    // An approve without the part that was seen is itself answered with a confirmation.
    const [approve] = buttonsOf(await cardOf('aprove #1'));
    expect([approve?.command, approve?.confirm]).toEqual(['approve #1', undefined]);
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
    expect(reply.card.headline).toMatch(/^prod: 1 drifted/);
    expect(textOf(reply.card)).toContain('A new check was asked for');
    const at = await core.chat.post({ platform: 'slack', channel: 'C0OPS' }, reply.card, 'answer');
    await reply.posted?.(at);
    await core.untilIdle();
    await core.periodicWork();
    const answer = core.chat.messages.find((m) => m.id === at.messageId);
    expect(answer?.card.headline).toBe('prod: 1 drifted, 1 of 2 stacks aligned');
    expect(answer && textOf(answer.card)).not.toContain('A new check was asked for');
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
    const [confirm] = buttonsOf(await cardOf(text)).filter((b) => b.command.startsWith('approve'));
    // What is typed approves nothing by itself.
    if (text.startsWith('approve')) {
      expect((await core.run(1)).approvals).toEqual([]);
      await cardOf(confirm?.command ?? '');
    }
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
    const entry = {
      at,
      actor: DANA,
      action: 'snooze' as const,
      stack: STACK,
      runId: null,
      fingerprint: null,
    };
    const line = { type: 'audit', entry: { ...entry, commit: null, detail: 'again' } } as const;
    await core.store.commit(Array.from({ length: 60 }, () => line));
    const card = await cardOf('history prod-network');
    expect(card.headline).toBe('History of prod-network: the newest 50 entries');
    expect(textOf(card)).toContain('m0 audit export');
  });

  it('of an environment tells who subscribed a channel to it', async () => {
    await cardOf('subscribe prod');
    expect(textOf(await cardOf('history prod'))).toContain(' subscribed a channel to ');
    expect(textOf(await cardOf('history'))).toContain(' subscribed a channel to ');
    expect(textOf(await cardOf('history stack:app'))).not.toContain(' subscribed a channel to ');
  });
});
