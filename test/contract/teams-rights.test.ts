/** Permissions of clicks in Teams: concurrent clicks, late clicks, and forged clicks. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { STACK } from '../support/core.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';
import { type Clicked, elements, TENANT, type TeamsMessage, textOfCard } from '../support/teams-connector.ts';
import {
  DANA,
  DEV,
  EVE,
  GUEST,
  KIM,
  OPS,
  readable,
  sender,
  TeamsCore,
  type TeamsCoreOptions,
} from '../support/teams-core.ts';

const SSH = sshFinding();
const SOON = 15_000;

let teams: TeamsCore;
/** Makes drift that waits for approval and is shown in the channel. */
async function waiting(options: TeamsCoreOptions = {}): Promise<number> {
  teams = await TeamsCore.open(options);
  return teams.alertDrift(SSH);
}
afterEach(() => teams.close());

const applied = (): number => teams.core.cloud.applies.length;
const whispers = (person: string): readonly string[] =>
  teams.connector.whispers(person).map((m) => textOfCard(m.card));

/** Sends a click as the connector would, with any data. */
async function invoke(
  person: string,
  on: TeamsMessage,
  action: object,
  change: Readonly<Record<string, unknown>> = {},
): Promise<Pick<Clicked, 'status' | 'bar'>> {
  const sent = teams.connector.activity(person, `${OPS};messageid=${on.id}`, {
    ...{ type: 'invoke', name: 'adaptiveCard/action', replyToId: on.id },
    value: { action: { type: 'Action.Execute', verb: 'm0', ...action } },
    ...change,
  });
  const { status, body } = await teams.connector.deliver(sent);
  return { status, bar: typeof body?.value === 'string' ? body.value : null };
}
/** Clicks the approve button of a card, also of an outdated copy. */
const approve = (person: string, card: TeamsMessage) =>
  invoke(person, card, { data: sender(card, 'approve').data });
const seen = (message: TeamsMessage): TeamsMessage => structuredClone(message);

async function settled(): Promise<void> {
  await teams.core.untilIdle();
  await teams.deliver();
}

describe('clicks that race', () => {
  test('two people in the same second: one effect, and the second gets the status', async () => {
    const id = await waiting();
    const card = seen(teams.newest());
    const bars = (await Promise.all([approve(DANA, card), approve(KIM, card)])).map((c) => c.bar);
    expect(bars.toSorted()).toEqual(['m0 is on it.', expect.stringMatching(/run #1 is/i)].toSorted());
    await settled();
    expect(applied()).toBe(1);
    expect((await teams.core.run(id)).applied.map((part) => part.approvedBy.length)).toEqual([1]);
    expect(readable(teams.newest())).toMatch(/approved by (Dana|Kim), verified/);
    expect(JSON.stringify(teams.newest().card)).not.toContain('approve #');
  });

  test('the same button twice, and again after the end', async () => {
    await waiting();
    const card = seen(teams.newest());
    await Promise.all([approve(DANA, card), approve(DANA, card)]);
    await settled();
    expect((await approve(DANA, card)).bar).toContain('is realigned');
    expect(applied()).toBe(1);
  });

  test('an approval and a rejection at once: the first one counts, and the card says so', async () => {
    const id = await waiting();
    const card = seen(teams.newest());
    await Promise.all([approve(DANA, card), teams.connector.as(KIM).slash(OPS, `reject #${id} not now`)]);
    await vi.waitFor(() => expect(whispers(KIM)).toHaveLength(1), SOON);
    await settled();
    const { state } = await teams.core.run(id);
    expect([state, applied()]).toEqual(state === 'rejected' ? ['rejected', 0] : ['realigned', 1]);
    expect(readable(teams.newest())).toContain(state === 'rejected' ? 'rejected by' : 'approved by');
  });

  test('two required approvals: two clicks of one person count once', async () => {
    const approvers = { from: ['sre'], need: 2, notTheAuthor: false };
    const id = await waiting({ stack: { approvers } });
    const card = seen(teams.newest());
    await Promise.all([approve(DANA, card), approve(DANA, card)]);
    await settled();
    expect((await teams.core.run(id)).approvals).toHaveLength(1);
    expect(applied()).toBe(0);
    await approve(KIM, teams.newest());
    await settled();
    expect(applied()).toBe(1);
  });
});

describe('late clicks', () => {
  test('a click on an old card applies nothing, and the sender gets a message', async () => {
    await waiting();
    const old = seen(teams.newest());
    await teams.alertDrift(sshFinding('0.0.0.0/0'));
    expect(teams.cards()).toHaveLength(2);
    expect((await approve(DANA, old)).bar).toContain('superseded');
    await settled();
    expect(applied()).toBe(0);
  });

  test('after a restart the card still works, once', async () => {
    await waiting();
    const card = seen(teams.newest());
    await teams.restart();
    await approve(DANA, card);
    await settled();
    expect(applied()).toBe(1);
    await teams.restart();
    expect((await approve(KIM, card)).bar).toContain('is realigned');
    expect(applied()).toBe(1);
    expect(readable(teams.newest())).toContain('approved by Dana');
  });

  test('a replayed click, also after a restart, has no second effect', async () => {
    const id = await waiting({ stack: { approvers: { from: ['sre'], need: 2, notTheAuthor: false } } });
    const card = teams.newest();
    const value = { action: { type: 'Action.Execute', verb: 'm0', data: sender(card, 'approve').data } };
    const sent = teams.connector.activity(DANA, `${OPS};messageid=${card.id}`, {
      ...{ type: 'invoke', name: 'adaptiveCard/action', replyToId: card.id, value },
    });
    expect((await teams.connector.deliver(sent)).status).toBe(200);
    await settled();
    for (const _ of [1, 2]) {
      expect((await teams.connector.deliver(sent)).body).toMatchObject({
        value: 'm0 got this already.',
      });
      await teams.restart();
    }
    expect((await teams.core.run(id)).approvals).toHaveLength(1);
    expect(applied()).toBe(0);
  });
});

describe('a person without permission', () => {
  test('is refused privately, and can ask the person on call by a button', async () => {
    const id = await waiting();
    const { bar } = await approve(EVE, teams.newest());
    expect(bar).toContain('Only sre or the person on call (Dana) may approve prod-network.');
    const refusal = teams.connector.whispers(EVE).at(-1);
    if (!refusal) throw new Error('nothing was said to Eve');
    expect((await teams.connector.as(EVE).click(refusal, 'Ask Dana')).bar).toContain('Asked Dana to decide');
    await settled();
    const said = teams.connector.in(teams.connector.chat(DANA)).map(readable).join('\n');
    expect(said).toContain(`Eve asks you to decide on ${STACK}, run #${id}`);
    expect(applied()).toBe(0);
    expect(whispers(DANA)).toEqual([]);
    const inFront = teams.connector.replies(teams.newest().id).map(readable).join('\n');
    expect(inFront).not.toMatch(/Only sre/);
  });

  test.each<[string, object]>([
    ['a guest without an object id of this organisation', { id: '29:outsider', name: 'Dana' }],
    ['a guest whose object id is empty', { id: '29:outsider', name: 'Dana', aadObjectId: null }],
    ['somebody whose Teams id reads as Dana’s object id', { id: DANA, name: 'Dana' }],
    ['somebody who is called as Dana is', { id: '29:x', name: 'Dana', aadObjectId: GUEST }],
  ])('%s approves, snoozes and accepts nothing', async (_who, from) => {
    const id = await waiting();
    for (const command of [`approve #${id}`, `snooze #${id} 2h`, `accept #${id} mine`, `reject #${id}`]) {
      const { bar } = await invoke(GUEST, teams.newest(), { data: { command } }, { from });
      expect(bar, command).toMatch(/Only |m0 does not know/);
    }
    await settled();
    expect((await teams.core.run(id)).state).toBe('awaiting_approval');
    expect(await teams.core.store.exemptions(STACK)).toEqual([]);
    expect(applied()).toBe(0);
  });
});

describe('a click that no button of m0’s sends', () => {
  let id: number;
  let card: TeamsMessage;
  let data: Readonly<Record<string, unknown>>;
  beforeEach(async () => {
    id = await waiting();
    card = teams.newest();
    data = sender(card, 'approve').data as typeof data;
  });

  async function nothingHappened(): Promise<void> {
    await settled();
    expect((await teams.core.run(id)).state).toBe('awaiting_approval');
    expect((await teams.core.run(id)).approvals).toEqual([]);
    expect(await teams.core.store.exemptions(STACK)).toEqual([]);
    expect(applied()).toBe(0);
  }

  test.each<[string, () => object]>([
    ['another verb', () => ({ verb: 'm0.admin', data })],
    ['another type', () => ({ type: 'Action.Submit', data })],
    ['no data', () => ({})],
    ['a command that is a list', () => ({ data: { command: ['approve', '#1'] } })],
    ['a command that is none', () => ({ data: { command: 'apply everything' } })],
    ['a run that there is not', () => ({ data: { command: 'approve #999' } })],
    ['what was seen on another card', () => ({ data: { command: `approve #${id} ffffffff` } })],
    ['several commands', () => ({ data: { command: `status\napprove #${id}` } })],
    ['a form in another place', () => ({ data: { ...data, form: '__proto__' } })],
    ['a page beside a decision', () => ({ data: { ...data, page: -1 } })],
    ['far too much', () => ({ data: { command: `approve #${id} ${'x'.repeat(3_000)}` } })],
  ])('%s does nothing', async (_what, action) => {
    expect((await invoke(DANA, card, action())).status).toBe(200);
    await nothingHappened();
  });

  test('names in the data give no permissions: the sender is who Teams says', async () => {
    const claims = {
      actor: { person: 'dana' },
      person: 'dana',
      from: { aadObjectId: DANA },
      approvers: ['eve'],
    };
    const { bar } = await invoke(EVE, card, { data: { ...data, ...claims } });
    expect(bar).toMatch(/Only .*may approve/);
    await nothingHappened();
  });

  test('the command of another run is judged as that run is', async () => {
    await teams.alertDrift(sshFinding('0.0.0.0/0'));
    const next = await teams.runId();
    const command = String(data.command).replace(`#${id}`, `#${next}`);
    expect((await invoke(DANA, card, { data: { command } })).bar).toContain('has changed since the card');
    await settled();
    expect((await teams.core.run(next)).state).toBe('awaiting_approval');
    expect(applied()).toBe(0);
  });

  test('fields that the form does not have are ignored, also those of other forms', async () => {
    const submit = sender(card, 'snooze');
    const form = String((submit.data as { readonly form: string }).form);
    const forged = {
      [`${form}.run`]: '999',
      [`${form}.by`]: 'kim',
      [`${form}.seen`]: 'ffffffff',
      [`${form}.__proto__`]: 'x',
      'f9.for': '52w',
      for: '52w',
    };
    await invoke(DANA, card, {
      data: { ...(submit.data as object), [`${form}.for`]: '2h', [`${form}.reason`]: 'vendor', ...forged },
    });
    await settled();
    expect(await teams.core.store.exemptions(STACK)).toMatchObject([
      {
        ...{ kind: 'snooze', runId: id, reason: 'vendor', by: { person: 'dana', userId: DANA } },
        until: teams.core.now + 2 * 3_600_000,
      },
    ]);
  });

  test('a resource that is not in the run gets no exemption', async () => {
    const submit = sender(card, 'snooze');
    const form = String((submit.data as { readonly form: string }).form);
    const answers = { [`${form}.for`]: '2h', [`${form}.address`]: tagFinding().address };
    const { bar } = await invoke(DANA, card, { data: { ...(submit.data as object), ...answers } });
    expect(bar).toContain(tagFinding().address);
    await nothingHappened();
  });

  test('the answer goes to the conversation of the click, not to one named in its data', async () => {
    await invoke(EVE, card, {
      data: {
        ...data,
        conversation: { id: DEV },
        channel: DEV,
        replyToId: '1',
        serviceUrl: 'https://evil.example/',
      },
    });
    await settled();
    expect(teams.connector.in(DEV)).toEqual([]);
    expect(teams.connector.whispers(EVE).map((m) => m.conversation)).toEqual([OPS]);
    await nothingHappened();
  });

  test('a message of another conversation as the one clicked changes nothing of that one', async () => {
    const there = await teams.bot.teams.post(
      { platform: 'teams', channel: DEV },
      { headline: 'another', tone: 'plain', blocks: [] },
      'k',
    );
    const { bar } = await invoke(EVE, card, { data }, { replyToId: there.messageId });
    expect(bar).toMatch(/Only .*may approve/);
    await settled();
    expect(textOfCard(teams.connector.in(DEV)[0]?.card)).toBe('another');
    await nothingHappened();
  });
});

describe('a request that is not of the Bot Connector', () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  /** The connector's token with another header, unsigned or signed with a public value. */
  function forged(alg: string, sign: (text: string) => string): string {
    const [, claims] = teams.connector.token().split('.');
    const text = `${part({ alg, typ: 'JWT' })}.${claims}`;
    return `${text}.${sign(text)}`;
  }
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = stranger.publicKey.export({ type: 'spki', format: 'pem' });

  test.each<[string, number, () => string]>([
    ['whose token says that it needs no signature', 401, () => forged('none', () => 'x')],
    [
      'whose token is signed by a shared word',
      401,
      () => forged('HS256', (text) => createHmac('sha256', publicKey).update(text).digest('base64url')),
    ],
    ['whose token is another key’s', 401, () => teams.connector.token({}, stranger.privateKey)],
    ['whose token is for several apps', 401, () => teams.connector.token({ aud: ['x', 'y'] })],
    [
      'whose token is of the sign-in of people',
      401,
      () => teams.connector.token({ iss: `https://sts.windows.net/${TENANT}/` }),
    ],
  ])('%s approves nothing', async (_what, code, token) => {
    const id = await waiting();
    const card = teams.newest();
    const value = { action: { type: 'Action.Execute', verb: 'm0', data: sender(card, 'approve').data } };
    const click = teams.connector.activity(DANA, OPS, { type: 'invoke', name: 'adaptiveCard/action', value });
    expect((await teams.connector.deliver(click, `Bearer ${token()}`)).status).toBe(code);
    await settled();
    expect((await teams.core.run(id)).state).toBe('awaiting_approval');
    // The genuine request is accepted: the refused one did not use up its id.
    expect((await teams.connector.deliver(click)).status).toBe(200);
    await settled();
    expect(applied()).toBe(1);
  });

  test('or of another organisation approves nothing, even for an approver of this one', async () => {
    const id = await waiting();
    const card = teams.newest();
    const value = { action: { type: 'Action.Execute', verb: 'm0', data: sender(card, 'approve').data } };
    const click = teams.connector.activity(DANA, OPS, {
      ...{ type: 'invoke', name: 'adaptiveCard/action', value },
      channelData: { tenant: { id: '33333333-3333-4333-8333-333333333333' } },
      conversation: { id: OPS, tenantId: TENANT, conversationType: 'channel' },
    });
    expect((await teams.connector.deliver(click)).status).toBe(403);
    await settled();
    expect((await teams.core.run(id)).state).toBe('awaiting_approval');
    expect(elements(teams.newest().card, 'Action.Execute').length).toBeGreaterThan(1);
  });
});
