/** The chat.* methods of the Web API. */

import { isRecord } from '../../../base/is-record.ts';
import type { Message } from '../model.ts';
import { type Accepted, accept, postAsBot } from '../posting.ts';
import type { Runtime } from '../runtime.ts';
import { ApiError } from './api-error.ts';
import type { Args, Method } from './args.ts';
import { channelOf, messageShape, openChannelOf } from './shapes.ts';

function checked(runtime: Runtime, args: Args, blocks: readonly unknown[]): Accepted {
  const markdown = args.text('markdown_text');
  if (markdown !== '' && (args.has('text') || blocks.length > 0))
    throw new ApiError('markdown_text_conflict');
  const accepted = accept(runtime, {
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

/** The root of the thread that the message belongs to. */
function threadOf(runtime: Runtime, channel: string, args: Args): string | null {
  const ts = args.text('thread_ts');
  if (ts === '') return null;
  const root = runtime.state.message(channel, ts);
  if (!root || root.visibleTo) throw new ApiError('thread_not_found');
  return root.threadTs ?? root.ts;
}

/** Slack's warning that a message without `text` has no text for a notification. */
function warnings(args: Args): Record<string, unknown> {
  if (args.text('text') !== '' || args.text('markdown_text') !== '') return {};
  return { warning: 'missing_text_in_message', response_metadata: { warnings: ['missing_text_in_message'] } };
}

const postMessage: Method = (runtime, args) => {
  const wanted = args.required('channel');
  const person = runtime.state.user(wanted);
  const channel = person ? runtime.state.directMessage(person.id) : openChannelOf(runtime, args);
  const accepted = checked(runtime, args, blocksOf(args));
  const threadTs = threadOf(runtime, channel.id, args);
  const metadata = metadataOf(args);
  const wait = runtime.limiter.take(channel.id);
  if (wait !== null) throw new ApiError('ratelimited', [], wait);
  const message = postAsBot(runtime, accepted, {
    channel: channel.id,
    threadTs,
    visibleTo: null,
    alsoInChannel: args.flag('reply_broadcast') && threadTs !== null,
    metadata,
  });
  return {
    channel: channel.id,
    ts: message.ts,
    message: messageShape(runtime, message, true),
    ...warnings(args),
  };
};

const postEphemeral: Method = (runtime, args) => {
  const channel = openChannelOf(runtime, args);
  const user = args.required('user');
  if (!runtime.state.user(user)) throw new ApiError('user_not_found');
  if (!channel.members.includes(user)) throw new ApiError('user_not_in_channel');
  const accepted = checked(runtime, args, blocksOf(args));
  const threadTs = threadOf(runtime, channel.id, args);
  const message = postAsBot(runtime, accepted, { channel: channel.id, threadTs, visibleTo: user });
  return { message_ts: message.ts, ...warnings(args) };
};

/** A message of the bot that everybody sees. The Web API cannot access ephemeral messages. */
function ownMessage(runtime: Runtime, args: Args, notMine: string): Message {
  const channel = channelOf(runtime, args);
  const message = runtime.state.message(channel.id, args.required('ts'));
  if (!message || message.visibleTo) throw new ApiError('message_not_found');
  if (channel.isArchived) throw new ApiError('is_inactive');
  if (message.user !== runtime.state.directory.botUserId) throw new ApiError(notMine);
  return message;
}

/** An update takes less text than a post: https://docs.slack.dev/reference/methods/chat.update, `msg_too_long`. */
const MAX_UPDATE_TEXT = 4_000;

/** Missing blocks and metadata stay unchanged; empty ones are removed. */
const update: Method = (runtime, args) => {
  const message = ownMessage(runtime, args, 'cant_update_message');
  if (args.text('text').length > MAX_UPDATE_TEXT) {
    const { length } = args.text('text');
    throw new ApiError('msg_too_long', [
      `[ERROR] text has ${length} characters, ${MAX_UPDATE_TEXT} are allowed in an update`,
    ]);
  }
  const accepted = checked(runtime, args, args.has('blocks') ? blocksOf(args) : message.blocks);
  const { text, blocks, mentions, links } = accepted;
  const metadata = args.has('metadata') ? metadataOf(args) : message.metadata;
  runtime.state.editMessage(message, { text, blocks, mentions, links, metadata });
  const shape = messageShape(runtime, message, true);
  return { channel: message.channel, ts: message.ts, text: message.text, message: shape };
};

const remove: Method = (runtime, args) => {
  const message = ownMessage(runtime, args, 'cant_delete_message');
  runtime.state.removeMessage(message);
  return { channel: message.channel, ts: message.ts };
};

const getPermalink: Method = (runtime, args) => {
  const channel = channelOf(runtime, args);
  const message = runtime.state.message(channel.id, args.required('message_ts'));
  if (!message || message.visibleTo) throw new ApiError('message_not_found');
  const permalink = `${runtime.origin}/archives/${channel.id}/p${message.ts.replace('.', '')}`;
  return { channel: channel.id, permalink };
};

export const chatMethods: Readonly<Record<string, Method>> = {
  'chat.postMessage': postMessage,
  'chat.postEphemeral': postEphemeral,
  'chat.update': update,
  'chat.delete': remove,
  'chat.getPermalink': getPermalink,
};
