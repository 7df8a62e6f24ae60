/** Checks and stores messages of the app. */
import { isRecord } from '../../base/is-record.ts';
import type { Block, Message } from './model.ts';
import type { Runtime } from './runtime.ts';
import { type Parsing, parseMessage, type References } from './text.ts';
import { elementsOf } from './validation/blocks.ts';
import { refuseMessage } from './validation/message.ts';
import type { Refused } from './validation/refused.ts';

/** The content of a message from the app, however it was sent. */
export interface Content {
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly mrkdwn: boolean;
  readonly linkNames: boolean;
}

export interface Accepted extends References {
  readonly ok: true;
  readonly text: string;
  readonly blocks: Block[];
}

/** The content as Slack would store it, or why Slack would refuse it. */
export function accept(runtime: Runtime, content: Content): Accepted | ({ readonly ok: false } & Refused) {
  const parsing: Parsing = {
    mrkdwn: content.mrkdwn,
    linkNames: content.linkNames,
    handles: new Map(runtime.state.directory.users.map((user) => [user.name, user.id])),
  };
  const refused = refuseMessage(content.text, content.blocks, parsing, runtime.allowBroadcast);
  if (refused) return { ok: false, ...refused };
  const live = parseMessage(content.text, content.blocks, parsing);
  return { ok: true, text: content.text, blocks: withIds(runtime, content.blocks), ...live };
}

/** Where the app's bot posts, and who sees it. */
export interface Place {
  readonly channel: string;
  readonly threadTs: string | null;
  readonly visibleTo: string | null;
  readonly alsoInChannel?: boolean;
  readonly metadata?: Message['metadata'];
  readonly files?: string[];
}

/** Stores an accepted message of the app's bot. */
export function postAsBot(runtime: Runtime, accepted: Accepted, place: Place): Message {
  const { text, blocks, mentions, links } = accepted;
  return runtime.state.addMessage({
    channel: place.channel,
    user: runtime.state.directory.botUserId,
    text,
    blocks,
    threadTs: place.threadTs,
    alsoInChannel: place.alsoInChannel ?? false,
    visibleTo: place.visibleTo,
    metadata: place.metadata ?? null,
    files: place.files ?? [],
    mentions,
    links,
  });
}

/** Gives each block and element the id that Slack would give it. */
export function withIds(runtime: Runtime, blocks: readonly unknown[]): Block[] {
  return structuredClone(blocks as Block[]).map((block) => {
    for (const element of elementsOf(block)) {
      if (element.type !== 'image') element.action_id ??= runtime.state.nextId('a');
    }
    return { ...block, block_id: block.block_id ?? runtime.state.nextId('b') };
  });
}

/** Reads the content from the JSON of an acknowledgement or a response_url. */
export function contentOf(body: unknown): Content {
  const fields = isRecord(body) ? body : {};
  return {
    text: typeof fields.text === 'string' ? fields.text : '',
    blocks: Array.isArray(fields.blocks) ? fields.blocks : [],
    mrkdwn: fields.mrkdwn !== false,
    linkNames: fields.link_names === true || fields.parse === 'full',
  };
}
