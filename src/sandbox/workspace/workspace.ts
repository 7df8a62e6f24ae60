import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { type Delivery, httpDelivery, type RequestUrl, verifyRequestUrl } from './delivery.ts';
import { type Mounted, workspaceRoutes } from './http.ts';
import type { ChannelRecord, Message, Usergroup, View, WorkspaceState, WorkspaceUser } from './model.ts';
import { Person } from './person.ts';
import { type RateLimit, RateLimiter } from './rate-limit.ts';
import type { Realm } from './realm.ts';
import { SocketMode } from './socket-mode.ts';
import { ChatState } from './state.ts';
import { Triggers } from './triggers.ts';
import { Troubles } from './troubles.ts';

export interface WorkspaceOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly users: readonly WorkspaceUser[];
  /** Channels there are from the start; a restored state keeps the messages of those it knows. */
  readonly channels: readonly {
    readonly id: string;
    readonly name: string;
    readonly members: readonly string[];
    readonly isPrivate?: boolean;
  }[];
  readonly usergroups?: readonly Usergroup[];
  /** The app's own user; called m0 where `users` does not name it. */
  readonly botUserId: string;
  readonly teamId: string;
  readonly signingSecret: string;
  readonly botToken: string;
  readonly appToken: string;
  /** Registered slash commands; `/m0` unless told. */
  readonly commands?: readonly string[];
  /** ms since epoch. */
  readonly clock?: () => number;
  /** One message a second and channel unless told; null for none. */
  readonly rateLimit?: RateLimit;
  /** What `dump()` returned earlier. */
  readonly state?: string | undefined;
  /** Lets the app ping whole channels; refused otherwise. */
  readonly allowBroadcast?: boolean;
  /** Sends signed requests to this address instead of Socket Mode. */
  readonly deliver?: RequestUrl | undefined;
  /** What the app was installed with; a call that needs another is refused. All there are unless told. */
  readonly scopes?: readonly string[];
}

/** A channel with what everybody in it sees. */
export interface ChannelView {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelRecord['kind'];
  readonly members: readonly string[];
  /** Oldest first, replies included, ephemeral ones not. */
  readonly messages: readonly Message[];
  /** The replies under one message, oldest first. */
  replies(ts: string): readonly Message[];
}

/** A Slack workspace on this machine that apps connect to and people (or tests) use. */
export interface Workspace {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What goes into SLACK_API_URL. */
  readonly apiUrl: string;
  /** People and the app's bot. */
  readonly users: readonly WorkspaceUser[];
  readonly botUserId: string;
  readonly commands: readonly string[];
  /** How many Socket Mode connections are open. */
  readonly connections: number;
  /** Acts as a person. Throws for an unknown one. */
  as(userId: string): Person;
  /** By id, name or `#name`. Throws where there is none. */
  channel(idOrName: string): ChannelView;
  /** The direct messages between a person and the bot. */
  dm(userId: string): ChannelView;
  /** The channels and direct messages a person is in. */
  channelsOf(userId: string): readonly ChannelView[];
  /** The content of an uploaded file, null where there is none. */
  file(id: string): { readonly name: string; readonly title: string; readonly bytes: Buffer } | null;
  /** Calls back after every change until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** Resolves with the first truthy answer of the predicate, asked now and after each change. */
  waitFor<T>(predicate: () => T | null | undefined | false, timeoutMs: number): Promise<T>;
  /** Asks the app's connections to reconnect, as Slack does from time to time. */
  refreshConnections(): void;
  /** What is wrong with the request URL, as Slack tells whoever enters it; null: it is taken. */
  verifyRequestUrl(): Promise<string | null>;
  /** Archives a channel, or brings it back. */
  archive(idOrName: string, archived?: boolean): void;
  /** Takes the bot out of a channel. */
  removeBot(idOrName: string): void;
  /** What a person does with `/invite @m0`. */
  inviteBot(idOrName: string): void;
  /** The bot's token counts no more until `reinstall`. */
  revokeToken(): void;
  /** The app is installed again, with these scopes or those it had. */
  reinstall(scopes?: readonly string[]): void;
  /** Answers calls of a method, in one channel or in all, with 429 for so long. */
  limitMethod(method: string, seconds: number, channel?: string): void;
  /** Slack is away, or back. */
  setDown(down: boolean): void;
  /** The newest calls, and how each ended: `ok` or Slack's word for the refusal. */
  readonly calls: readonly { readonly method: string; readonly channel: string; readonly outcome: string }[];
  /** Serves whatever else is asked of the workspace's address, such as the page, until the returned function is called. */
  mount(handler: Mounted): () => void;
  /** Everything said so far, as JSON. */
  dump(): string;
  /** Puts the chat back to what `dump()` returned. Throws where it is not that. */
  restore(dumped: string): void;
  close(): Promise<void>;
}

export type { Message, View, WorkspaceUser };

/** Starts the workspace on 127.0.0.1; resolves once it listens, rejects where the port is taken. */
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
  let realm: Realm | null = null;
  const started = () => {
    if (!realm) throw new Error('the workspace is asked before it listens');
    return realm;
  };
  const mounts: Mounted[] = [];
  const routes = workspaceRoutes(started, () => mounts.at(-1) ?? null);
  const server = await listen(routes.fetch, options.port);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const troubles = new Troubles(now, options.scopes ?? null);
  server.on('upgrade', (request, socket, head) => {
    if (troubles.isDown) socket.destroy();
    else socketMode.upgrade(request, socket, head);
  });
  realm = {
    state,
    triggers: new Triggers(now),
    limiter: new RateLimiter(options.rateLimit === undefined ? { perSecond: 1 } : options.rateLimit, now),
    socketMode,
    delivery,
    troubles,
    botToken: options.botToken,
    appToken: options.appToken,
    origin,
    commands: options.commands ?? ['/m0'],
    allowBroadcast: options.allowBroadcast ?? false,
  };
  return face(realm, server, options, mounts);
}

function face(
  realm: Realm,
  server: Server,
  { channels, deliver, signingSecret }: WorkspaceOptions,
  mounts: Mounted[],
): Workspace {
  const { state, socketMode, troubles } = realm;
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
    url: realm.origin,
    apiUrl: `${realm.origin}/api/`,
    users: state.directory.users,
    botUserId: state.directory.botUserId,
    commands: realm.commands,
    get connections() {
      return socketMode.connections;
    },
    as(userId) {
      const user = state.user(userId);
      if (!user) throw new Error(`the workspace has no user ${userId}`);
      return new Person(realm, user);
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
      troubles.token = 'token_revoked';
    },
    reinstall(scopes) {
      troubles.token = null;
      if (scopes) troubles.scopes = new Set(scopes);
    },
    limitMethod: (method, seconds, channel) => troubles.hold(method, seconds, channel ?? null),
    setDown(down) {
      troubles.isDown = down;
      if (down) socketMode.cut();
    },
    calls: troubles.calls,
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

/** Makes sure the configured channels exist; members come from the options, which may have changed since a dump. */
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
    const look = () => {
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
    const forget = state.onChange(look);
    look();
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
