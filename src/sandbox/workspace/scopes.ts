/** The scopes that Slack's methods and events need. */
import type { ChannelRecord } from './model.ts';

/** The scopes that each method needs; for methods that read channels, one per kind of channel. */
const METHOD_SCOPES: Readonly<Record<string, string | readonly string[]>> = {
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

/** Methods that need no scope. */
const NO_SCOPE_NEEDED: ReadonlySet<string> = new Set([
  ...['api.test', 'auth.test', 'apps.connections.open', 'chat.getPermalink'],
  ...['views.open', 'views.push', 'views.update', 'views.publish'],
]);

/** The scopes needed to receive a command or an event; null: none. */
export const EVENT_SCOPES = {
  command: 'commands',
  app_mention: 'app_mentions:read',
  'message.im': 'im:history',
  app_home_opened: null,
} as const;

/** All scopes that a method may need. Throws for an unknown method. */
export function scopesOfMethod(method: string): readonly string[] {
  const scopes = METHOD_SCOPES[method];
  if (scopes !== undefined) return typeof scopes === 'string' ? [scopes] : scopes;
  if (NO_SCOPE_NEEDED.has(method)) return [];
  throw new Error(`looking up the scope of ${method}: the local workspace does not know the method`);
}

/** The scope that a call needs for this channel; null: none. */
export function scopeOfCall(method: string, channel: ChannelRecord | undefined): string | null {
  const scopes = METHOD_SCOPES[method];
  if (scopes === undefined) return null;
  if (typeof scopes === 'string') return scopes;
  const prefix = channel?.kind === 'im' ? 'im:' : channel?.isPrivate ? 'groups:' : 'channels:';
  return scopes.find((scope) => scope.startsWith(prefix)) ?? null;
}
