/** Finds mentions and links in a message, as Slack does. */
import { isRecord } from '../../base/is-record.ts';
import type { Refused } from './validation/refused.ts';

/** How Slack parses the top-level text of a message. */
export interface Parsing {
  /** `mrkdwn: false` shows the text unchanged. */
  readonly mrkdwn: boolean;
  /** `link_names` or `parse: "full"`: `@dana` and `@channel` become mentions. */
  readonly linkNames: boolean;
  /** User ids by handle, for link_names. */
  readonly handles: ReadonlyMap<string, string>;
}

export const PLAIN_PARSING: Parsing = { mrkdwn: true, linkNames: false, handles: new Map() };

export interface References {
  readonly mentions: string[];
  readonly links: string[];
}

const CONTROL = /<([^<>\n]+)>/g;
const BROADCAST = /^!(here|channel|everyone)(\||$)/;
/** Slack recognises URLs without angle brackets, unless the text object is `verbatim`. */
const BARE_URL = /\bhttps?:\/\/[^\s<>|`]+/g;

/**
 * The mentions and links in a message's text and blocks. The text also counts where there are blocks, because
 * notifications show it.
 */
export function parseMessage(text: string, blocks: readonly unknown[], parsing: Parsing): References {
  const references: References = { mentions: [], links: [] };
  if (parsing.mrkdwn) readMrkdwn(text, false, references);
  if (parsing.linkNames) readNames(text, parsing.handles, references);
  walk(blocks, references);
  return { mentions: [...new Set(references.mentions)], links: [...new Set(references.links)] };
}

/** The refusal of a message that would notify a whole channel. */
export function brokenBroadcast(broadcasts: readonly string[]): Refused {
  return {
    error: 'broadcast_not_allowed',
    messages: [
      `[ERROR] this would notify everybody (<${broadcasts.join('>, <')}>): an unescaped control sequence, or start the workspace with allowBroadcast`,
    ],
  };
}

function readMrkdwn(text: string, verbatim: boolean, references: References): void {
  for (const [, content = ''] of text.matchAll(CONTROL)) readControl(content, references);
  if (verbatim) return;
  // Slack finds no URLs in code, and none inside angle brackets a second time.
  const rest = text.replaceAll(CONTROL, ' ').replace(/```[\s\S]*?```|`[^`\n]*`/g, ' ');
  for (const [found] of rest.matchAll(BARE_URL)) references.links.push(found);
}

function readControl(content: string, references: References): void {
  const target = content.split('|')[0] ?? '';
  const broadcast = BROADCAST.exec(content);
  if (broadcast) references.mentions.push(`!${broadcast[1]}`);
  else if (/^@[UW][A-Z0-9]+$/.test(target)) references.mentions.push(target.slice(1));
  else if (target.startsWith('!subteam^')) references.mentions.push(target.slice('!subteam^'.length));
  else if (/^#C[A-Z0-9]+$/.test(target)) references.links.push(target);
  else if (target.startsWith('!date^')) {
    const href = target.split('^')[3];
    if (href) references.links.push(href);
  } else if (/^(https?:\/\/|mailto:|tel:)/.test(target)) references.links.push(target);
}

function readNames(text: string, handles: ReadonlyMap<string, string>, references: References): void {
  for (const [, name = ''] of text.matchAll(/(?<![\w<])@([a-z0-9][a-z0-9._-]*)/g)) {
    if (['here', 'channel', 'everyone'].includes(name)) references.mentions.push(`!${name}`);
    else if (handles.has(name)) references.mentions.push(handles.get(name) ?? '');
  }
}

function walk(value: unknown, references: References): void {
  if (Array.isArray(value)) {
    for (const entry of value) walk(entry, references);
    return;
  }
  if (!isRecord(value)) return;
  const { type, text } = value;
  if (type === 'mrkdwn' && typeof text === 'string') readMrkdwn(text, value.verbatim === true, references);
  else if (type === 'markdown' && typeof text === 'string') readMarkdown(text, references);
  else if (type === 'user') references.mentions.push(String(value.user_id));
  else if (type === 'usergroup') references.mentions.push(String(value.usergroup_id));
  else if (type === 'broadcast') references.mentions.push(`!${String(value.range)}`);
  else if (type === 'channel') references.links.push(`#${String(value.channel_id)}`);
  else if (type === 'link') references.links.push(String(value.url));
  else if (type === 'button' && typeof value.url === 'string') references.links.push(value.url);
  for (const entry of Object.values(value)) if (typeof entry === 'object') walk(entry, references);
}

function readMarkdown(text: string, references: References): void {
  const target = /\]\(\s*([^\s)]+)\)/g;
  for (const [, href = ''] of text.matchAll(target)) references.links.push(href);
  readMrkdwn(text.replaceAll(target, '] '), false, references);
}
