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
  const refused =
    refuseMessage(content.text, content.blocks, parsing, runtime.allowBroadcast) ??
    refuseFiles(runtime, content.blocks);
  if (refused) return { ok: false, ...refused };
  const live = parseMessage(content.text, content.blocks, parsing);
  return { ok: true, text: content.text, blocks: withIds(runtime, content.blocks), ...live };
}

/** The start of each kind of image that Slack shows: PNG, JPEG, GIF. */
const IMAGE_STARTS = ['89504e47', 'ffd8ff', '47494638'] as const;

/** What Slack says against a file that a block shows: it must be an image that was taken in, and not given twice. */
function refuseFiles(runtime: Runtime, blocks: readonly unknown[]): Refused | null {
  const messages = blocks.flatMap((block, i) => {
    if (!isRecord(block) || block.type !== 'image' || !isRecord(block.slack_file)) return [];
    const { id, url } = block.slack_file;
    const named = typeof id === 'string' ? id : (/\/files\/(\w+)$/.exec(String(url))?.[1] ?? '');
    const file = runtime.state.file(named);
    const start = Buffer.from(file?.content ?? '', 'base64')
      .subarray(0, 4)
      .toString('hex');
    const isImage = IMAGE_STARTS.some((of) => start.startsWith(of));
    if (file?.completed === true && isImage && runtime.faults.unreadyFiles === 0) return [];
    return [`[ERROR] invalid slack file [json-pointer:/blocks/${i}/slack_file]`];
  });
  if (messages.length === 0) return null;
  runtime.faults.unreadyFiles = Math.max(0, runtime.faults.unreadyFiles - 1);
  return { error: 'invalid_blocks', messages };
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
