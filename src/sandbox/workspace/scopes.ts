import type { ChannelRecord } from './model.ts';

/** What Slack asks of an app's token for each method; of the readings of a channel, one for each kind. */
const OF_METHODS: Readonly<Record<string, string | readonly string[]>> = {
  'chat.postMessage': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'chat.update': 'chat:write',
  'chat.delete': 'chat:write',
  'conversations.open': 'im:write',
  'conversations.info': ['channels:read', 'groups:read', 'im:read'],
  'conversations.list': ['channels:read', 'groups:read', 'im:read'],
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
  'conversations.join': 'channels:join',
  'users.info': 'users:read',
  'users.list': 'users:read',
  'users.lookupByEmail': 'users:read.email',
  'usergroups.list': 'usergroups:read',
  'usergroups.users.list': 'usergroups:read',
  'files.getUploadURLExternal': 'files:write',
  'files.completeUploadExternal': 'files:write',
};

/** Methods that any token of the app may call. */
const OPEN_TO_ALL: ReadonlySet<string> = new Set([
  ...['api.test', 'auth.test', 'apps.connections.open', 'chat.getPermalink'],
  ...['views.open', 'views.push', 'views.update', 'views.publish'],
]);

/** What Slack asks for before it sends a command or an event; null: nothing. */
export const OF_WHAT_IS_HEARD = {
  command: 'commands',
  app_mention: 'app_mentions:read',
  'message.im': 'im:history',
  app_home_opened: null,
} as const;

/** Every scope a method may need, over all kinds of channels. Throws for a method that is in no table. */
export function scopesOfMethod(method: string): readonly string[] {
  const scopes = OF_METHODS[method];
  if (scopes !== undefined) return typeof scopes === 'string' ? [scopes] : scopes;
  if (OPEN_TO_ALL.has(method)) return [];
  throw new Error(`looking up the scope of ${method}: the local workspace does not know the method`);
}

/** The scope a call needs, where it is about this channel; null: none. */
export function scopeOfCall(method: string, channel: ChannelRecord | undefined): string | null {
  const scopes = OF_METHODS[method];
  if (scopes === undefined) return null;
  if (typeof scopes === 'string') return scopes;
  const prefix = channel?.kind === 'im' ? 'im:' : channel?.isPrivate ? 'groups:' : 'channels:';
  return scopes.find((scope) => scope.startsWith(prefix)) ?? null;
}
