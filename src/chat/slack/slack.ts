/** Assembles the Slack adapter from its parts. */
import { App, SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '../../base/log.ts';
import type { Clock, Person } from '../../model/directory.ts';
import type { ChatPort, CommandHandler } from '../../ports/chat.ts';
import type { ChatInbox } from '../../ports/chat-store.ts';
import type { DrawPicture } from '../../ports/pictures.ts';
import { carryOutLeft } from '../left-commands.ts';
import { Answerer } from './answer.ts';
import { clientOptions, SlackApi } from './api.ts';
import { SlackEndpoint } from './endpoint.ts';
import { type HomeOf, Homes } from './homes.ts';
import { Inbox } from './inbox.ts';
import { MessageLinks } from './links.ts';
import { SlackPeople } from './people.ts';
import { Pictures } from './pictures.ts';
import { Poster } from './poster.ts';
import { SocketConnection } from './socket.ts';
import { keepingReceiver, type Taken } from './taken.ts';
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
  /** Which events were taken in, also before a restart, and which commands are not carried out yet. */
  readonly events: ChatInbox;
  /** Left out: cards are sent without their pictures. */
  readonly drawPicture?: DrawPicture | undefined;
  /** How long Slack gets to take in a picture: pauses before each new try, in ms, if not the default. */
  readonly pictureReadyMs?: readonly number[] | undefined;
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
  /** Knows these people from now on, and nobody else. */
  follow(people: readonly Person[]): void;
  /** Call when data changed that a Home tab may show. Cheap; the refresh follows within seconds. */
  refreshHomes(): void;
  /** Carries out what processes that are gone have taken in and not carried out. Never rejects. */
  carryOutLeft(): Promise<void>;
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
  const pictures = new Pictures({
    ...{ api, draw: options.drawPicture ?? null, log },
    readyMs: options.pictureReadyMs,
  });
  const poster = new Poster(api, people, pictures);
  const answerer = new Answerer(api, people, poster, pictures, log);
  const links = new MessageLinks(api, log);

  let inbox: Inbox | null = null;
  let homes: Homes | null = null;
  let hasLooked = false;
  /** Before anything new arrives: m0 knows its own ids, and has carried out what an earlier process left. */
  async function prepare(): Promise<void> {
    await api.identity();
    if (hasLooked || inbox === null) return;
    hasLooked = true;
    await lookForLeft(inbox);
  }

  async function lookForLeft(of: Inbox): Promise<void> {
    await carryOutLeft({
      ...{ inbox: events, platform: 'slack', log },
      carryOut: (...command) => of.carryOutLeft(...command),
    });
  }

  const endpoint =
    options.mode === 'http'
      ? new SlackEndpoint({ signingSecret: secret, identify: prepare, isNewEvent, clock, log })
      : null;
  const receiver =
    endpoint ??
    new SocketModeReceiver({
      appToken: secret,
      logger: client.logger,
      autoReconnectEnabled: false,
      installerOptions: { clientOptions: client },
    });
  const takeIn = (key: string, taken: Taken): Promise<boolean> =>
    events.takeIn('slack', key, JSON.stringify(taken), clock());
  const app = new App({
    receiver: keepingReceiver(receiver, takeIn),
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
    receiver instanceof SocketModeReceiver ? new SocketConnection(receiver, prepare, log) : receiver;
  const tokenWatch = new TokenWatch(() => api.checkToken(), log);

  return {
    platform: 'slack',
    endpoint,
    post: (place, card, key) => poster.post(place, card, key),
    find: (place, key) => poster.find(place, key),
    update: (channel, messageId, card) => poster.update(channel, messageId, card),
    reply: (channel, messageId, text, key, loud) => poster.reply(channel, messageId, text, key, loud),
    linkTo: (channel, messageId) => links.linkTo(channel, messageId),
    usergroup: (id) => people.usergroup(id),
    async start(handler, homeOf) {
      if (inbox !== null) throw new Error('starting Slack: it was started before');
      if (homeOf) homes = new Homes({ api, people, clock: options.clock, log }, homeOf);
      inbox = new Inbox(
        {
          ...{ api, people, poster, answerer, homes, isNewEvent, log },
          keepIn: (key, taken) => events.keepIn('slack', key, JSON.stringify(taken), clock()),
          carriedOut: (key) => events.carriedOut('slack', key),
        },
        handler,
      );
      inbox.listen(app);
      await intake.start();
      tokenWatch.start();
    },
    follow: (next) => people.follow(next),
    refreshHomes: () => homes?.scheduleRefresh(),
    async carryOutLeft() {
      if (inbox !== null && hasLooked) await lookForLeft(inbox);
    },
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
