import { App, SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '../../log.ts';
import type { ChatPort, Clock, CommandHandler, Person } from '../../runs/ports.ts';
import { Answerer } from './answer.ts';
import { clientOptions, SlackApi } from './api.ts';
import { type HomeOf, Homes } from './homes.ts';
import { Inbox } from './inbox.ts';
import { SlackPeople } from './people.ts';
import { Poster } from './poster.ts';
import { SocketKeeper } from './socket.ts';

export interface SlackOptions {
  /** `http` is refused for now. */
  readonly mode: 'socket' | 'http';
  readonly botToken: string;
  readonly appToken: string;
  /** Another Slack server, e.g. the local workspace; its Web API address. */
  readonly apiUrl?: string | undefined;
  /** Proves requests in HTTP mode; Socket Mode needs none. */
  readonly signingSecret?: string | undefined;
  readonly log: Logger;
  readonly people: readonly Person[];
  /** Who has no id under `people` is known by a confirmed e-mail; needs the scope users:read.email. */
  readonly matchByEmail?: boolean;
  readonly clock: Clock;
}

/** `ok` is false while nothing can be heard or posted; a `problem` beside `ok` concerns single channels. */
export interface SlackHealth {
  readonly ok: boolean;
  readonly problem: string | null;
}

export interface Slack extends ChatPort {
  /**
   * Takes in commands from now on. Resolves after the first attempt to connect: `healthy()` then says
   * whether it worked, and m0 goes on trying either way. `homeOf`: what the Home tab shows; without it, nothing.
   */
  start(handler: CommandHandler, homeOf?: HomeOf): Promise<void>;
  /** Something changed that may stand in somebody's home; cheap, and soon enough. */
  refreshHomes(): void;
  /** Takes nothing in any more and resolves when all that was taken in has been answered. */
  stop(): Promise<void>;
  healthy(): SlackHealth;
}

/** Slack through Bolt. Rejects where the options can't work; whether Slack can be reached is not asked yet. */
export async function createSlack(options: SlackOptions): Promise<Slack> {
  if (options.mode === 'http') throw new Error('chat.slack.mode: http is not in this version yet');
  if (!options.botToken.startsWith('xoxb-')) throw new Error('SLACK_BOT_TOKEN is not a bot token (xoxb-…)');
  if (!options.appToken.startsWith('xapp-')) throw new Error('SLACK_APP_TOKEN is not an app token (xapp-…)');

  const { botToken, appToken, log } = options;
  const client = clientOptions(log, [botToken, appToken], options.apiUrl);
  const api = new SlackApi(botToken, client);
  const people = new SlackPeople(
    api.client,
    options.people,
    options.clock,
    options.matchByEmail === true
      ? {
          teamId: async () => (await api.identity()).teamId,
          onProblem: (problem) => log.warn({ problem }, 'somebody could not be known by e-mail'),
        }
      : null,
  );
  const poster = new Poster(api, people);
  const answerer = new Answerer(api, people, poster, log);

  const receiver = new SocketModeReceiver({
    appToken,
    logger: client.logger,
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: client },
  });
  const app = new App({
    receiver,
    logger: client.logger,
    clientOptions: client,
    convoStore: false,
    // Bolt's own check of the token rejects unseen where Slack is away; this one is asked when it is needed.
    authorize: async () => ({ botToken, ...(await api.identity()) }),
  });
  app.error(async (error) => {
    log.error({ problem: error.message }, 'a Slack request was not handled');
  });
  const socket = new SocketKeeper(receiver, () => api.identity(), log);
  let inbox: Inbox | null = null;
  let homes: Homes | null = null;

  return {
    platform: 'slack',
    post: (place, card, key) => poster.post(place, card, key),
    update: (channel, messageId, card) => poster.update(channel, messageId, card),
    reply: (channel, messageId, text, key, loud) => poster.reply(channel, messageId, text, key, loud),
    usergroup: (id) => people.usergroup(id),
    async start(handler, homeOf) {
      if (inbox !== null) throw new Error('starting Slack: it was started before');
      if (homeOf) homes = new Homes({ api, people, clock: options.clock, log }, homeOf);
      inbox = new Inbox({ api, people, poster, answerer, homes, log }, handler);
      inbox.listen(app);
      await socket.start();
    },
    refreshHomes: () => homes?.changed(),
    async stop() {
      await socket.stop();
      await inbox?.drained();
      await homes?.stop();
    },
    healthy() {
      const problem = api.appProblem() ?? socket.problem();
      if (problem !== null) return { ok: false, problem };
      const channels = api.channelProblems();
      return { ok: true, problem: channels.length > 0 ? channels.join('; ') : null };
    },
  };
}
