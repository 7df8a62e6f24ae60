import { isRecord } from '../../../base/is-record.ts';
import type { Message } from '../model.ts';
import { type Accepted, accept, postAsBot } from '../posting.ts';
import type { Realm } from '../realm.ts';
import { ApiError } from './api-error.ts';
import type { Args, Method } from './args.ts';
import { channelOf, messageShape, openChannelOf } from './shapes.ts';

function checked(realm: Realm, args: Args, blocks: readonly unknown[]): Accepted {
  const markdown = args.text('markdown_text');
  if (markdown !== '' && (args.has('text') || blocks.length > 0))
    throw new ApiError('markdown_text_conflict');
  const accepted = accept(realm, {
    text: args.text('text'),
    blocks: markdown === '' ? blocks : [{ type: 'markdown', text: markdown }],
    mrkdwn: args.flag('mrkdwn', true),
    linkNames: args.flag('link_names') || args.text('parse') === 'full',
  });
  if (!accepted.ok) throw new ApiError(accepted.error, accepted.messages);
  return accepted;
}

function blocksOf(args: Args): readonly unknown[] {
  if (args.has('attachments') && args.list('attachments', 'invalid_attachments').length > 0) {
    throw new ApiError('invalid_attachments', [
      '[ERROR] attachments are legacy; the local workspace takes blocks only',
    ]);
  }
  return args.list('blocks', 'invalid_blocks_format');
}

function metadataOf(args: Args): Message['metadata'] {
  const metadata = args.json('metadata', 'invalid_metadata_format');
  if (metadata === undefined) return null;
  if (!isRecord(metadata)) throw new ApiError('invalid_metadata_format');
  if (Object.keys(metadata).length === 0) return null;
  if (typeof metadata.event_type !== 'string' || !isRecord(metadata.event_payload)) {
    throw new ApiError('invalid_metadata_schema', ['[ERROR] metadata needs event_type and event_payload']);
  }
  return { event_type: metadata.event_type, event_payload: metadata.event_payload };
}

/** The root of the thread a message asks to stand in. */
function threadOf(realm: Realm, channel: string, args: Args): string | null {
  const ts = args.text('thread_ts');
  if (ts === '') return null;
  const root = realm.state.message(channel, ts);
  if (!root || root.visibleTo) throw new ApiError('thread_not_found');
  return root.threadTs ?? root.ts;
}

/** Slack's hint that a message without `text` has nothing to show in a notification. */
function warnings(args: Args): Record<string, unknown> {
  if (args.text('text') !== '' || args.text('markdown_text') !== '') return {};
  return { warning: 'missing_text_in_message', response_metadata: { warnings: ['missing_text_in_message'] } };
}

const postMessage: Method = (realm, args) => {
  const wanted = args.required('channel');
  const person = realm.state.user(wanted);
  const channel = person ? realm.state.directMessage(person.id) : openChannelOf(realm, args);
  const accepted = checked(realm, args, blocksOf(args));
  const threadTs = threadOf(realm, channel.id, args);
  const metadata = metadataOf(args);
  const wait = realm.limiter.take(channel.id);
  if (wait !== null) throw new ApiError('ratelimited', [], wait);
  const message = postAsBot(realm, accepted, {
    channel: channel.id,
    threadTs,
    visibleTo: null,
    alsoInChannel: args.flag('reply_broadcast') && threadTs !== null,
    metadata,
  });
  return {
    channel: channel.id,
    ts: message.ts,
    message: messageShape(realm, message, true),
    ...warnings(args),
  };
};

const postEphemeral: Method = (realm, args) => {
  const channel = openChannelOf(realm, args);
  const user = args.required('user');
  if (!realm.state.user(user)) throw new ApiError('user_not_found');
  if (!channel.members.includes(user)) throw new ApiError('user_not_in_channel');
  const accepted = checked(realm, args, blocksOf(args));
  const threadTs = threadOf(realm, channel.id, args);
  const message = postAsBot(realm, accepted, { channel: channel.id, threadTs, visibleTo: user });
  return { message_ts: message.ts, ...warnings(args) };
};

/** A message of the bot's own that everybody sees: ephemeral ones can't be reached through the Web API. */
function ownMessage(realm: Realm, args: Args, notMine: string): Message {
  const channel = channelOf(realm, args);
  const message = realm.state.message(channel.id, args.required('ts'));
  if (!message || message.visibleTo) throw new ApiError('message_not_found');
  if (channel.isArchived) throw new ApiError('is_inactive');
  if (message.user !== realm.state.directory.botUserId) throw new ApiError(notMine);
  return message;
}

/** Blocks and metadata that are not given stay as they were; empty ones are removed. */
const update: Method = (realm, args) => {
  const message = ownMessage(realm, args, 'cant_update_message');
  const accepted = checked(realm, args, args.has('blocks') ? blocksOf(args) : message.blocks);
  const { text, blocks, mentions, links } = accepted;
  const metadata = args.has('metadata') ? metadataOf(args) : message.metadata;
  realm.state.editMessage(message, { text, blocks, mentions, links, metadata });
  const shape = messageShape(realm, message, true);
  return { channel: message.channel, ts: message.ts, text: message.text, message: shape };
};

const remove: Method = (realm, args) => {
  const message = ownMessage(realm, args, 'cant_delete_message');
  realm.state.removeMessage(message);
  return { channel: message.channel, ts: message.ts };
};

const getPermalink: Method = (realm, args) => {
  const channel = channelOf(realm, args);
  const message = realm.state.message(channel.id, args.required('message_ts'));
  if (!message || message.visibleTo) throw new ApiError('message_not_found');
  const permalink = `${realm.origin}/archives/${channel.id}/p${message.ts.replace('.', '')}`;
  return { channel: channel.id, permalink };
};

export const chatMethods: Readonly<Record<string, Method>> = {
  'chat.postMessage': postMessage,
  'chat.postEphemeral': postEphemeral,
  'chat.update': update,
  'chat.delete': remove,
  'chat.getPermalink': getPermalink,
};
