/**
 * Teams with two processes that take commands, behind a balancer: each activity may reach either. Slack is connected too, and
 * two workers on labels plan and apply. The owner posts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { POSTGRES_MISSING } from '../support/postgres-server.ts';
import type { WorkerProcess } from '../support/process.ts';
import {
  elements,
  startConnector,
  type TeamsConnector,
  type TeamsMessage,
  textOfCard,
} from '../support/teams-connector.ts';
import { buttonsOn, GUEST, KIM, OPS, press, withTeams } from '../support/teams-world.ts';
import { startWorkersWorld, type WorkersWorld } from '../support/workers-world.ts';
import { buttons, DANA, poll } from '../support/world.ts';

/** The text of a card in one line. */
const told = (m: TeamsMessage): string => textOfCard(m.card).replaceAll(/\s+/g, ' ');

const STACKS = { alpha: 'alpha', beta: 'beta' } as const;
const PATIENCE_MS = 60_000;

/** Kim is on call and is known in Teams only, Dana in Slack only. The stack `beta` needs both. */
function config(yaml: string): string {
  const raw = parse(withTeams(yaml, true));
  delete raw.people.kim.slack;
  delete raw.people.dana.teams;
  raw.oncall.primary.rotation.people = ['kim'];
  for (const stack of raw.stacks) {
    stack.approvers = {
      from: ['sre', 'oncall:primary'],
      need: stack.name === 'beta' ? 2 : 1,
      notTheAuthor: false,
    };
  }
  return stringify(raw);
}

describe.skipIf(POSTGRES_MISSING !== null)('Teams with replicas behind a balancer', () => {
  let m0: WorkersWorld;
  let connector: TeamsConnector;
  let balancer: Balancer;
  let replica: WorkerProcess;
  let ownerUrl: string;
  let replicaUrl: string;

  beforeAll(async () => {
    balancer = await startBalancer();
    connector = await startConnector({
      open: true,
      teams: { sre: [OPS] },
      people: [
        { aadObjectId: KIM, name: 'Kim Ko' },
        { aadObjectId: GUEST, name: 'Guest' },
      ],
    });
    connector.connect(balancer.url);
    m0 = await startWorkersWorld(STACKS, [], 'bot,scheduler', Object.keys(STACKS), {
      config,
      variables: { M0_TEAMS_INSECURE_LOOPBACK: '1' },
    });
    for (const stack of Object.keys(STACKS)) await m0.open(stack);
    [replica] = await Promise.all([
      m0.owner.replica('the-replica'),
      m0.owner.worker('the-alpha', 'alpha', { TOKEN_ALPHA: 'token-alpha' }),
      m0.owner.worker('the-beta', 'beta', { TOKEN_BETA: 'token-beta' }),
    ]);
    ownerUrl = String(m0.world.service.url);
    replicaUrl = urlIn(replica.output());
    balancer.use(ownerUrl, replicaUrl);
    for (const stack of Object.keys(STACKS)) await m0.newest(stack, 'clean');
  });
  afterAll(async () => {
    await m0?.close();
    await connector?.close();
    await balancer?.close();
  });

  const urlIn = (output: string): string => /"url":"(http[^"]+)"/.exec(output)?.[1] ?? '';
  const outputOf = (url: string): string => (url === replicaUrl ? replica.output() : m0.owner.logs.join(''));
  /** How often the process has carried out the command. */
  const carriedOut = (url: string, command: string): number =>
    outputOf(url)
      .split('\n')
      .filter((line) => line.includes(`"command":"${command}"`) && line.includes('"msg":"command"')).length;

  async function teamsProblems(url: string): Promise<readonly string[]> {
    const { problems } = (await (await fetch(`${url}/readyz`)).json()) as {
      problems: readonly { readonly part: string; readonly problem: string }[];
    };
    return problems.flatMap(({ part, problem }) => (part === 'teams' ? [problem] : []));
  }

  /** The newest message there with all words, as soon as it is there. */
  function card(where: string, ...wanted: readonly string[]): Promise<TeamsMessage> {
    return connector.waitFor(
      () => connector.in(where).findLast((m) => wanted.every((w) => told(m).includes(w))),
      PATIENCE_MS,
      () =>
        connector
          .in(where)
          .slice(-3)
          .map((m) => textOfCard(m.card))
          .join('\n---\n'),
    );
  }

  /** Waits for the channel's card of the run that asks for a decision. */
  const asking = async (stack: string): Promise<{ readonly id: number; readonly shown: TeamsMessage }> => {
    const { id } = await m0.ask(stack);
    const shown = await card(OPS, `· run #${id} `, 'waits');
    return { id, shown };
  };
  const approvalOf = (shown: TeamsMessage): string => buttonsOn(shown)[0] ?? '';

  /** What the audit record has of that action, as people's names. */
  const recorded = async (action: string): Promise<readonly (string | null)[]> =>
    (await m0.world.service.store.audit({ limit: 500 }))
      .filter((entry) => entry.action === action)
      .map((entry) => entry.actor.person);

  it('the owner posts to a channel and a person that only the replica has met', async () => {
    expect(await teamsProblems(ownerUrl)).toEqual([expect.stringContaining(OPS)]);
    balancer.turnTo(replicaUrl);
    await connector.addToTeam('sre');
    balancer.turnTo(replicaUrl);
    await connector.install(KIM);
    await card(connector.chat(KIM), 'I am m0');
    expect(balancer.answeredBy).toEqual([replicaUrl, replicaUrl]);
    await m0.merge('alpha', 'v2');
    const { id } = await asking('alpha');
    await card(connector.chat(KIM), 'You are on call', `run #${id} `);
    // The chat with the person is the one in which the replica has met them.
    expect(connector.calls).not.toContain('POST conversations');
    for (const url of [ownerUrl, replicaUrl])
      await poll(async () => (await teamsProblems(url)).length === 0 || undefined, `${url} to know ${OPS}`);
  });

  it('a command in Teams is answered whichever process gets it', async () => {
    for (const url of [ownerUrl, replicaUrl]) {
      const before = { answers: connector.whispers(GUEST).length, own: carriedOut(url, 'status') };
      balancer.turnTo(url);
      await connector.as(GUEST).say(OPS, '@m0 status alpha');
      await connector.waitFor(() => connector.whispers(GUEST).length > before.answers, PATIENCE_MS);
      expect(textOfCard(connector.whispers(GUEST).at(-1)?.card)).toContain('alpha');
      expect(carriedOut(url, 'status')).toBe(before.own + 1);
    }
  });

  it('the owner’s card is clicked at the replica: one decision, one apply, no edit twice', async () => {
    const shown = await card(OPS, 'alpha', 'run #');
    const [run] = await m0.runsOf('alpha');
    const id = run?.id ?? 0;
    balancer.turnTo(replicaUrl);
    const approve = approvalOf(shown);
    await press(connector, KIM, shown, approve);
    expect(balancer.answeredBy.at(-1)).toBe(replicaUrl);
    await m0.world.until(id, 'realigned');
    const done = await card(OPS, `run #${id} `, 'Kim', 'verified');
    expect([done.id, buttonsOn(done).includes(approve)]).toEqual([shown.id, false]);
    expect((await m0.world.run(id)).applied).toMatchObject([
      { approvedBy: [{ person: 'kim', platform: 'teams' }], verifiedAt: expect.any(Number) },
    ]);
    expect(await recorded('approve')).toEqual(['kim']);
    expect(await m0.tally('alpha')).toEqual(['began v2 the-alpha', 'made v2 the-alpha']);
    const texts = connector.edits.filter((edit) => edit.id === shown.id).map(({ text }) => text);
    expect(texts.filter((text, i) => text === texts[i - 1])).toEqual([]);
    // The copy in the chat with the person says so too.
    await card(connector.chat(KIM), `run #${id} `, 'verified');
  });

  it('an activity that comes twice, to both processes, has one effect', async () => {
    /** Sends it to both at the same time, and once more to each, as the Bot Connector does when an answer was lost. */
    const sendTwice = async (activity: object) => {
      balancer.turnTo(ownerUrl);
      const from = balancer.answeredBy.length;
      const sent = [1, 2].map(() => connector.deliver(activity as never));
      const answers = [...(await Promise.all(sent))];
      for (const _ of [ownerUrl, replicaUrl]) answers.push(await connector.deliver(activity as never));
      expect(balancer.answeredBy.slice(from).toSorted()).toEqual(
        [ownerUrl, ownerUrl, replicaUrl, replicaUrl].toSorted(),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      return answers.map(({ body }) => body?.value);
    };

    const before = connector.whispers(KIM).length;
    await sendTwice(
      connector.activity(KIM, `${OPS};messageid=${connector.in(OPS)[0]?.id}`, {
        ...{ type: 'message', text: '<at>m0 (test)</at>&nbsp;pause alpha twice' },
        entities: [
          {
            ...{ type: 'mention', text: '<at>m0 (test)</at>' },
            mentioned: { id: connector.botId, name: 'm0 (test)' },
          },
        ],
      }),
    );
    const isTold = (what: string): Promise<unknown> =>
      connector.waitFor(
        () =>
          connector
            .whispers(KIM)
            .slice(before)
            .some((m) => told(m).includes(what)),
        PATIENCE_MS,
      );
    // The answer comes after the pause is stored, and the other process may answer the next command faster.
    await isTold('Paused');
    await connector.as(KIM).say(OPS, '@m0 resume alpha');
    await isTold('Resumed');
    expect(await recorded('pause')).toEqual(['kim']);
    expect(connector.whispers(KIM).slice(before).map(told)).toEqual([
      expect.stringMatching(/^Paused /),
      expect.stringMatching(/^Resumed /),
    ]);

    await m0.merge('alpha', 'v3');
    const { id, shown } = await asking('alpha');
    const [dialog] = elements(shown.card, 'Action.ShowCard').filter((a) => a.title === approvalOf(shown));
    const [action] = elements(dialog, 'Action.Execute');
    const bars = await sendTwice(
      connector.activity(KIM, `${OPS};messageid=${shown.id}`, {
        ...{ type: 'invoke', name: 'adaptiveCard/action', replyToId: shown.id },
        value: { action: { ...action, type: 'Action.Execute' }, trigger: 'manual' },
      }),
    );
    expect(bars.filter((bar) => bar === 'm0 got this already.')).toHaveLength(3);
    await m0.world.until(id, 'realigned');
    expect(await recorded('approve')).toEqual(['kim', 'kim']);
    expect((await m0.world.run(id)).applied).toHaveLength(1);
    expect((await m0.tally('alpha')).slice(2)).toEqual(['began v3 the-alpha', 'made v3 the-alpha']);
  });

  it('approved at the same time in Slack at one process and in Teams at the other: one apply', async () => {
    await m0.merge('beta', 'v2');
    const { id, shown } = await asking('beta');
    const inSlack = await m0.world.card(`run #${id} `, 'beta');
    // Slack takes turns: after the one that gets this comes the other one.
    const before = [ownerUrl, replicaUrl].map((url) => carriedOut(url, 'status'));
    await m0.world.type(DANA, 'status beta');
    const asked = await poll(
      async () => [ownerUrl, replicaUrl].find((url, i) => carriedOut(url, 'status') > (before[i] ?? 0)),
      'Slack’s command',
    );
    const approvals = [ownerUrl, replicaUrl].map((url) => carriedOut(url, 'approve'));
    balancer.turnTo(asked);
    await Promise.all([
      m0.world.workspace.as(DANA).click(inSlack, buttons(inSlack)[0] ?? '', { confirm: true }),
      press(connector, KIM, shown, approvalOf(shown)),
    ]);
    await m0.world.until(id, 'realigned');
    expect([ownerUrl, replicaUrl].map((url, i) => carriedOut(url, 'approve') - (approvals[i] ?? 0))).toEqual([
      1, 1,
    ]);
    const { applied } = await m0.world.run(id);
    expect(applied).toHaveLength(1);
    expect(applied[0]?.approvedBy.map((by) => by.person).toSorted()).toEqual(['dana', 'kim']);
    expect(await m0.tally('beta')).toEqual(['began v2 the-beta', 'made v2 the-beta']);
    await card(OPS, `run #${id} `, 'Dana', 'Kim', 'verified');
    await m0.world.card(`run #${id} `, 'Dana', 'Kim', 'verified');
  });

  it('a replica that is killed behind the balancer loses no click', async () => {
    await m0.merge('alpha', 'v4');
    const { id, shown } = await asking('alpha');
    await replica.kill();
    balancer.turnTo(replicaUrl);
    const clicked = await press(connector, KIM, shown, approvalOf(shown));
    expect(clicked.status).toBe(200);
    expect([balancer.refusedBy, balancer.answeredBy.at(-1)]).toEqual([[replicaUrl], ownerUrl]);
    await m0.world.until(id, 'realigned');
    expect((await m0.tally('alpha')).slice(4)).toEqual(['began v4 the-alpha', 'made v4 the-alpha']);
  });

  it('while the owner is gone a click in Teams is taken in; the next owner has it applied', async () => {
    replica = await m0.owner.replica('the-next-replica');
    replicaUrl = urlIn(replica.output());
    balancer.use(ownerUrl, replicaUrl);
    await m0.merge('alpha', 'v5');
    const { id, shown } = await asking('alpha');
    await m0.owner.kill();
    const clicked = await press(connector, KIM, shown, approvalOf(shown));
    expect([clicked.status, balancer.answeredBy.at(-1)]).toEqual([200, replicaUrl]);
    expect((await m0.world.run(id)).approvals).toMatchObject([{ by: { person: 'kim' } }]);
    await m0.world.restart();
    await m0.world.until(id, 'realigned');
    await card(OPS, `run #${id} `, 'Kim', 'verified');
    expect((await m0.tally('alpha')).slice(6)).toEqual(['began v5 the-alpha', 'made v5 the-alpha']);
    expect(await m0.audit()).toMatchObject({ ok: true });
  });
});
