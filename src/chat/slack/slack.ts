/** Assembles the Slack adapter from its parts. */
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
import { SocketConnection } from './socket.ts';
import { TokenWatch } from './token-watch.ts';

/**
 * How Slack reaches m0: over a connection that m0 opens with the app token, or by requests signed with the
 * secret.
 */
export type SlackMode =
  | { readonly mode: 'socket'; readonly appToken: string }
  | { readonly mode: 'http'; readonly signingSecret: string };

export type SlackOptions = SlackMode & {
  readonly botToken: string;
  /** Web API URL of another Slack server, e.g. the local workspace. */
  readonly apiUrl?: string | undefined;
  readonly log: Logger;
  readonly people: readonly Person[];
  /** People without a Slack id are recognised by a confirmed e-mail. Needs the scope users:read.email. */
  readonly matchByEmail?: boolean;
  readonly clock: Clock;
  /** Which events were taken in, also before a restart. */
  readonly events: SeenEvents;
};

/**
 * `ok` is false while m0 can neither receive nor post. A `problem` with `ok` true concerns single channels.
 */
export interface SlackHealth {
  readonly ok: boolean;
  readonly problem: string | null;
}

export interface Slack extends ChatPort {
  /**
   * Takes in commands from now on. Resolves after the first attempt to connect; `healthy()` then gives the
   * result, and m0 keeps trying either way. `homeOf` builds the Home tab; without it there is none.
   */
  start(handler: CommandHandler, homeOf?: HomeOf): Promise<void>;
  /** Call when data changed that a Home tab may show. Cheap; the refresh follows within seconds. */
  refreshHomes(): void;
  /** Takes in nothing more. Resolves when all requests are answered. */
  stop(): Promise<void>;
  healthy(): SlackHealth;
  /** The endpoint to serve over HTTP; null in Socket Mode. */
  readonly endpoint: { readonly path: string; handle(request: Request): Promise<Response> } | null;
}

/** What receives Slack's requests, in either mode. */
interface Intake {
  start(): Promise<void>;
  stop(): Promise<void>;
  problem(): string | null;
}

/** The Slack adapter, built on Bolt. Rejects where a token has the wrong form. Does not call Slack yet. */
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
          onProblem: (problem) => log.warn({ problem }, 'a user could not be recognised by e-mail'),
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
    // Bolt's own token check fails with an unhandled rejection where Slack cannot be reached, so it is
    // replaced by this one.
    authorize: async () => ({ botToken, ...(await api.identity()) }),
  });
  app.error(async (error) => {
    log.error({ problem: error.message }, 'a Slack request was not handled');
  });
  const intake: Intake =
    receiver instanceof SocketModeReceiver
      ? new SocketConnection(receiver, () => api.identity(), log)
      : receiver;
  const tokenWatch = new TokenWatch(() => api.checkToken(), log);
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
    refreshHomes: () => homes?.scheduleRefresh(),
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
