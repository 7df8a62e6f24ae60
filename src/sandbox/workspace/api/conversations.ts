/** The conversations.* methods of the Web API. */
import type { Message } from '../model.ts';
import { ApiError } from './api-error.ts';
import type { Args, Method } from './args.ts';
import { channelOf, channelShape, joinedChannelOf, messageShape, page } from './shapes.ts';

const open: Method = (runtime, args) => {
  const users = args.text('users').split(',').filter(Boolean);
  if (users.length > 1) {
    throw new ApiError('invalid_arguments', ['[ERROR] the local workspace has no group direct messages']);
  }
  const [user] = users;
  if (user) {
    if (!runtime.state.user(user)) throw new ApiError('user_not_found');
    return { channel: channelShape(runtime, runtime.state.directMessage(user)) };
  }
  return { channel: channelShape(runtime, channelOf(runtime, args)) };
};

const info: Method = (runtime, args) => ({ channel: channelShape(runtime, channelOf(runtime, args)) });

const list: Method = (runtime, args) => {
  const types = (args.text('types') || 'public_channel').split(',').map((type) => type.trim());
  const channels = runtime.state.data.channels.filter((channel) =>
    types.includes(channel.kind === 'im' ? 'im' : channel.isPrivate ? 'private_channel' : 'public_channel'),
  );
  const { items, cursor } = page(channels, args);
  return {
    channels: items.map((channel) => channelShape(runtime, channel)),
    response_metadata: { next_cursor: cursor },
  };
};

function within(messages: readonly Message[], args: Args): Message[] {
  const inclusive = args.flag('inclusive');
  const oldest = Number(args.text('oldest') || 0);
  const latest = args.text('latest') === '' ? Number.POSITIVE_INFINITY : Number(args.text('latest'));
  return messages.filter(({ ts }) => {
    const at = Number(ts);
    return (at > oldest && at < latest) || (inclusive && (at === oldest || at === latest));
  });
}

/** Newest first, without replies in threads. */
const history: Method = (runtime, args) => {
  const channel = joinedChannelOf(runtime, args);
  const roots = runtime.state.messagesIn(channel.id).filter((m) => m.threadTs === null || m.alsoInChannel);
  const { items, cursor } = page(within(roots, args).reverse(), args);
  const metadata = args.flag('include_all_metadata');
  return {
    messages: items.map((message) => messageShape(runtime, message, metadata)),
    has_more: cursor !== '',
    response_metadata: { next_cursor: cursor },
  };
};

/** The root and its replies, oldest first. */
const replies: Method = (runtime, args) => {
  const channel = joinedChannelOf(runtime, args);
  const given = runtime.state.message(channel.id, args.required('ts'));
  if (!given || given.visibleTo) throw new ApiError('thread_not_found');
  const root = given.threadTs ?? given.ts;
  const all = runtime.state.messagesIn(channel.id);
  const thread = within(all, args).filter((m) => m.threadTs === root);
  const { items, cursor } = page([...all.filter((m) => m.ts === root), ...thread], args);
  const metadata = args.flag('include_all_metadata');
  return {
    messages: items.map((message) => messageShape(runtime, message, metadata)),
    has_more: cursor !== '',
    response_metadata: { next_cursor: cursor },
  };
};

const join: Method = (runtime, args) => {
  const channel = channelOf(runtime, args);
  if (channel.isArchived) throw new ApiError('is_archived');
  if (channel.kind === 'im') throw new ApiError('method_not_supported_for_channel_type');
  const { botUserId } = runtime.state.directory;
  const already = channel.members.includes(botUserId);
  if (!already) {
    channel.members.push(botUserId);
    runtime.state.changed();
  }
  return { channel: channelShape(runtime, channel), ...(already ? { warning: 'already_in_channel' } : {}) };
};

export const conversationMethods: Readonly<Record<string, Method>> = {
  'conversations.open': open,
  'conversations.info': info,
  'conversations.list': list,
  'conversations.history': history,
  'conversations.replies': replies,
  'conversations.join': join,
};
