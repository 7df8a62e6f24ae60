import { isRecord } from '../../base/is-record.ts';
import type { Refused } from './validation/refused.ts';

/** How Slack reads the top-level text of a message. */
export interface Parsing {
  /** `mrkdwn: false` shows it as it stands. */
  readonly mrkdwn: boolean;
  /** `link_names` or `parse: "full"`: `@dana` and `@channel` become mentions. */
  readonly linkNames: boolean;
  /** Handles that link_names finds. */
  readonly handles: ReadonlyMap<string, string>;
}

export const PLAIN_PARSING: Parsing = { mrkdwn: true, linkNames: false, handles: new Map() };

export interface Live {
  readonly mentions: string[];
  readonly links: string[];
}

const CONTROL = /<([^<>\n]+)>/g;
const BROADCAST = /^!(here|channel|everyone)(\||$)/;
/** Recognised by Slack without any brackets, unless the text object is `verbatim`. */
const BARE_URL = /\bhttps?:\/\/[^\s<>|`]+/g;

/**
 * What is live in a message: whom it pings and where its links lead, over its text and all blocks. The
 * text counts beside the blocks too, because notifications show it.
 */
export function parseMessage(text: string, blocks: readonly unknown[], parsing: Parsing): Live {
  const live: Live = { mentions: [], links: [] };
  if (parsing.mrkdwn) readMrkdwn(text, false, live);
  if (parsing.linkNames) readNames(text, parsing.handles, live);
  walk(blocks, live);
  return { mentions: [...new Set(live.mentions)], links: [...new Set(live.links)] };
}

/** The refusal of a message that would ping a whole channel. */
export function brokenBroadcast(broadcasts: readonly string[]): Refused {
  return {
    error: 'broadcast_not_allowed',
    messages: [
      `[ERROR] this would notify everybody (<${broadcasts.join('>, <')}>): an unescaped control sequence, or start the workspace with allowBroadcast`,
    ],
  };
}

function readMrkdwn(text: string, verbatim: boolean, live: Live): void {
  for (const [, content = ''] of text.matchAll(CONTROL)) readControl(content, live);
  if (verbatim) return;
  // Slack does not look for addresses within code, nor again within brackets.
  const rest = text.replaceAll(CONTROL, ' ').replace(/```[\s\S]*?```|`[^`\n]*`/g, ' ');
  for (const [found] of rest.matchAll(BARE_URL)) live.links.push(found);
}

function readControl(content: string, live: Live): void {
  const target = content.split('|')[0] ?? '';
  const broadcast = BROADCAST.exec(content);
  if (broadcast) live.mentions.push(`!${broadcast[1]}`);
  else if (/^@[UW][A-Z0-9]+$/.test(target)) live.mentions.push(target.slice(1));
  else if (target.startsWith('!subteam^')) live.mentions.push(target.slice('!subteam^'.length));
  else if (/^#C[A-Z0-9]+$/.test(target)) live.links.push(target);
  else if (target.startsWith('!date^')) {
    const href = target.split('^')[3];
    if (href) live.links.push(href);
  } else if (/^(https?:\/\/|mailto:|tel:)/.test(target)) live.links.push(target);
}

function readNames(text: string, handles: ReadonlyMap<string, string>, live: Live): void {
  for (const [, name = ''] of text.matchAll(/(?<![\w<])@([a-z0-9][a-z0-9._-]*)/g)) {
    if (['here', 'channel', 'everyone'].includes(name)) live.mentions.push(`!${name}`);
    else if (handles.has(name)) live.mentions.push(handles.get(name) ?? '');
  }
}

function walk(value: unknown, live: Live): void {
  if (Array.isArray(value)) {
    for (const entry of value) walk(entry, live);
    return;
  }
  if (!isRecord(value)) return;
  const { type, text } = value;
  if (type === 'mrkdwn' && typeof text === 'string') readMrkdwn(text, value.verbatim === true, live);
  else if (type === 'markdown' && typeof text === 'string') readMarkdown(text, live);
  else if (type === 'user') live.mentions.push(String(value.user_id));
  else if (type === 'usergroup') live.mentions.push(String(value.usergroup_id));
  else if (type === 'broadcast') live.mentions.push(`!${String(value.range)}`);
  else if (type === 'channel') live.links.push(`#${String(value.channel_id)}`);
  else if (type === 'link') live.links.push(String(value.url));
  else if (type === 'button' && typeof value.url === 'string') live.links.push(value.url);
  for (const entry of Object.values(value)) if (typeof entry === 'object') walk(entry, live);
}

function readMarkdown(text: string, live: Live): void {
  const target = /\]\(\s*([^\s)]+)\)/g;
  for (const [, href = ''] of text.matchAll(target)) live.links.push(href);
  readMrkdwn(text.replaceAll(target, '] '), false, live);
}
