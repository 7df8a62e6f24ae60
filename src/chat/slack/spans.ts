/** Spans of a card as Slack text elements. */
import type { types } from '@slack/bolt';
import { assertNever } from '../../base/assert-never.ts';
import type { Span } from '../../messages/card.ts';
import { spanText, timeText } from '../../messages/span-text.ts';
import { breakable, visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import { escapeMrkdwn } from './inert.ts';
import { LIMITS } from './limits.ts';

/** Slack id of a person of m0.yaml, or null where they have none. */
export type SlackIdOf = (person: string) => string | null;

type TimeSpan = Extract<Span, { type: 'time' }>;

/** Slack's date formats, which show times in the reader's own time zone. */
const DATE_FORMAT: Record<TimeSpan['style'], string> = {
  clock: '{time}',
  day: '{date_short_pretty} {time}',
  ago: '{ago}',
};

/** Slack's timestamps: whole seconds since the epoch, never negative. */
const seconds = (at: number): number => Math.max(0, Math.floor(at / 1000));

/** The URL if it may become a link: http or https, and not too long. Otherwise null. */
function webAddress(url: string): string | null {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || url.length > LIMITS.linkUrl) return null;
  return parsed.href.replaceAll('|', '%7C').replaceAll('>', '%3E').replaceAll('<', '%3C');
}

/** Rich text, in which Slack parses nothing. At most `max` characters in all; empty spans are left out. */
export function richElements(
  spans: readonly Span[],
  slackId: SlackIdOf,
  max: number,
): types.RichTextElement[] {
  const elements: types.RichTextElement[] = [];
  let left = max;
  for (const span of spans) {
    if (left <= 0) break;
    const element = richElement(span, slackId, left);
    if (element === null) continue;
    elements.push(element);
    left -= element.type === 'text' ? element.text.length : 20;
  }
  return elements;
}

function richElement(span: Span, slackId: SlackIdOf, max: number): types.RichTextElement | null {
  const plain = (text: string, style?: types.RichTextText['style']): types.RichTextText | null =>
    text === '' ? null : { type: 'text', text: clip(visible(text), max), ...(style ? { style } : {}) };
  switch (span.type) {
    case 'text':
      return plain(breakable(span.text));
    case 'strong':
      return plain(breakable(span.text), { bold: true });
    case 'quiet':
      return plain(breakable(span.text), { italic: true });
    case 'code':
      return plain(span.text, { code: true });
    case 'command':
      return plain(`/m0 ${span.text}`, { code: true });
    case 'person': {
      const id = span.mention ? slackId(span.person) : null;
      return id === null ? plain(span.name) : { type: 'user', user_id: id };
    }
    case 'time':
      return {
        type: 'date',
        timestamp: seconds(span.at),
        format: DATE_FORMAT[span.style],
        fallback: timeText(span),
        ...(span.strong === true ? { style: { bold: true } } : {}),
      };
    case 'link': {
      const url = webAddress(span.url);
      if (url === null) return plain(span.text);
      return { type: 'link', url, text: clip(visible(span.text === '' ? url : span.text), max) };
    }
    default:
      return assertNever(span);
  }
}

/** Text that mrkdwn would parse. Plain text elements should not be parsed, but some Slack clients do it. */
const MARKUP = /[<>&*~`]|(?<!\w)_\S|:[\w+-]+:|:\/\//;

/**
 * Elements of a context block: outside text as plain text, and mrkdwn only for what m0 itself writes (a time,
 * a mention, a link). Null where there are too many for Slack, or where the text looks like markup: rich text
 * is safer then.
 */
export function contextElements(
  spans: readonly Span[],
  slackId: SlackIdOf,
  max: number,
): (types.PlainTextElement | types.MrkdwnElement)[] | null {
  const elements: (types.PlainTextElement | types.MrkdwnElement)[] = [];
  let run = '';
  const flush = (): void => {
    const before = elements.at(-1);
    // Each element may begin a new line, so a dot between two elements stays at the end of the first.
    if (before !== undefined && run.startsWith(' · ')) {
      before.text += '\u00a0·';
      run = run.slice(2);
    }
    const text = clip(breakable(visible(run).trim()), Math.min(max, LIMITS.contextText));
    if (text !== '') elements.push({ type: 'plain_text', text, emoji: false });
    run = '';
  };
  for (const span of spans) {
    const mrkdwn = contextMrkdwn(span, slackId);
    if (mrkdwn === null) {
      const text =
        span.type === 'link' ? span.text : span.type === 'command' ? `/m0 ${span.text}` : spanText(span);
      if (MARKUP.test(text)) return null;
      run += text;
    } else {
      flush();
      elements.push({ type: 'mrkdwn', text: mrkdwn });
    }
  }
  flush();
  return elements.length > LIMITS.contextElements ? null : elements;
}

function contextMrkdwn(span: Span, slackId: SlackIdOf): string | null {
  switch (span.type) {
    case 'text':
    case 'strong':
    case 'quiet':
    case 'code':
    case 'command':
      return null;
    case 'person': {
      const id = span.mention ? slackId(span.person) : null;
      return id === null ? null : `<@${id}>`;
    }
    case 'time':
      return `<!date^${seconds(span.at)}^${DATE_FORMAT[span.style]}|${escapeMrkdwn(timeText(span))}>`;
    case 'link': {
      const url = webAddress(span.url);
      if (url === null) return null;
      return `<${url}|${escapeMrkdwn(clip(span.text === '' ? url : span.text, LIMITS.linkText))}>`;
    }
    default:
      return assertNever(span);
  }
}
