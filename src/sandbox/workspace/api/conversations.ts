import type { Message } from '../model.ts';
import { ApiError } from './api-error.ts';
import type { Args, Method } from './args.ts';
import { channelOf, channelShape, joinedChannelOf, messageShape, page } from './shapes.ts';

const open: Method = (realm, args) => {
  const users = args.text('users').split(',').filter(Boolean);
  if (users.length > 1) {
    throw new ApiError('invalid_arguments', ['[ERROR] the local workspace has no group direct messages']);
  }
  const [user] = users;
  if (user) {
    if (!realm.state.user(user)) throw new ApiError('user_not_found');
    return { channel: channelShape(realm, realm.state.directMessage(user)) };
  }
  return { channel: channelShape(realm, channelOf(realm, args)) };
};

const info: Method = (realm, args) => ({ channel: channelShape(realm, channelOf(realm, args)) });

const list: Method = (realm, args) => {
  const types = (args.text('types') || 'public_channel').split(',').map((type) => type.trim());
  const channels = realm.state.data.channels.filter((channel) =>
    types.includes(channel.kind === 'im' ? 'im' : channel.isPrivate ? 'private_channel' : 'public_channel'),
  );
  const { items, cursor } = page(channels, args);
  return {
    channels: items.map((channel) => channelShape(realm, channel)),
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

/** Newest first, without the replies in threads. */
const history: Method = (realm, args) => {
  const channel = joinedChannelOf(realm, args);
  const roots = realm.state.messagesIn(channel.id).filter((m) => m.threadTs === null || m.alsoInChannel);
  const { items, cursor } = page(within(roots, args).reverse(), args);
  const metadata = args.flag('include_all_metadata');
  return {
    messages: items.map((message) => messageShape(realm, message, metadata)),
    has_more: cursor !== '',
    response_metadata: { next_cursor: cursor },
  };
};

/** The root and its replies, oldest first. */
const replies: Method = (realm, args) => {
  const channel = joinedChannelOf(realm, args);
  const given = realm.state.message(channel.id, args.required('ts'));
  if (!given || given.visibleTo) throw new ApiError('thread_not_found');
  const root = given.threadTs ?? given.ts;
  const all = realm.state.messagesIn(channel.id);
  const thread = within(all, args).filter((m) => m.threadTs === root);
  const { items, cursor } = page([...all.filter((m) => m.ts === root), ...thread], args);
  const metadata = args.flag('include_all_metadata');
  return {
    messages: items.map((message) => messageShape(realm, message, metadata)),
    has_more: cursor !== '',
    response_metadata: { next_cursor: cursor },
  };
};

const join: Method = (realm, args) => {
  const channel = channelOf(realm, args);
  if (channel.isArchived) throw new ApiError('is_archived');
  if (channel.kind === 'im') throw new ApiError('method_not_supported_for_channel_type');
  const { botUserId } = realm.state.directory;
  const already = channel.members.includes(botUserId);
  if (!already) {
    channel.members.push(botUserId);
    realm.state.changed();
  }
  return { channel: channelShape(realm, channel), ...(already ? { warning: 'already_in_channel' } : {}) };
};

export const conversationMethods: Readonly<Record<string, Method>> = {
  'conversations.open': open,
  'conversations.info': info,
  'conversations.list': list,
  'conversations.history': history,
  'conversations.replies': replies,
  'conversations.join': join,
};
