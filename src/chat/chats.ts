/** Opens the chats that m0.yaml switches on, as one value that serve.ts starts and stops. */

import type { Logger } from '../base/log.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/load.ts';
import type { PostRoute } from '../http/server.ts';
import type { Clock, Directory, Person, Place, Platform } from '../model/directory.ts';
import { ChatError, type ChatPort, type CommandHandler } from '../ports/chat.ts';
import type { DrawPicture } from '../ports/pictures.ts';
import type { Store } from '../ports/store.ts';
import { patientInbox } from './patient-events.ts';
import type { HomeOf } from './slack/homes.ts';
import { createSlack, type Slack, type SlackMode } from './slack/slack.ts';
import type { GreetingOf } from './teams/greetings.ts';
import type { OtherConnector } from './teams/identity.ts';
import type { Teams } from './teams/teams.ts';

export interface ChatsOptions {
  readonly config: Config;
  readonly environment: Environment;
  readonly store: Store;
  readonly log: Logger;
  readonly clock: Clock;
  /** Left out: cards are sent without their pictures. */
  readonly drawPicture?: DrawPicture | undefined;
  /** A Bot Connector other than Microsoft's, for the local sandbox and tests. */
  readonly teamsConnector?: OtherConnector | undefined;
}

export interface Chats {
  readonly ports: ReadonlyMap<Platform, ChatPort>;
  /** HTTP endpoints that Slack and Teams call. */
  readonly routes: readonly PostRoute[];
  /** Members of a Slack user group, as Slack ids. Rejects with a ChatError. */
  usergroup(id: string): Promise<readonly string[]>;
  /**
   * Starts to take in commands. `homeOf` builds a person's Slack Home tab; `greetingOf` builds the first
   * message to a person who adds m0 in Teams.
   */
  start(handler: CommandHandler, homeOf: HomeOf, greetingOf: GreetingOf): Promise<void>;
  /** Call when stacks, or digests if they are given, may have channels that none had before. Never rejects. */
  expect(directory: Directory, digests?: Config['digests']): Promise<void>;
  /** Knows these people from now on, and nobody else. */
  follow(people: readonly Person[]): void;
  /** Call when data changed that a Home tab may show. */
  refreshHomes(): void;
  /**
   * Carries out what processes that are gone have taken in and not carried out, and looks up what others were told of
   * channels. Call it again and again where several processes take commands. Never rejects.
   */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
  healthy(): readonly {
    readonly platform: Platform;
    readonly ok: boolean;
    readonly problem: string | null;
  }[];
}

function required(name: string, value: string | null): string {
  if (value === null) throw new Error(`starting m0: ${name} is not set; README.md tells where to find it`);
  return value;
}

/** How Slack reaches m0. Each mode needs its own secret only. */
function slackMode({ chat }: Config, { slack }: Environment): SlackMode {
  if (chat.slack?.mode !== 'http')
    return { mode: 'socket', appToken: required('SLACK_APP_TOKEN', slack.appToken) };
  return { mode: 'http', signingSecret: required('SLACK_SIGNING_SECRET', slack.signingSecret) };
}

function placesIn({ directory, digests }: Pick<Config, 'directory' | 'digests'>): readonly Place[] {
  return [...directory.stacks, ...digests].flatMap((each) => each.channels);
}

function teamsChannels(config: Pick<Config, 'directory' | 'digests'>): readonly string[] {
  const channels = placesIn(config).flatMap((place) =>
    place.platform === 'teams' && 'channel' in place ? [place.channel] : [],
  );
  return [...new Set(channels)];
}

/** Throws where m0.yaml names no chat, or a channel or user group of a chat that is not configured. */
export function refuseMissingChats(config: Config): void {
  const { chat, directory } = config;
  if (chat.slack === null && chat.teams === null) {
    throw new Error('starting m0: m0.yaml names no chat: add chat.slack or chat.teams');
  }
  for (const platform of ['slack', 'teams'] as const) {
    if (chat[platform] !== null) continue;
    const asked = placesIn(config).find((place) => place.platform === platform);
    if (asked !== undefined && 'channel' in asked) {
      throw new Error(
        `starting m0: ${platform}:${asked.channel} is a channel, and chat.${platform} is not in m0.yaml: add it`,
      );
    }
  }
  const rota = Object.entries(directory.oncall).find(([, r]) => r.kind === 'slackUsergroup');
  if (chat.slack === null && rota !== undefined) {
    throw new Error(`starting m0: oncall.${rota[0]} is a group of Slack's, and chat.slack is not in m0.yaml`);
  }
}

/** The directory without the ids of chats that are not configured, so that m0 writes to no one there. */
export function withinChats({ chat, directory }: Config): Directory {
  const people = directory.people.map((person) => ({
    ...person,
    slack: chat.slack === null ? null : person.slack,
    teams: chat.teams === null ? null : person.teams,
  }));
  return { ...directory, people };
}

/**
 * Opens the configured chats. Takes in and posts nothing before `start`. Rejects where a required secret is
 * missing or the options are not safe.
 */
export async function openChats(options: ChatsOptions): Promise<Chats> {
  const { config, environment, store, log, clock } = options;
  const { people } = config.directory;
  let { digests } = config;
  const slack: Slack | null =
    config.chat.slack === null
      ? null
      : await createSlack({
          ...slackMode(config, environment),
          botToken: required('SLACK_BOT_TOKEN', environment.slack.botToken),
          ...(environment.slack.apiUrl === null ? {} : { apiUrl: environment.slack.apiUrl }),
          log,
          people,
          matchByEmail: config.chat.slack.matchByEmail,
          clock,
          events: patientInbox(store, log),
          drawPicture: options.drawPicture,
        });
  const teams = config.chat.teams === null ? null : await openTeams(options);
  const open = [...(slack === null ? [] : [slack]), ...(teams === null ? [] : [teams])];

  return {
    ports: new Map(open.map((chat) => [chat.platform, chat])),
    routes: [...(slack?.endpoint ? [slack.endpoint] : []), ...(teams === null ? [] : [teams.route])],
    async usergroup(id) {
      if (slack !== null) return slack.usergroup(id);
      throw new ChatError(`reading the members of ${id}: chat.slack is not in m0.yaml`, { permanent: true });
    },
    follow(people) {
      slack?.follow(people);
      teams?.follow(people);
    },
    async expect(directory, next = digests) {
      try {
        digests = next;
        await teams?.expect(teamsChannels({ directory, digests }));
      } catch (error) {
        log.error({ err: error }, 'whether m0 is in all channels of Teams could not be read');
      }
    },
    refreshHomes: () => slack?.refreshHomes(),
    async start(handler, homeOf, greetingOf) {
      const started: (Slack | Teams)[] = [];
      try {
        if (slack !== null) {
          await slack.start(handler, homeOf);
          started.push(slack);
        }
        if (teams !== null) {
          await teams.start(handler, greetingOf);
          started.push(teams);
        }
      } catch (error) {
        await Promise.all(started.map((chat) => chat.stop()));
        throw error;
      }
    },
    async catchUp() {
      for (const chat of open) await chat.carryOutLeft();
      await teams?.lookAgain().catch((error: unknown) => {
        log.warn({ err: error }, 'what other processes know of channels of Teams could not be read');
      });
    },
    async stop() {
      await Promise.all(open.map((chat) => chat.stop()));
    },
    healthy: () => open.map((chat) => ({ platform: chat.platform, ...chat.healthy() })),
  };
}

async function openTeams(options: ChatsOptions): Promise<Teams> {
  const { config, environment, store, log, clock, teamsConnector } = options;
  // Loaded only where Teams is used: botbuilder takes most of a second and tens of megabytes.
  const { createTeams } = await import('./teams/teams.ts');
  return createTeams({
    ...environment.teams,
    connector: teamsConnector,
    people: config.directory.people,
    channels: teamsChannels(config),
    store: { ...store, ...patientInbox(store, log) },
    onAddedForPerson: (person) => store.setReachable(person, clock()),
    log,
    clock,
    random: Math.random,
    drawPicture: options.drawPicture,
  });
}
