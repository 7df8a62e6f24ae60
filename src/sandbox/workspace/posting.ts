import { isRecord } from '../../base/is-record.ts';
import type { Block, Message } from './model.ts';
import type { Realm } from './realm.ts';
import { type Live, type Parsing, parseMessage } from './text.ts';
import { elementsOf } from './validation/blocks.ts';
import { refuseMessage } from './validation/message.ts';
import type { Refused } from './validation/refused.ts';

/** What an app wants a message to say, however it sent it. */
export interface Content {
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly mrkdwn: boolean;
  readonly linkNames: boolean;
}

export interface Accepted extends Live {
  readonly ok: true;
  readonly text: string;
  readonly blocks: Block[];
}

/** Content as Slack would store it, or why Slack would refuse it. */
export function accept(realm: Realm, content: Content): Accepted | ({ readonly ok: false } & Refused) {
  const parsing: Parsing = {
    mrkdwn: content.mrkdwn,
    linkNames: content.linkNames,
    handles: new Map(realm.state.directory.users.map((user) => [user.name, user.id])),
  };
  const refused = refuseMessage(content.text, content.blocks, parsing, realm.allowBroadcast);
  if (refused) return { ok: false, ...refused };
  const live = parseMessage(content.text, content.blocks, parsing);
  return { ok: true, text: content.text, blocks: withIds(realm, content.blocks), ...live };
}

/** Where and to whom the app's bot says something. */
export interface Place {
  readonly channel: string;
  readonly threadTs: string | null;
  readonly visibleTo: string | null;
  readonly alsoInChannel?: boolean;
  readonly metadata?: Message['metadata'];
  readonly files?: string[];
}

/** Adds an accepted message of the app's bot. */
export function postAsBot(realm: Realm, accepted: Accepted, place: Place): Message {
  const { text, blocks, mentions, links } = accepted;
  return realm.state.addMessage({
    channel: place.channel,
    user: realm.state.directory.botUserId,
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

/** Gives every block and element the id Slack would give it. */
export function withIds(realm: Realm, blocks: readonly unknown[]): Block[] {
  return structuredClone(blocks as Block[]).map((block) => {
    for (const element of elementsOf(block)) {
      if (element.type !== 'image') element.action_id ??= realm.state.nextId('a');
    }
    return { ...block, block_id: block.block_id ?? realm.state.nextId('b') };
  });
}

/** Reads content from an ack's or a response_url's JSON. */
export function contentOf(body: unknown): Content {
  const fields = isRecord(body) ? body : {};
  return {
    text: typeof fields.text === 'string' ? fields.text : '',
    blocks: Array.isArray(fields.blocks) ? fields.blocks : [],
    mrkdwn: fields.mrkdwn !== false,
    linkNames: fields.link_names === true || fields.parse === 'full',
  };
}
