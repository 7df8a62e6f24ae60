/** m0 with Slack and Teams side by side, then with Teams alone: everything real but the chats' own servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DANA as DANA_TEAMS, GUEST, KIM as KIM_TEAMS } from '../support/teams-bot.ts';
import {
  elements,
  startConnector,
  type TeamsConnector,
  type TeamsMessage,
  textOfCard,
} from '../support/teams-connector.ts';
import { buttons, poll, startWorld, type World } from '../support/world.ts';

const OPS = '19:ops@thread.tacv2';
const INGRESS = 'Security group web, lets in';
const SSH = '22/tcp from 203.0.113.7/32';
const REVERT = 'Revert the rule in the cloud';

let connector: TeamsConnector;
let world: World;
let slack = true;

/** The sandbox's m0.yaml with Teams in it, and Slack only while it is wanted. */
function withTeams(yaml: string): string {
  const config = parse(yaml);
  config.chat.teams = {};
  if (!slack) delete config.chat.slack;
  config.people.dana.teams = DANA_TEAMS;
  config.people.kim.teams = KIM_TEAMS;
  config.defaults.channels = [...(slack ? ['slack:C0OPS'] : []), `teams:${OPS}`];
  return stringify(config);
}

/** Tells the Bot Connector where m0 listens, which changes with each start. */
function reconnect(): void {
  if (!('url' in world.service)) throw new Error('m0 runs elsewhere');
  connector.connect(String(world.service.url));
}

/** The newest card of the channel that holds all words; waits for it. */
const card = (where: string, ...words: readonly string[]): Promise<TeamsMessage> =>
  connector.waitFor(
    () => connector.in(where).findLast((m) => words.every((w) => textOfCard(m.card).includes(w))),
    90_000,
  );
const titles = (message: TeamsMessage): readonly unknown[] =>
  [...elements(message.card, 'Action.Execute'), ...elements(message.card, 'Action.ShowCard')].map(
    (a) => a.title,
  );

beforeAll(async () => {
  connector = await startConnector({
    open: true,
    teams: { sre: [OPS] },
    people: [
      { aadObjectId: DANA_TEAMS, name: 'Dana Dee' },
      { aadObjectId: KIM_TEAMS, name: 'Kim Ko' },
      { aadObjectId: GUEST, name: 'Guest' },
    ],
  });
  world = await startWorld({ config: withTeams, variables: { M0_TEAMS_INSECURE_LOOPBACK: '1' } });
  reconnect();
});
afterAll(async () => {
  await world?.close();
  await connector?.close();
});

describe('one approval, two platforms', () => {
  it('a channel m0 was not met in is told by readyz, and Slack goes on', async () => {
    if (!('url' in world.service)) throw new Error('m0 runs elsewhere');
    const ready = await (await fetch(`${String(world.service.url)}/readyz`)).json();
    expect(ready).toMatchObject({
      ok: true,
      problems: [{ part: 'teams', problem: expect.stringContaining(OPS) }],
    });
    await connector.addToTeam('sre');
    await poll(async () => (connector.calls.includes('GET teams/sre/conversations') ? true : undefined));
  });

  it('drift is told in both, with the same buttons', async () => {
    await world.cloud.console.run('open-ssh');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    const there = await card(OPS, 'aws_security_group.web', SSH, 'waits');
    expect(titles(there)).toEqual(expect.arrayContaining([REVERT, 'Snooze…', 'Accept…', 'Full diff']));
    expect(textOfCard(elements(there.card, 'Action.ShowCard'))).toContain(SSH);
    expect(buttons(await world.card('aws_security_group.web', SSH))).toContain(REVERT);
  });

  it('who is no approver is refused in private, and nothing changes', async () => {
    const there = await card(OPS, 'aws_security_group.web');
    const inside = elements(elements(there.card, 'Action.ShowCard'), 'Action.Execute')[0]?.title;
    const before = textOfCard(there.card);
    const { bar } = await connector.as(GUEST).click(there, String(inside));
    expect(bar).toContain('may approve prod-network');
    expect(textOfCard(there.card)).toBe(before);
    expect(
      connector
        .replies(there.id)
        .map((m) => textOfCard(m.card))
        .join(),
    ).not.toContain('Guest');
    expect(await world.fact(INGRESS)).toContain(SSH);
  });

  it('snoozed by the form in the Teams card, both cards say so', async () => {
    const there = await card(OPS, 'aws_security_group.web');
    const form = elements(there.card, 'Action.ShowCard').find((a) => a.title === 'Snooze…');
    const ids = [...elements(form, 'Input.ChoiceSet'), ...elements(form, 'Input.Text')].map((i) =>
      String(i.id),
    );
    const id = (name: string): string => ids.find((i) => i.endsWith(`.${name}`)) ?? '?';
    await connector.as(DANA_TEAMS).click(there, 'Snooze', {
      [id('for')]: '3d',
      [id('address')]: 'all',
      [id('reason')]: 'vendor needs SSH',
    });
    await card(OPS, 'snoozed by Dana', 'vendor needs SSH');
    await world.card('snoozed by Dana', 'vendor needs SSH');
    await connector.as(DANA_TEAMS).say(OPS, '@m0 unsnooze #1');
    await card(OPS, 'waits', SSH);
  });

  it('approved in Teams it is reverted, and the cards of both tell who and what came of it', async () => {
    const open = await world.service.store.alerts({ stack: 'prod-network', state: 'open' });
    const id = open[0]?.runId ?? 0;
    const there = await card(OPS, `run #${id}`, 'waits');
    const inside = elements(elements(there.card, 'Action.ShowCard'), 'Action.Execute')[0]?.title;
    await connector.as(DANA_TEAMS).click(there, String(inside));
    const run = await world.until(id, 'realigned');
    expect(run.applied).toMatchObject([{ approvedBy: [{ person: 'dana', platform: 'teams' }] }]);
    expect(await world.fact(INGRESS)).not.toContain(SSH);
    const done = await card(OPS, `run #${id}`, 'Dana', 'verified');
    expect(done.id).toBe(there.id);
    expect(titles(done)).not.toContain(REVERT);
    const slackCard = await world.card(`run #${id}`, 'Dana', 'verified');
    expect(buttons(slackCard)).not.toContain(REVERT);
    expect(
      connector
        .replies(there.id)
        .map((m) => textOfCard(m.card))
        .join('\n'),
    ).toContain('Dana');
  });
});

describe('Teams alone', () => {
  it('starts without any token of Slack’s configuration, and forgot no channel', async () => {
    slack = false;
    const messages = connector.in(OPS).length;
    await world.restart();
    reconnect();
    if (!('url' in world.service)) throw new Error('m0 runs elsewhere');
    const ready = await (await fetch(`${String(world.service.url)}/readyz`)).json();
    expect(ready).toEqual({ ok: true, problems: [] });
    expect(connector.in(OPS)).toHaveLength(messages);
  });

  it('a command in the channel checks, the card and the DM to the one on call come', async () => {
    await world.cloud.console.run('open-ssh');
    await connector.as(KIM_TEAMS).say(OPS, '@m0 drift prod');
    const there = await card(OPS, 'aws_security_group.web', SSH, 'waits');
    expect(elements(there.card, 'Action.ShowCard').map((a) => a.title)).toContain(REVERT);
    const dm = await card(connector.chat(DANA_TEAMS), 'You are on call', SSH);
    expect(titles(dm)).toContain(REVERT);
  });

  it('approved in the DM it is reverted, and both copies tell', async () => {
    const dm = await card(connector.chat(DANA_TEAMS), 'You are on call', 'waits');
    const inside = elements(elements(dm.card, 'Action.ShowCard'), 'Action.Execute')[0]?.title;
    const open = await world.service.store.alerts({ stack: 'prod-network', state: 'open' });
    const id = open[0]?.runId ?? 0;
    await connector.as(DANA_TEAMS).click(dm, String(inside));
    await world.until(id, 'realigned');
    expect(await world.fact(INGRESS)).not.toContain(SSH);
    await card(OPS, `run #${id}`, 'verified');
    await card(connector.chat(DANA_TEAMS), `run #${id}`, 'verified');
  });

  it('whoever is on call and can’t be written to is called by name in the channel', async () => {
    connector.uninstall(DANA_TEAMS);
    await world.cloud.console.run('open-ssh');
    await connector.as(KIM_TEAMS).say(OPS, '@m0 drift prod');
    const there = await card(OPS, 'aws_security_group.web', SSH, 'waits');
    const call = await connector.waitFor(
      () => connector.replies(there.id).find((m) => elements(m.card, 'mention').length > 0),
      90_000,
    );
    expect(elements(call.card, 'mention')).toMatchObject([{ mentioned: { id: DANA_TEAMS, name: 'Dana' } }]);
    expect(textOfCard(call.card)).toContain('add m0 for yourself in Teams');
  });
});
