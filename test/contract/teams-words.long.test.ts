/** Types each command everywhere Teams allows it, clicks each button and submits each form. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { COMMAND_NAMES } from '../../src/commands/grammar.ts';
import { STACK } from '../support/core.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';
import { type Clicked, elements, type TeamsMessage } from '../support/teams-connector.ts';
import { DANA, EVE, GROUP, KIM, OPS, readable, TeamsCore, titlesOf } from '../support/teams-core.ts';

const SSH = sshFinding();
const TAG = tagFinding();
const SOON = 15_000;

let teams: TeamsCore;
/** Commands that were typed, and titles of buttons that were clicked. */
let typed: Set<string>;
let clicked: Set<string>;

beforeEach(async () => {
  typed = new Set();
  clicked = new Set();
  teams = await TeamsCore.open();
});
afterEach(async () => {
  await teams.close();
  expect(teams.logged.join('')).not.toContain('"level":50');
});

/** Where a command can be typed, and how. */
const WAYS: Readonly<Record<string, (person: string, text: string) => Promise<void>>> = {
  'in a channel': (person, text) => teams.connector.as(person).say(OPS, `@m0 ${text}`),
  'in a group chat': (person, text) => teams.connector.as(person).say(GROUP, `@m0 ${text}`),
  'in the chat with m0': (person, text) => teams.connector.as(person).say(teams.connector.chat(person), text),
  'as a slash command': (person, text) => teams.connector.as(person).slash(OPS, text),
};

/** The messages the person sees that were not there before; a repeated text counts as new. */
function fresh(person: string, already: readonly string[]): readonly string[] {
  const left = [...already];
  return teams.visibleTo(person).filter((text) => {
    const at = left.indexOf(text);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

async function answered(person: string, already: readonly string[], expected: RegExp): Promise<string> {
  return vi.waitFor(() => {
    const now = fresh(person, already);
    const found = now.find((text) => expected.test(text));
    if (found === undefined) throw new Error(`${expected} is not in ${now.join('\n').slice(0, 2_000)}`);
    expect(found).not.toContain('went wrong inside m0');
    return found;
  }, SOON);
}

describe.each(Object.entries(WAYS))('%s', (where, say) => {
  const isDirect = where === 'in the chat with m0';
  /** Commands whose answers everybody in the channel sees; all other answers are private. */
  const forAll = [
    ...['drift', 'subscribe', 'unsubscribe'],
    // The pages of a visible command are shown in its thread.
    ...(where === 'as a slash command' ? [] : ['show']),
  ];

  async function type(person: string, text: string, expected: RegExp): Promise<void> {
    const [already, others] = [teams.visibleTo(person), teams.visibleTo(KIM)];
    await say(person, text);
    const [command = ''] = text.split(' ');
    typed.add(command);
    const found = await answered(person, already, expected);
    if (!forAll.includes(command)) expect(fresh(KIM, others), text).not.toContain(found);
    await teams.deliver();
  }

  test('every typed command is answered, and has its effect', async () => {
    const { core } = teams;
    const first = await teams.alertDrift(SSH, TAG);
    await type(EVE, 'help', /What I can do/);
    await type(EVE, 'home', /Nothing waits for you; 1 stack drifted/);
    await type(EVE, 'status', /drifted|open/);
    await type(EVE, 'drift prod', /prod-network: /);
    const id = await teams.runId();
    expect(id).toBeGreaterThanOrEqual(first);
    await type(EVE, `show #${id}`, /ingress/);
    await type(EVE, `why #${id}`, /waits for/);
    await type(EVE, 'codify #999', /There is no run #999/);
    await type(EVE, 'history', /History/);
    await type(EVE, 'oncall', /primary/);
    await type(EVE, 'digest', /open/);
    await type(EVE, 'report prod', /Report of prod, .*drifted/);
    await type(EVE, `policy ${STACK}`, /tags-auto/);
    await type(EVE, 'stacks', /prod-network/);
    await type(EVE, 'subscribe prod', isDirect ? /can’t be subscribed/ : /prod/);
    const channel = where === 'in a group chat' ? GROUP : OPS;
    expect((await core.store.subscriptions()).map((s) => s.channel)).toEqual(isDirect ? [] : [channel]);
    await type(EVE, 'unsubscribe prod', isDirect ? /can’t be subscribed/ : /prod/);
    expect(await core.store.subscriptions()).toEqual([]);
    await type(EVE, `ask #${id}`, /Dana|asked/i);
    await type(EVE, `approve #${id}`, /Only .*may approve/);
    expect(core.cloud.applies).toEqual([]);
    await type(EVE, 'pause prod incident', /Only .*may pause prod/);
    await type(DANA, 'pause prod the vendor works on it', /Paused prod/);
    expect(await core.store.pauses()).toMatchObject([{ target: 'prod', by: { platform: 'teams' } }]);
    await type(DANA, `approve #${id}`, /Dana paused prod/);
    await type(DANA, 'resume prod', /Resumed prod/);
    expect(await core.store.pauses()).toEqual([]);
    await type(DANA, 'seen tags-auto', /Nothing is wrong/);
    await type(DANA, `snooze #${id} ${SSH.address} 2h vendor needs SSH`, /Snoozed/);
    await type(DANA, `baseline ${STACK}`, /vendor needs SSH/);
    await type(DANA, `unsnooze ${STACK}`, /No longer snoozed/);
    const again = await teams.runId();
    await type(DANA, `accept #${again} ${TAG.address} finance owns these tags`, /Accepted/);
    expect(await core.store.exemptions(STACK)).toMatchObject([{ kind: 'accept', by: { platform: 'teams' } }]);
    await type(DANA, `unaccept ${STACK}`, /No longer accepted/);
    await type(DANA, `reject #${await teams.runId()} ships on Monday`, /rejected/);
    const waiting = await teams.alertDrift(SSH);
    await type(DANA, `cancel #${waiting}`, /canceled/);
    const last = await teams.alertDrift(SSH);
    await type(DANA, `approve #${last}`, /approve run #\d+ \(close SSH again\)\?/);
    expect(core.cloud.applies).toEqual([]);
    const label = 'Approve: close SSH again';
    // The card's own button opens a dialog; that of the answer is the dialog.
    const asked = everything(DANA).findLast((m) =>
      elements(m.card, 'Action.Execute').some((a) => a.title === label),
    );
    if (asked === undefined) throw new Error('the answer asks for no confirmation');
    await click(DANA, asked, label);
    expect(core.cloud.applies.map((a) => a.touched)).toEqual([[SSH.address]]);
    expect((await core.run(last)).applied).toMatchObject([
      { approvedBy: [{ person: 'dana', platform: 'teams', userId: DANA }] },
    ]);
    expect([...typed].sort()).toEqual([...COMMAND_NAMES].sort());
  });

  test('a command without a reason opens a form in a separate message, which is replaced after use', async () => {
    const { core } = teams;
    const id = await teams.alertDrift(SSH);
    for (const [text, submit, fields, kind] of [
      [`snooze #${id}`, 'Snooze', { for: '3d', reason: 'vendor needs SSH' }, 'snooze'],
      [`accept #${id}`, 'Keep as it is', { address: SSH.address, reason: 'agreed with security' }, 'accept'],
    ] as const) {
      const already = teams.visibleTo(DANA);
      await say(DANA, text);
      const shown = await answered(DANA, already, /Shown|Keeps|For how long|quiet and out of/);
      const form = everything(DANA).find((m) => readable(m) === shown);
      if (!form) throw new Error('no form');
      const sent = await click(DANA, form, submit, named(form, fields));
      expect(sent.status).toBe(200);
      await teams.deliver();
      expect(await core.store.exemptions(STACK)).toMatchObject([{ kind, reason: fields.reason }]);
      if (isDirect) expect(titlesOf(form)).not.toContain(submit);
      await say(DANA, `un${kind} ${STACK}`);
      await vi.waitFor(async () => expect(await core.store.exemptions(STACK)).toEqual([]), SOON);
      await teams.deliver();
      await teams.alertDrift(SSH);
    }
  });
});

/** All messages that the person sees. */
const everything = (person: string): readonly TeamsMessage[] => {
  const { connector } = teams;
  const open = [OPS, GROUP, connector.chat(person)].flatMap((c) => connector.in(c));
  return [...open, ...open.flatMap((m) => connector.replies(m.id)), ...connector.whispers(person)];
};

/** Answers by the ids of the form's inputs on that card, which are `FORM.NAME`. */
function named(on: unknown, answers: Readonly<Record<string, string>>): Record<string, string> {
  const inputs = [...elements(on, 'Input.ChoiceSet'), ...elements(on, 'Input.Text')];
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => {
      const input = inputs.find((i) => String(i.id).endsWith(`.${name}`));
      if (input === undefined) throw new Error(`the form has no field ${name}`);
      return [String(input.id), answer];
    }),
  );
}

async function click(
  person: string,
  message: TeamsMessage,
  title: string,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Clicked> {
  const result = await teams.connector.as(person).click(message, title, inputs);
  expect(result.status, title).toBe(200);
  await teams.core.untilIdle();
  await teams.deliver();
  return result;
}

/** The content that a button opens: a confirmation or a form. */
function opened(message: TeamsMessage, title: string) {
  const show = elements(message.card, 'Action.ShowCard').find((a) => a.title === title);
  if (show === undefined) throw new Error(`nothing opens by "${title}" on ${readable(message)}`);
  return show;
}
const submitOf = (show: unknown): string => String(elements(show, 'Action.Execute')[0]?.title);

/** Presses a button of the newest card that has it, through its dialog where it opens one. */
async function press(
  person: string,
  title: string,
  answers: Readonly<Record<string, string>> = {},
): Promise<Clicked> {
  const card = teams
    .cards()
    .findLast((m) => elements(m.card, 'ActionSet').some((set) => hasTitle(set, title)));
  if (!card) throw new Error(`no card in ${OPS} has a button "${title}"`);
  clicked.add(title);
  if (elements(card.card, 'Action.ShowCard').some((a) => a.title === title)) {
    const show = opened(card, title);
    return click(person, card, submitOf(show), named(show, answers));
  }
  return click(person, card, title);
}
const hasTitle = (set: Readonly<Record<string, unknown>>, title: string): boolean =>
  Array.isArray(set.actions) && set.actions.some((a) => a.title === title);

test('every button of a card has its effect, and the card is updated', async () => {
  const { core } = teams;
  await teams.alertDrift(SSH);
  const already = teams.visibleTo(EVE);
  await press(EVE, 'Full diff');
  await answered(EVE, already, /ingress/);
  expect((await press(EVE, 'Approve: close SSH again')).bar).toMatch(/Only .*may approve/);
  expect(core.cloud.applies).toEqual([]);
  await press(DANA, 'Snooze…', { for: '4h', reason: 'vendor needs SSH' });
  expect(readable(teams.newest())).toMatch(/snoozed by Dana.*vendor needs SSH/s);
  await press(DANA, 'Unsnooze');
  expect(await core.store.exemptions(STACK)).toEqual([]);
  await press(DANA, 'Accept drift…', { reason: 'agreed with security' });
  expect(readable(teams.newest())).toMatch(/accepted by Dana.*agreed with security/s);
  await press(DANA, 'Undo accept');
  await press(DANA, 'Approve: close SSH again');
  expect(core.cloud.applies).toHaveLength(1);
  expect(readable(teams.newest())).toMatch(/approved by Dana, verified/);

  // Drift that changes after the approval is asked again: approve the new drift, or leave it.
  for (const answer of ['Approve what it is now', 'Reject: leave it']) {
    await teams.alertDrift(SSH);
    core.cloud.next('plan', () => {
      core.cloud.drift.set(STACK, [SSH, TAG]);
    });
    await press(DANA, 'Approve: close SSH again');
    expect((await core.run(await teams.runId())).moved).not.toBeNull();
    expect(readable(teams.newest())).toContain('not applied');
    await press(KIM, answer);
    expect(await core.store.runs({ stack: STACK, states: ['awaiting_approval', 'approved'] })).toEqual([]);
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
  await teams.deliver();
  const before = teams.visibleTo(EVE);
  await press(EVE, 'Try again');
  await answered(EVE, before, /checking|open/);
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

test('a form without a reason, or with spaces only, stores nothing and says what is missing', async () => {
  await teams.alertDrift(SSH);
  const { bar } = await press(DANA, 'Accept drift…', { reason: '   ' });
  expect(bar).toMatch(/form below|reason|why/i);
  expect(await teams.core.store.exemptions(STACK)).toEqual([]);
});
