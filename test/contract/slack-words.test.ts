/** Each command typed and each button clicked in a workspace, through real Bolt, in both modes. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { homeView } from '../../src/alerts/home.ts';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import { COMMAND_NAMES } from '../../src/commands/grammar.ts';
import { homeCard } from '../../src/messages/home-card.ts';
import {
  type Message,
  startWorkspace,
  type View,
  type Workspace,
} from '../../src/sandbox/workspace/workspace.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';
import { seenEvents } from '../support/seen-events.ts';
import { MANIFEST } from '../support/slack-app.ts';
import { type SlackForwarder, startSlackForwarder } from '../support/slack-forwarder.ts';

const SSH = sshFinding();
const TAG = tagFinding();
const SOON = 15_000;
const TOKENS = { botToken: 'xoxb-local-bot', appToken: 'xapp-local-app' };
const SECRET = 'local-signing-secret';
const user = (id: string, name: string) => ({ id, name, realName: name, email: `${name}@acme.dev` });
const MEMBERS = [user('U0DANA', 'dana'), user('U0KIM', 'kim'), user('U0EVE', 'eve')];

let workspace: Workspace;
let forwarder: SlackForwarder;
let core: Core;
let slack: Slack;
/** Commands that were typed, and labels of buttons that were clicked. */
let typed: Set<string>;
let clicked: Set<string>;

async function open(mode: 'socket' | 'http'): Promise<void> {
  forwarder = await startSlackForwarder();
  workspace = await startWorkspace({
    ...{ port: 0, users: MEMBERS, botUserId: 'U0M0', teamId: 'T0ACME', signingSecret: SECRET, ...TOKENS },
    channels: [{ id: 'C0OPS', name: 'ops', members: ['U0M0', ...MEMBERS.map((m) => m.id)] }],
    rateLimit: null,
    scopes: MANIFEST.scopes,
    deliver: mode === 'http' ? { eventsUrl: forwarder.eventsUrl, retryWaits: [0, 0, 0] } : undefined,
  });
  const log = createLogger('silent');
  const way = mode === 'http' ? { mode, signingSecret: SECRET } : { mode, appToken: TOKENS.appToken };
  slack = await createSlack({
    events: seenEvents(),
    ...{ ...way, botToken: TOKENS.botToken, apiUrl: workspace.apiUrl, log },
    people: core.directory.people,
    clock: Date.now,
  });
  forwarder.forwardTo(slack.endpoint);
  const parts = {
    store: core.store,
    directory: core.directory,
    onCall: core.onCall,
    lastTicks,
    clock: () => core.now,
  };
  await slack.start(
    (incoming) => core.handler(incoming),
    async (actor) => homeCard(await homeView(parts, actor)),
  );
}

beforeEach(async () => {
  typed = new Set();
  clicked = new Set();
  core = await Core.open([stackWith({ channels: [{ platform: 'slack', channel: 'C0OPS' }] })]);
  await core.worker.start();
});
afterEach(async () => {
  await slack.stop();
  await core.checkInvariants();
  await core.close();
  await workspace.close();
  await forwarder.close();
});

async function deliver(): Promise<void> {
  await core.untilIdle();
  core.chats.set('slack', slack);
  await core.deliver();
}

const as = (name: string) => workspace.as(`U0${name.toUpperCase()}`);
const said = (thing: Message | View): string => JSON.stringify(thing.blocks);

/** All text the person sees now: #ops with private messages, the chat with m0, and dialogs. */
function before(name: string): readonly string[] {
  const person = as(name);
  const direct = workspace.dm(`U0${name.toUpperCase()}`).messages;
  return [...person.sees('ops').map(said), ...direct.map(said), ...person.views.map(said)];
}

async function answered(name: string, already: readonly string[], expected: RegExp): Promise<string> {
  return vi.waitFor(() => {
    const fresh = before(name).filter((text) => !already.includes(text));
    const found = fresh.find((text) => expected.test(text));
    if (found === undefined) throw new Error(`${expected} is not in ${fresh.join('\n').slice(0, 2_000)}`);
    expect(found).not.toContain('went wrong inside m0');
    return found;
  }, SOON);
}

async function type(name: string, text: string, expected: RegExp): Promise<void> {
  const already = before(name);
  const { outcome } = await as(name).slash('/m0', text, 'ops');
  expect(outcome, text).toBe('acked');
  typed.add(text.split(' ')[0] ?? '');
  await answered(name, already, expected);
}

/** The newest card in #ops with this button. */
function cardWith(label: string): Message {
  const card = workspace
    .channel('ops')
    .messages.findLast((m) => m.threadTs === null && said(m).includes(`"text":"${label}"`));
  if (!card) throw new Error(`no card in #ops has a button "${label}"`);
  return card;
}

async function click(name: string, label: string, expected: RegExp | null): Promise<void> {
  const already = before(name);
  const result = await as(name).click(cardWith(label), label, { confirm: true });
  expect(result.outcome, label).toBe('acked');
  clicked.add(label);
  if (expected !== null) await answered(name, already, expected);
}

/** Clicks the button of the newest answer that only the person sees. */
async function confirm(name: string, label: string, expected: RegExp): Promise<void> {
  const already = before(name);
  const answer = as(name)
    .sees('ops')
    .findLast((m) => m.visibleTo === `U0${name.toUpperCase()}` && said(m).includes(`"text":"${label}"`));
  if (!answer) throw new Error(`${name} got no answer with a button "${label}"`);
  expect((await as(name).click(answer, label)).outcome, label).toBe('acked');
  await answered(name, already, expected);
}

/** Fills in and sends the dialog that is open. */
async function fillIn(name: string, values: Readonly<Record<string, string>>): Promise<void> {
  const view = await vi.waitFor(() => {
    const open = as(name).views.at(-1);
    if (!open) throw new Error('no dialog is open');
    return open;
  }, SOON);
  await as(name).submit(view.id, values);
  await deliver();
}

const runOf = async (): Promise<number> => {
  const [alert] = await core.store.alerts({ subject: STACK, state: 'open', kind: 'drift' });
  return alert?.runId ?? 0;
};

/** Makes drift, checks it and delivers the alert. Returns the run's id. */
async function drifted(...findings: (typeof SSH)[]): Promise<number> {
  core.cloud.drift.set(STACK, findings);
  await core.check('command');
  await deliver();
  return runOf();
}

describe.each(['socket', 'http'] as const)('in %s mode', (mode) => {
  test('every typed command is answered, and has its effect', async () => {
    await open(mode);
    const first = await drifted(SSH, TAG);
    await type('eve', 'help', /What I can do/);
    await type('eve', 'home', /Nothing waits for you; 1 stack drifted/);
    await type('eve', 'status', /drifted|open/);
    await type('eve', 'drift prod', /prod-network: /);
    await deliver();
    const id = await runOf();
    expect(id).toBeGreaterThanOrEqual(first);
    await type('eve', `show #${id}`, /ingress/);
    await type('eve', `why #${id}`, /waits for/);
    await type('eve', 'history', /History/);
    await type('eve', 'oncall', /primary/);
    await type('eve', 'digest', /open/);
    await type('eve', 'report prod', /Report of prod, .*drifted/);
    await type('eve', `policy ${STACK}`, /tags-auto/);
    await type('eve', 'stacks', /prod-network/);
    await type('eve', 'subscribe prod', /prod/);
    await type('eve', 'unsubscribe prod', /prod/);
    await type('eve', `ask #${id}`, /Dana|asked/i);
    await type('eve', `approve #${id}`, /Only .*may approve/);
    await type('eve', 'pause prod incident', /Only .*may pause prod/);
    await type('dana', 'pause prod the vendor works on it', /Paused prod/);
    await type('dana', `approve #${id}`, /Dana paused prod/);
    await type('dana', 'resume prod', /Resumed prod/);
    expect(await core.store.pauses()).toEqual([]);
    await type('dana', 'seen tags-auto', /Nothing is wrong/);
    await type('dana', 'codify #999', /There is no run #999/);
    await type('dana', `snooze #${id} ${SSH.address} 2h vendor needs SSH`, /Snoozed/);
    await type('dana', `baseline ${STACK}`, /vendor needs SSH/);
    await type('dana', `unsnooze ${STACK}`, /No longer snoozed/);
    await deliver();
    const again = await runOf();
    await type('dana', `accept #${again} ${TAG.address} finance owns these tags`, /Accepted/);
    await type('dana', `unaccept ${STACK}`, /No longer accepted/);
    await deliver();
    await type('dana', `reject #${await runOf()} ships on Monday`, /rejected/);
    const waiting = await drifted(SSH);
    await type('dana', `cancel #${waiting}`, /canceled/);
    const last = await drifted(SSH);
    await type('dana', `approve #${last}`, /approve run #\d+ \(close SSH again\)\?/);
    expect(core.cloud.applies).toEqual([]);
    await confirm('dana', 'Approve: close SSH again', /Approved/);
    await deliver();
    expect(core.cloud.applies.map((a) => a.touched)).toEqual([[SSH.address]]);
    expect([...typed].sort()).toEqual([...COMMAND_NAMES].sort());
  });

  test('every button of a card has its effect, and the card is updated', async () => {
    await open(mode);
    await drifted(SSH);
    await click('eve', 'Full diff', /ingress/);
    await click('eve', 'Approve: close SSH again', /Only .*may approve/);
    await click('dana', 'Snooze…', /How long|For how long/i);
    await fillIn('dana', { for: '4h', reason: 'vendor needs SSH' });
    await click('dana', 'Unsnooze', null);
    await deliver();
    await click('dana', 'Accept drift…', /as it is in the cloud, out of every apply/);
    await fillIn('dana', { reason: 'agreed with security' });
    await click('dana', 'Undo accept', null);
    await deliver();
    await click('dana', 'Approve: close SSH again', null);
    await vi.waitFor(() => expect(core.cloud.applies).toHaveLength(1), SOON);
    await deliver();
    expect(said(workspace.channel('ops').messages.findLast((m) => m.threadTs === null) as Message)).toMatch(
      /approved by Dana, verified/,
    );

    // Drift that changes after the approval is asked again: approve the new drift, or leave it.
    for (const answer of ['Approve what it is now', 'Reject: leave it']) {
      await drifted(SSH);
      core.cloud.next('plan', () => {
        core.cloud.drift.set(STACK, [SSH, TAG]);
      });
      await click('dana', 'Approve: close SSH again', null);
      await vi.waitFor(async () => expect((await core.run(await runOf())).moved).not.toBeNull(), SOON);
      await deliver();
      expect(said(cardWith('Approve what it is now'))).toContain('not applied');
      await click('kim', answer, null);
      await vi.waitFor(async () => {
        const waits = await core.store.runs({ stack: STACK, states: ['awaiting_approval', 'approved'] });
        expect(waits).toEqual([]);
      }, SOON);
      await deliver();
    }
    expect(core.cloud.applies.map((a) => a.touched)).toEqual([
      [SSH.address],
      [TAG.address, SSH.address].sort(),
    ]);

    // A failed check can be repeated from its card.
    core.cloud.next('plan', () => {
      throw new Error('reading S3 state: AccessDenied');
    });
    await core.check('command');
    await deliver();
    await click('eve', 'Try again', /checking|open/);
    expect([...clicked].sort()).toEqual([
      'Accept drift…',
      'Approve what it is now',
      'Approve: close SSH again',
      'Full diff',
      'Reject: leave it',
      'Snooze…',
      'Try again',
      'Undo accept',
      'Unsnooze',
    ]);
  });
});
