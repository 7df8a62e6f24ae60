import type { ChannelRecord, FileRecord, Message, View, WorkspaceUser } from '../model.ts';
import type { Realm } from '../realm.ts';
import { ApiError } from './api-error.ts';
import type { Args } from './args.ts';

/** A message as the Web API returns it. */
export function messageShape(realm: Realm, message: Message, withMetadata = false): Record<string, unknown> {
  const { botUserId, botId, appId, teamId } = realm.state.directory;
  const replies = realm.state.messagesIn(message.channel).filter((reply) => reply.threadTs === message.ts);
  return {
    type: 'message',
    user: message.user,
    text: message.text,
    ts: message.ts,
    team: teamId,
    ...(message.user === botUserId ? { bot_id: botId, app_id: appId } : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.editedTs ? { edited: { user: message.user, ts: message.editedTs } } : {}),
    ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    ...(replies.length > 0
      ? { thread_ts: message.ts, reply_count: replies.length, latest_reply: replies.at(-1)?.ts }
      : {}),
    ...(message.files.length > 0 ? { files: message.files.map((id) => fileShape(realm, id)) } : {}),
    ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
  };
}

export function fileShape(realm: Realm, id: string): Record<string, unknown> {
  const file: FileRecord | undefined = realm.state.file(id);
  if (!file) throw new ApiError('file_not_found');
  const url = `${realm.origin}/files/${file.id}`;
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    size: file.size,
    url_private: url,
    permalink: url,
  };
}

export function channelShape(realm: Realm, channel: ChannelRecord): Record<string, unknown> {
  const isMember = channel.members.includes(realm.state.directory.botUserId);
  if (channel.kind === 'im') return { id: channel.id, is_im: true, user: channel.name, is_open: true };
  return {
    id: channel.id,
    name: channel.name,
    is_channel: true,
    is_private: channel.isPrivate ?? false,
    is_archived: channel.isArchived ?? false,
    is_member: isMember,
    num_members: channel.members.length,
  };
}

export function userShape(realm: Realm, user: WorkspaceUser): Record<string, unknown> {
  return {
    id: user.id,
    team_id: user.account === 'stranger' ? 'T0OTHER' : realm.state.directory.teamId,
    name: user.name,
    real_name: user.realName,
    deleted: user.account === 'deactivated',
    is_bot: user.id === realm.state.directory.botUserId,
    is_restricted: user.account === 'guest',
    is_ultra_restricted: false,
    is_stranger: user.account === 'stranger',
    is_email_confirmed: user.account !== 'unconfirmed',
    tz: 'Europe/Berlin',
    profile: { real_name: user.realName, display_name: user.name, email: user.email },
  };
}

/** A view as the Web API and view payloads carry it; `values` are what its inputs hold. */
export function viewShape(
  realm: Realm,
  view: View,
  values: Record<string, unknown> = {},
): Record<string, unknown> {
  const { teamId, appId, botId } = realm.state.directory;
  const plain = (text: string | null) => (text === null ? null : { type: 'plain_text', text, emoji: true });
  return {
    id: view.id,
    team_id: teamId,
    type: view.type,
    app_id: appId,
    bot_id: botId,
    callback_id: view.callbackId,
    external_id: view.externalId,
    private_metadata: view.privateMetadata,
    title: plain(view.title),
    submit: plain(view.submit),
    close: plain(view.close),
    blocks: view.blocks,
    state: { values },
    hash: view.hash,
    root_view_id: view.rootId,
    previous_view_id: view.previousId,
    clear_on_close: view.clearOnClose,
    notify_on_close: view.notifyOnClose,
  };
}

/** The channel a call names. */
export function channelOf(realm: Realm, args: Args, field = 'channel'): ChannelRecord {
  const channel = realm.state.channel(args.required(field));
  const hidden = channel?.isPrivate && !channel.members.includes(realm.state.directory.botUserId);
  if (!channel || hidden) throw new ApiError('channel_not_found');
  return channel;
}

/** The channel a call names, where the bot may say something. */
export function openChannelOf(realm: Realm, args: Args, field = 'channel'): ChannelRecord {
  const channel = joinedChannelOf(realm, args, field);
  if (channel.isArchived) throw new ApiError('is_archived');
  return channel;
}

/** The channel a call names, where the bot is a member. */
export function joinedChannelOf(realm: Realm, args: Args, field = 'channel'): ChannelRecord {
  const channel = channelOf(realm, args, field);
  if (!channel.members.includes(realm.state.directory.botUserId)) throw new ApiError('not_in_channel');
  return channel;
}

/** One page of a list, with the cursor that leads to the next. */
export function page<T>(items: readonly T[], args: Args): { items: readonly T[]; cursor: string } {
  const limit = Math.min(1000, Math.max(1, args.count('limit', 100)));
  const start = args.text('cursor') === '' ? 0 : Number.parseInt(args.text('cursor').replace(/^at:/, ''), 10);
  if (Number.isNaN(start)) throw new ApiError('invalid_cursor');
  const end = start + limit;
  return { items: items.slice(start, end), cursor: end < items.length ? `at:${end}` : '' };
}
