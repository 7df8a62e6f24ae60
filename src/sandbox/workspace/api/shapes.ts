/** The JSON objects of the Web API's answers. */
import type { ChannelRecord, FileRecord, Message, View, WorkspaceUser } from '../model.ts';
import type { Runtime } from '../runtime.ts';
import { ApiError } from './api-error.ts';
import type { Args } from './args.ts';

/** A message as the Web API returns it. */
export function messageShape(
  runtime: Runtime,
  message: Message,
  withMetadata = false,
): Record<string, unknown> {
  const { botUserId, botId, appId, teamId } = runtime.state.directory;
  const replies = runtime.state.messagesIn(message.channel).filter((reply) => reply.threadTs === message.ts);
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
    ...(message.files.length > 0 ? { files: message.files.map((id) => fileShape(runtime, id)) } : {}),
    ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
  };
}

export function fileShape(runtime: Runtime, id: string): Record<string, unknown> {
  const file: FileRecord | undefined = runtime.state.file(id);
  if (!file) throw new ApiError('file_not_found');
  const url = `${runtime.origin}/files/${file.id}`;
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    size: file.size,
    url_private: url,
    permalink: url,
  };
}

export function channelShape(runtime: Runtime, channel: ChannelRecord): Record<string, unknown> {
  const isMember = channel.members.includes(runtime.state.directory.botUserId);
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

export function userShape(runtime: Runtime, user: WorkspaceUser): Record<string, unknown> {
  return {
    id: user.id,
    team_id: user.account === 'stranger' ? 'T0OTHER' : runtime.state.directory.teamId,
    name: user.name,
    real_name: user.realName,
    deleted: user.account === 'deactivated',
    is_bot: user.id === runtime.state.directory.botUserId,
    is_restricted: user.account === 'guest',
    is_ultra_restricted: false,
    is_stranger: user.account === 'stranger',
    is_email_confirmed: user.account !== 'unconfirmed',
    tz: 'Europe/Berlin',
    profile: { real_name: user.realName, display_name: user.name, email: user.email },
  };
}

/** A view as in the Web API and in payloads; `values` are its inputs' values. */
export function viewShape(
  runtime: Runtime,
  view: View,
  values: Record<string, unknown> = {},
): Record<string, unknown> {
  const { teamId, appId, botId } = runtime.state.directory;
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

/** The channel that a call names. Throws `channel_not_found`. */
export function channelOf(runtime: Runtime, args: Args, field = 'channel'): ChannelRecord {
  const channel = runtime.state.channel(args.required(field));
  const hidden = channel?.isPrivate && !channel.members.includes(runtime.state.directory.botUserId);
  if (!channel || hidden) throw new ApiError('channel_not_found');
  return channel;
}

/** The channel that a call names, where the bot may post. Throws Slack's error otherwise. */
export function openChannelOf(runtime: Runtime, args: Args, field = 'channel'): ChannelRecord {
  const channel = joinedChannelOf(runtime, args, field);
  if (channel.isArchived) throw new ApiError('is_archived');
  return channel;
}

/** The channel that a call names, where the bot is a member. Throws Slack's error otherwise. */
export function joinedChannelOf(runtime: Runtime, args: Args, field = 'channel'): ChannelRecord {
  const channel = channelOf(runtime, args, field);
  if (!channel.members.includes(runtime.state.directory.botUserId)) throw new ApiError('not_in_channel');
  return channel;
}

/** One page of a list, with the cursor of the next page. */
export function page<T>(items: readonly T[], args: Args): { items: readonly T[]; cursor: string } {
  const limit = Math.min(1000, Math.max(1, args.count('limit', 100)));
  const start = args.text('cursor') === '' ? 0 : Number.parseInt(args.text('cursor').replace(/^at:/, ''), 10);
  if (Number.isNaN(start)) throw new ApiError('invalid_cursor');
  const end = start + limit;
  return { items: items.slice(start, end), cursor: end < items.length ? `at:${end}` : '' };
}
