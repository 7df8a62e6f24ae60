/** m0's core with the real Teams adapter, which talks over HTTP to the local Bot Connector; both use one store. */
import { vi } from 'vitest';
import { greetingView } from '../../src/alerts/home.ts';
import type { TeamsOptions } from '../../src/chat/teams/teams.ts';
import type { Finding } from '../../src/drift/finding.ts';
import { greetingCard } from '../../src/messages/greeting-card.ts';
import type { Directory, Stack } from '../../src/model/directory.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { Core, STACK, stackWith } from './core.ts';
import { directory } from './directory.ts';
import { type Bot, DANA, GUEST, KIM, startBot, teamsOptions } from './teams-bot.ts';
import {
  elements,
  startConnector,
  type TeamsConnector,
  type TeamsMessage,
  textOfCard,
} from './teams-connector.ts';

export { DANA, GUEST, KIM };
/** EVE is in m0.yaml but is no approver. GUEST belongs to the same organisation but is not in m0.yaml. */
export const EVE = '00000000-0000-4000-8000-00000000e0e0';
export const OPS = '19:ops@thread.tacv2';
export const DEV = '19:dev@thread.tacv2';
export const GROUP = '19:group@thread.v2';

export interface TeamsCoreOptions {
  readonly stacks?: readonly Stack[];
  readonly stack?: Partial<Stack>;
  readonly more?: Partial<Directory>;
  /** Changes of the Teams options. By default the clock runs so fast that m0 never waits for Teams' rate limits. */
  readonly teams?: (core: Core) => Partial<TeamsOptions>;
}

/** A clock that advances three seconds each time it is read, so m0 never reaches a rate limit of Teams. */
export function fastClock(): () => number {
  let now = Date.parse('2026-03-02T12:00:00Z');
  return () => {
    now += 3_000;
    return now;
  };
}

export class TeamsCore {
  readonly core: Core;
  readonly connector: TeamsConnector;
  readonly logged: string[] = [];
  bot!: Bot;
  readonly #change: Partial<TeamsOptions>;

  private constructor(core: Core, connector: TeamsConnector, change: Partial<TeamsOptions>) {
    this.core = core;
    this.connector = connector;
    this.#change = change;
  }

  /** A core with Teams only. Dana and Kim may approve, Eve may not; m0 is in the team of `OPS` and `DEV`, and in `GROUP`. */
  static async open({ stacks, stack, more, teams }: TeamsCoreOptions = {}): Promise<TeamsCore> {
    const ids: Readonly<Record<string, string>> = { dana: DANA, kim: KIM, eve: EVE };
    const people = directory().people.map((p) => ({ ...p, slack: null, teams: ids[p.key] ?? null }));
    const told = { channels: [{ platform: 'teams' as const, channel: OPS }] };
    const core = await Core.open(stacks ?? [stackWith({ ...told, ...stack })], { people, ...more });
    await core.worker.start();
    const connector = await startConnector({
      teams: { sre: [OPS, DEV] },
      groupChats: [GROUP],
      people: [
        { aadObjectId: DANA, name: 'dana' },
        { aadObjectId: KIM, name: 'kim' },
        { aadObjectId: EVE, name: 'eve' },
        { aadObjectId: GUEST, name: 'guest' },
      ],
    });
    const all = new TeamsCore(core, connector, { clock: fastClock(), ...teams?.(core) });
    await all.start();
    await connector.addToTeam('sre');
    // m0 fetches the team's channel list and learns these channels from it.
    await vi.waitFor(async () => {
      for (const channel of [OPS, DEV])
        if (!(await core.store.teamsConversation(channel)))
          throw new Error(`m0 does not know ${channel} yet`);
    });
    return all;
  }

  /** Starts a new Teams adapter on the core's store, as after a restart. */
  async start(): Promise<void> {
    const { core, connector, logged } = this;
    const options = teamsOptions(connector, core.store, logged, {
      people: core.directory.people,
      ...this.#change,
    });
    this.bot = await startBot(
      options,
      (incoming) => core.handler(incoming),
      async (actor) => {
        const { store, onCall } = core;
        const parts = { store, directory: core.directory, onCall, lastTicks, clock: () => core.now };
        return greetingCard(await greetingView(parts, actor));
      },
    );
    connector.connect(this.bot.url);
  }

  async restart(): Promise<void> {
    await this.bot.close();
    await this.core.restart();
    await this.start();
  }

  /** Tries to deliver each outbox message that is due now, once. */
  async deliver(): Promise<void> {
    await this.core.untilIdle();
    this.core.chats.set('teams', this.bot.teams);
    await this.core.deliver();
  }

  /** Advances the clock by `ms`, delivering every `step` ms as the service does. */
  async pass(ms: number, step = 1_000): Promise<void> {
    for (const end = this.core.now + ms; this.core.now < end; ) {
      this.core.now += step;
      await this.deliver();
    }
  }

  /** Makes drift, checks the stack and delivers the alert. Returns the run's id. */
  async alertDrift(...findings: readonly Finding[]): Promise<number> {
    this.core.cloud.drift.set(STACK, findings);
    await this.core.check('command');
    await this.deliver();
    return this.runId();
  }

  async runId(): Promise<number> {
    const [alert] = await this.core.store.alerts({ subject: STACK, state: 'open', kind: 'drift' });
    return alert?.runId ?? 0;
  }

  /** Root messages of m0 in the channel, oldest first. */
  cards(channel = OPS): readonly TeamsMessage[] {
    return this.connector.in(channel).filter((m) => m.card !== null);
  }

  newest(channel = OPS): TeamsMessage {
    const card = this.cards(channel).at(-1);
    if (!card) throw new Error(`there is no card in ${channel}`);
    return card;
  }

  /** The text of each message that a person can see in Teams now. */
  visibleTo(person: string): readonly string[] {
    const open = [OPS, DEV, GROUP, this.connector.chat(person)].flatMap((c) => this.connector.in(c));
    const threads = open.flatMap((m) => this.connector.replies(m.id));
    return [...open, ...threads, ...this.connector.whispers(person)].map(readable);
  }

  async close(): Promise<void> {
    await this.bot.close();
    await this.core.checkInvariants();
    await this.core.close();
    await this.connector.close();
  }
}

/** The text of a message and the titles of its buttons. */
export function readable(message: TeamsMessage): string {
  return message.card === null
    ? message.summary
    : `${textOfCard(message.card)} ${titlesOf(message).join(' | ')}`;
}

/** Titles of all buttons of a message, including those inside dialogs. */
export function titlesOf(message: TeamsMessage): readonly string[] {
  return [...elements(message.card, 'Action.ShowCard'), ...elements(message.card, 'Action.Execute')].map(
    (a) => String(a.title),
  );
}

/**
 * The titles of the buttons that send a command from a card: the button itself, or the one inside a dialog. Inner
 * buttons may share a title, so the button is found by its command.
 */
export function sender(message: TeamsMessage, command: string): Readonly<Record<string, unknown>> {
  const action = elements(message.card, 'Action.Execute').find((a) =>
    String((a.data as { readonly command?: unknown }).command).startsWith(command),
  );
  if (action === undefined) throw new Error(`no button of "${readable(message)}" sends ${command}`);
  return action;
}
