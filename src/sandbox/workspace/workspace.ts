/** A local Slack workspace for the sandbox and the tests. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { type Delivery, httpDelivery, type RequestUrl, verifyRequestUrl } from './delivery.ts';
import { Faults } from './faults.ts';
import { type Mounted, workspaceRoutes } from './http.ts';
import type { ChannelRecord, Message, Usergroup, View, WorkspaceState, WorkspaceUser } from './model.ts';
import { Person } from './person.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';
import type { Runtime } from './runtime.ts';
import { SocketMode } from './socket-mode.ts';
import { ChatState } from './state.ts';
import { Triggers } from './triggers.ts';

export interface WorkspaceOptions {
  /** 0 means any free port. */
  readonly port: number;
  readonly users: readonly WorkspaceUser[];
  /** Channels that exist from the start. A restored state keeps their messages. */
  readonly channels: readonly {
    readonly id: string;
    readonly name: string;
    readonly members: readonly string[];
    readonly isPrivate?: boolean;
  }[];
  readonly usergroups?: readonly Usergroup[];
  /** The app's bot user; named m0 where `users` does not contain it. */
  readonly botUserId: string;
  readonly teamId: string;
  readonly signingSecret: string;
  readonly botToken: string;
  readonly appToken: string;
  /** Registered slash commands; default `/m0`. */
  readonly commands?: readonly string[];
  /** Current time in ms since epoch. */
  readonly clock?: () => number;
  /** Default: one message a second and channel; null: no limit. */
  readonly rateLimit?: RateLimit;
  /** The result of an earlier `dump()`. */
  readonly state?: string | undefined;
  /** Allows the app to notify whole channels, which is refused otherwise. */
  readonly allowBroadcast?: boolean;
  /** Sends signed requests to this address instead of using Socket Mode. */
  readonly deliver?: RequestUrl | undefined;
  /** Scopes of the installed app; a call that needs another one is refused. Default: all. */
  readonly scopes?: readonly string[];
}

/** A channel with the messages that everybody sees. */
export interface ChannelView {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelRecord['kind'];
  readonly members: readonly string[];
  /** Oldest first, including replies, without ephemeral messages. */
  readonly messages: readonly Message[];
  /** The replies to a message, oldest first. */
  replies(ts: string): readonly Message[];
}

/** A Slack workspace on this machine, for apps, people and tests. */
export interface Workspace {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The value for SLACK_API_URL. */
  readonly apiUrl: string;
  /** People and the app's bot. */
  readonly users: readonly WorkspaceUser[];
  readonly botUserId: string;
  readonly commands: readonly string[];
  /** Number of open Socket Mode connections. */
  readonly connections: number;
  /** Acts as a person. Throws for an unknown id. */
  as(userId: string): Person;
  /** By id, name or `#name`. Throws where there is none. */
  channel(idOrName: string): ChannelView;
  /** The direct messages between a person and the bot. */
  dm(userId: string): ChannelView;
  /** The channels and direct messages of a person. */
  channelsOf(userId: string): readonly ChannelView[];
  /** An uploaded file, or null where there is none. */
  file(id: string): { readonly name: string; readonly title: string; readonly bytes: Buffer } | null;
  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: () => void): () => void;
  /**
   * Resolves with the first truthy result of the predicate, which is called now and after each change.
   * Rejects after `timeoutMs`.
   */
  waitFor<T>(predicate: () => T | null | undefined | false, timeoutMs: number): Promise<T>;
  /** Asks the app's connections to reconnect, as Slack does from time to time. */
  refreshConnections(): void;
  /** The problem of the request URL that Slack would report; null where it is accepted. */
  verifyRequestUrl(): Promise<string | null>;
  /** Archives a channel, or restores it. */
  archive(idOrName: string, archived?: boolean): void;
  /** Removes the bot from a channel. */
  removeBot(idOrName: string): void;
  /** Does what a person does with `/invite @m0`. */
  inviteBot(idOrName: string): void;
  /** Revokes the bot's token until `reinstall`. */
  revokeToken(): void;
  /** Installs the app again, with these scopes or its previous ones. */
  reinstall(scopes?: readonly string[]): void;
  /** Answers calls of a method, in one channel or in all, with 429 for `seconds` seconds. */
  limitMethod(method: string, seconds: number, channel?: string): void;
  /** Refuses the next `times` messages that show an uploaded picture: Slack has not taken it in yet. */
  delayFiles(times: number): void;
  /** Makes Slack unavailable, or available again. */
  setDown(down: boolean): void;
  /** The newest calls and their results: `ok` or Slack's error code. */
  readonly calls: readonly { readonly method: string; readonly channel: string; readonly outcome: string }[];
  /**
   * Handles other requests to the workspace's address, such as the page's, until the returned function is
   * called.
   */
  mount(handler: Mounted): () => void;
  /** The whole chat as JSON. */
  dump(): string;
  /** Restores the chat from a `dump()`. Throws where it is not valid. */
  restore(dumped: string): void;
  close(): Promise<void>;
}

export type { Message, View, WorkspaceUser };

/** Starts the workspace on 127.0.0.1. Resolves once it listens; rejects where the port is taken. */
export async function startWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const now = options.clock ?? Date.now;
  const bot: WorkspaceUser = { id: options.botUserId, name: 'm0', realName: 'm0', email: '' };
  const directory = {
    teamId: options.teamId,
    botUserId: options.botUserId,
    botId: `B${options.botUserId.slice(1)}`,
    appId: 'A0LOCAL',
    users: options.users.some((user) => user.id === options.botUserId)
      ? options.users
      : [...options.users, bot],
    usergroups: options.usergroups ?? [],
  };
  const state = new ChatState(directory, now, options.state ? parseState(options.state) : null);
  seedChannels(state, options.channels);
  const socketMode = new SocketMode(directory.appId, () => state.changed());
  const delivery: Delivery = options.deliver
    ? httpDelivery(options.deliver, options.signingSecret, now)
    : socketMode;
  let runtime: Runtime | null = null;
  const started = () => {
    if (!runtime) throw new Error('the workspace is asked before it listens');
    return runtime;
  };
  const mounts: Mounted[] = [];
  const routes = workspaceRoutes(started, () => mounts.at(-1) ?? null);
  const server = await listen(routes.fetch, options.port);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const faults = new Faults(now, options.scopes ?? null);
  server.on('upgrade', (request, socket, head) => {
    if (faults.isDown) socket.destroy();
    else socketMode.upgrade(request, socket, head);
  });
  runtime = {
    state,
    triggers: new Triggers(now),
    limiter: new RateLimiter(options.rateLimit === undefined ? { perSecond: 1 } : options.rateLimit, now),
    socketMode,
    delivery,
    faults: faults,
    botToken: options.botToken,
    appToken: options.appToken,
    origin,
    commands: options.commands ?? ['/m0'],
    allowBroadcast: options.allowBroadcast ?? false,
  };
  return workspaceApi(runtime, server, options, mounts);
}

function workspaceApi(
  runtime: Runtime,
  server: Server,
  { channels, deliver, signingSecret }: WorkspaceOptions,
  mounts: Mounted[],
): Workspace {
  const { state, socketMode, faults } = runtime;
  const channelOf = (idOrName: string): ChannelRecord => {
    const channel = state.channel(idOrName);
    if (!channel) throw new Error(`the workspace has no channel ${idOrName}`);
    return channel;
  };
  const withoutBot = (channel: ChannelRecord): string[] =>
    channel.members.filter((member) => member !== state.directory.botUserId);
  const view = (channel: ChannelRecord): ChannelView => ({
    id: channel.id,
    name: channel.name,
    kind: channel.kind,
    members: channel.members,
    messages: state.messagesIn(channel.id),
    replies: (ts) => state.messagesIn(channel.id).filter((message) => message.threadTs === ts),
  });
  return {
    url: runtime.origin,
    apiUrl: `${runtime.origin}/api/`,
    users: state.directory.users,
    botUserId: state.directory.botUserId,
    commands: runtime.commands,
    get connections() {
      return socketMode.connections;
    },
    as(userId) {
      const user = state.user(userId);
      if (!user) throw new Error(`the workspace has no user ${userId}`);
      return new Person(runtime, user);
    },
    channel: (idOrName) => view(channelOf(idOrName)),
    dm: (userId) => view(state.directMessage(userId)),
    channelsOf: (userId) => state.data.channels.filter((c) => c.members.includes(userId)).map(view),
    file(id) {
      const file = state.file(id);
      if (!file || file.content === null) return null;
      return { name: file.name, title: file.title, bytes: Buffer.from(file.content, 'base64') };
    },
    onChange: (listener) => state.onChange(listener),
    waitFor: (predicate, timeoutMs) => waitFor(state, predicate, timeoutMs),
    refreshConnections: () => socketMode.refresh(),
    verifyRequestUrl() {
      if (!deliver) return Promise.resolve('the app is in Socket Mode: it has no request URL');
      return verifyRequestUrl(deliver, signingSecret, state.now());
    },
    archive(idOrName, archived = true) {
      channelOf(idOrName).isArchived = archived;
      state.changed();
    },
    removeBot(idOrName) {
      const channel = channelOf(idOrName);
      channel.members = withoutBot(channel);
      state.changed();
    },
    inviteBot(idOrName) {
      const channel = channelOf(idOrName);
      channel.members = [...withoutBot(channel), state.directory.botUserId];
      state.changed();
    },
    revokeToken() {
      faults.token = 'token_revoked';
    },
    reinstall(scopes) {
      faults.token = null;
      if (scopes) faults.scopes = new Set(scopes);
    },
    limitMethod: (method, seconds, channel) => faults.limitMethod(method, seconds, channel ?? null),
    delayFiles(times) {
      faults.unreadyFiles = times;
    },
    setDown(down) {
      faults.isDown = down;
      if (down) socketMode.cut();
    },
    calls: faults.calls,
    mount(handler) {
      mounts.push(handler);
      return () => mounts.splice(mounts.indexOf(handler), 1);
    },
    dump: () => JSON.stringify(state.data),
    restore(dumped) {
      Object.assign(state.data, parseState(dumped));
      seedChannels(state, channels);
      state.changed();
    },
    async close() {
      await socketMode.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function parseState(dumped: string): WorkspaceState {
  const state = JSON.parse(dumped) as WorkspaceState;
  if (state.version !== 1)
    throw new Error(`restoring the local workspace: unknown version ${String(state.version)}`);
  return state;
}

/**
 * Creates the configured channels that are missing, and adds configured members, which may have changed since
 * a dump.
 */
function seedChannels(state: ChatState, channels: WorkspaceOptions['channels']): void {
  for (const { id, name, members, isPrivate } of channels) {
    const known = state.data.channels.find((channel) => channel.id === id);
    if (known) known.members = [...new Set([...known.members, ...members])];
    else
      state.data.channels.push({
        id,
        name,
        kind: 'channel',
        members: [...members],
        ...(isPrivate ? { isPrivate } : {}),
      });
  }
}

function waitFor<T>(
  state: ChatState,
  predicate: () => T | null | undefined | false,
  timeoutMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      forget();
      settle();
    };
    const check = () => {
      try {
        const found = predicate();
        if (found) finish(() => resolve(found));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(() => {
      const last = state.data.messages
        .slice(-3)
        .map((message) => `${message.user}: ${message.text.slice(0, 200)}`);
      const seen = last.join(' | ') || 'nothing';
      finish(() =>
        reject(new Error(`waited ${timeoutMs} ms for ${predicate.toString()}; last said: ${seen}`)),
      );
    }, timeoutMs);
    const forget = state.onChange(check);
    check();
  });
}

function listen(fetch: Parameters<typeof serve>[0]['fetch'], port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: '127.0.0.1' }, () => resolve(server)) as Server;
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? 'another program uses that port, perhaps another m0: end it, or set PORT'
          : error.message;
      reject(new Error(`starting the local workspace on port ${port}: ${reason}`, { cause: error }));
    });
  });
}
