import { App, SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '../../base/log.ts';
import type { Clock, Person } from '../../model/directory.ts';
import type { ChatPort, CommandHandler } from '../../ports/chat.ts';
import type { SeenEvents } from '../../ports/chat-store.ts';
import { Answerer } from './answer.ts';
import { clientOptions, SlackApi } from './api.ts';
import { SlackEndpoint } from './endpoint.ts';
import { type HomeOf, Homes } from './homes.ts';
import { Inbox } from './inbox.ts';
import { SlackPeople } from './people.ts';
import { Poster } from './poster.ts';
import { SocketKeeper } from './socket.ts';
import { TokenWatch } from './token-watch.ts';

/** How Slack reaches m0: over a connection m0 opens with the app token, or by requests signed with the secret. */
export type SlackMode =
  | { readonly mode: 'socket'; readonly appToken: string }
  | { readonly mode: 'http'; readonly signingSecret: string };

export type SlackOptions = SlackMode & {
  readonly botToken: string;
  /** Another Slack server, e.g. the local workspace; its Web API address. */
  readonly apiUrl?: string | undefined;
  readonly log: Logger;
  readonly people: readonly Person[];
  /** Who has no id under `people` is known by a confirmed e-mail; needs the scope users:read.email. */
  readonly matchByEmail?: boolean;
  readonly clock: Clock;
  /** Which events were taken in, also before a restart. */
  readonly events: SeenEvents;
};

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
  /** What to serve over HTTP; null in Socket Mode. */
  readonly endpoint: { readonly path: string; handle(request: Request): Promise<Response> } | null;
}

/** What takes requests in, in either mode. */
interface Intake {
  start(): Promise<void>;
  stop(): Promise<void>;
  problem(): string | null;
}

/** Slack through Bolt. Rejects where the options can't work; whether Slack can be reached is not asked yet. */
export async function createSlack(options: SlackOptions): Promise<Slack> {
  const { botToken, log, clock, events } = options;
  const isNewEvent = (key: string): Promise<boolean> => events.isNewEvent('slack', key, clock());
  if (!botToken.startsWith('xoxb-')) throw new Error('SLACK_BOT_TOKEN is not a bot token (xoxb-…)');
  if (options.mode === 'socket' && !options.appToken.startsWith('xapp-'))
    throw new Error('SLACK_APP_TOKEN is not an app token (xapp-…)');

  const secret = options.mode === 'socket' ? options.appToken : options.signingSecret;
  const client = clientOptions(log, [botToken, secret], options.apiUrl);
  const api = new SlackApi(botToken, client, clock);
  const people = new SlackPeople(
    api.client,
    options.people,
    clock,
    options.matchByEmail === true
      ? {
          teamId: async () => (await api.identity()).teamId,
          onProblem: (problem) => log.warn({ problem }, 'somebody could not be known by e-mail'),
        }
      : null,
  );
  const poster = new Poster(api, people);
  const answerer = new Answerer(api, people, poster, log);

  const endpoint =
    options.mode === 'http'
      ? new SlackEndpoint({ signingSecret: secret, identify: () => api.identity(), isNewEvent, clock, log })
      : null;
  const receiver =
    endpoint ??
    new SocketModeReceiver({
      appToken: secret,
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
  const intake: Intake =
    receiver instanceof SocketModeReceiver ? new SocketKeeper(receiver, () => api.identity(), log) : receiver;
  const tokenWatch = new TokenWatch(() => api.look(), log);
  let inbox: Inbox | null = null;
  let homes: Homes | null = null;

  return {
    platform: 'slack',
    endpoint,
    post: (place, card, key) => poster.post(place, card, key),
    update: (channel, messageId, card) => poster.update(channel, messageId, card),
    reply: (channel, messageId, text, key, loud) => poster.reply(channel, messageId, text, key, loud),
    usergroup: (id) => people.usergroup(id),
    async start(handler, homeOf) {
      if (inbox !== null) throw new Error('starting Slack: it was started before');
      if (homeOf) homes = new Homes({ api, people, clock: options.clock, log }, homeOf);
      inbox = new Inbox({ api, people, poster, answerer, homes, isNewEvent, log }, handler);
      inbox.listen(app);
      await intake.start();
      tokenWatch.start();
    },
    refreshHomes: () => homes?.changed(),
    async stop() {
      await tokenWatch.stop();
      await intake.stop();
      await inbox?.drained();
      await homes?.stop();
    },
    healthy() {
      const problem = api.appProblem() ?? intake.problem();
      if (problem !== null) return { ok: false, problem };
      const channels = api.channelProblems();
      return { ok: true, problem: channels.length > 0 ? channels.join('; ') : null };
    },
  };
}
