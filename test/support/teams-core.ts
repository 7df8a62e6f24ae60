/** m0's core and its real Teams side, over HTTP with the local Bot Connector, on one memory. */
import { vi } from 'vitest';
import { greetingView } from '../../src/alerts/home.ts';
import type { TeamsOptions } from '../../src/chat/teams/teams.ts';
import type { Finding } from '../../src/drift/finding.ts';
import { greetingCard } from '../../src/messages/greeting-card.ts';
import type { Directory, Stack } from '../../src/model/directory.ts';
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
/** Known to m0.yaml, and no approver. GUEST is of the same organisation and in no m0.yaml. */
export const EVE = '00000000-0000-4000-8000-00000000e0e0';
export const OPS = '19:ops@thread.tacv2';
export const DEV = '19:dev@thread.tacv2';
export const GROUP = '19:group@thread.v2';

export interface TeamsCoreOptions {
  readonly stacks?: readonly Stack[];
  readonly stack?: Partial<Stack>;
  readonly more?: Partial<Directory>;
  /** What is else about its Teams side, which else never waits for Teams' rates. */
  readonly teams?: (core: Core) => Partial<TeamsOptions>;
}

/** Time that goes on by three seconds between any two looks at it, so that no rate of Teams' is ever reached. */
export function hastyClock(): () => number {
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

  /** Teams alone: Dana and Kim may approve, Eve may not; m0 is in the team of `OPS` and `DEV`, and in `GROUP`. */
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
    const all = new TeamsCore(core, connector, { clock: hastyClock(), ...teams?.(core) });
    await all.start();
    await connector.addToTeam('sre');
    // The channels of the team's list, which m0 asks for.
    await vi.waitFor(async () => {
      for (const channel of [OPS, DEV])
        if (!(await core.store.teamsConversation(channel)))
          throw new Error(`m0 does not know ${channel} yet`);
    });
    return all;
  }

  /** m0's Teams side as a new process has it, on the memory of the core. */
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
        const parts = { store, directory: core.directory, onCall, clock: () => core.now };
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

  /** Delivers what is due now, each once. */
  async deliver(): Promise<void> {
    await this.core.rest();
    this.core.chats.set('teams', this.bot.teams);
    await this.core.deliver();
  }

  /** Lets time pass, delivering every so many ms as the service does. */
  async pass(ms: number, step = 1_000): Promise<void> {
    for (const end = this.core.now + ms; this.core.now < end; ) {
      this.core.now += step;
      await this.deliver();
    }
  }

  /** Drift is there, checked and told; the number of the run that tells it. */
  async drifted(...findings: readonly Finding[]): Promise<number> {
    this.core.cloud.drift.set(STACK, findings);
    await this.core.check('command');
    await this.deliver();
    return this.runId();
  }

  async runId(): Promise<number> {
    const [alert] = await this.core.store.alerts({ subject: STACK, state: 'open', kind: 'drift' });
    return alert?.runId ?? 0;
  }

  /** Root messages of m0's in the channel, oldest first. */
  cards(channel = OPS): readonly TeamsMessage[] {
    return this.connector.in(channel).filter((m) => m.card !== null);
  }

  newest(channel = OPS): TeamsMessage {
    const card = this.cards(channel).at(-1);
    if (!card) throw new Error(`there is no card in ${channel}`);
    return card;
  }

  /** All that a person can read of Teams now, one text a message. */
  before(person: string): readonly string[] {
    const open = [OPS, DEV, GROUP, this.connector.chat(person)].flatMap((c) => this.connector.in(c));
    const threads = open.flatMap((m) => this.connector.replies(m.id));
    return [...open, ...threads, ...this.connector.whispers(person)].map(readable);
  }

  async close(): Promise<void> {
    await this.bot.close();
    await this.core.holds();
    await this.core.close();
    await this.connector.close();
  }
}

/** What stands in a message: its text and its buttons. */
export function readable(message: TeamsMessage): string {
  return message.card === null
    ? message.summary
    : `${textOfCard(message.card)} ${titlesOf(message).join(' | ')}`;
}

/** Titles of all buttons of a message, those inside its dialogs included. */
export function titlesOf(message: TeamsMessage): readonly string[] {
  return [...elements(message.card, 'Action.ShowCard'), ...elements(message.card, 'Action.Execute')].map(
    (a) => String(a.title),
  );
}

/**
 * The title of what sends a command from a card: the button itself, or the one inside the dialog that it opens. That
 * one may be called as another is, so it is found by its command.
 */
export function sender(message: TeamsMessage, command: string): Readonly<Record<string, unknown>> {
  const action = elements(message.card, 'Action.Execute').find((a) =>
    String((a.data as { readonly command?: unknown }).command).startsWith(command),
  );
  if (action === undefined) throw new Error(`no button of "${readable(message)}" sends ${command}`);
  return action;
}
