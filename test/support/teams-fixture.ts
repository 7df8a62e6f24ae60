/** A test fixture: a local Teams with a team, a group chat and three people, and m0 connected to it as a bot. */
import type { TeamsOptions } from '../../src/chat/teams/teams.ts';
import type { CommandHandler, Incoming, Reply } from '../../src/ports/chat.ts';
import { type Bot, DANA, GUEST, KIM, memory, startBot, teamsOptions } from './teams-bot.ts';
import { startConnector, type TeamsConnector } from './teams-connector.ts';

export const OPS = '19:ops@thread.tacv2';
export const SECOND = '19:second@thread.tacv2';
export const GROUP = '19:group@thread.v2';

export interface TeamsFixture {
  readonly connector: TeamsConnector;
  readonly store: Awaited<ReturnType<typeof memory>>;
  readonly heard: readonly Incoming[];
  readonly logged: string[];
  /** The bot started last. */
  bot: Bot;
  answer: (incoming: Incoming) => Reply | Promise<Reply>;
  /** Starts another m0 on the same store, as after a restart. */
  start(change?: Partial<TeamsOptions>): Promise<Bot>;
  close(): Promise<void>;
}

export async function startTeamsFixture(change: Partial<TeamsOptions> = {}): Promise<TeamsFixture> {
  const connector = await startConnector({
    teams: { sre: [OPS, SECOND] },
    groupChats: [GROUP],
    people: [DANA, KIM, GUEST].map((aadObjectId, i) => ({
      aadObjectId,
      name: ['dana', 'kim', 'guest'][i] ?? '',
    })),
  });
  const store = await memory();
  const bots: Bot[] = [];
  const logged: string[] = [];
  const heard: Incoming[] = [];
  const handler: CommandHandler = async (incoming) => {
    heard.push(incoming);
    return fixture.answer(incoming);
  };
  const start = async (next: Partial<TeamsOptions> = {}): Promise<Bot> => {
    const bot = await startBot(teamsOptions(connector, store, logged, { ...change, ...next }), handler);
    bots.push(bot);
    connector.connect(bot.url);
    fixture.bot = bot;
    return bot;
  };
  const fixture: Omit<TeamsFixture, 'bot'> & { bot: Bot } = {
    connector,
    store,
    heard,
    logged,
    bot: undefined as unknown as Bot,
    answer: () => ({ type: 'none' }),
    start,
    async close() {
      for (const bot of bots) await bot.close();
      await store.close();
      await connector.close();
    },
  };
  await start();
  return fixture;
}
