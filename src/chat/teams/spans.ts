/** Spans of a card as Adaptive Card text. */
import { assertNever } from '../../base/assert-never.ts';
import type { Span } from '../../messages/card.ts';
import { breakable, visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import type { RichTextBlock, TextRun } from './elements.ts';
import { LIMITS } from './limits.ts';

/** The id with which Teams can mention a person, or null where m0.yaml has none. */
export type TeamsIdOf = (person: string) => string | null;

/**
 * Text for a TextRun, in which Teams parses almost nothing. Mention tags are broken, because some clients
 * search a card's whole text for them. So are the DATE and TIME functions, which clients evaluate.
 */
export function inert(text: string, max: number): string {
  const shown = visible(text)
    .replace(/<(?=\s*\/?\s*at\b)/gi, '‹')
    .replace(/\{(?=\{(?:DATE|TIME)\()/gi, '{ ');
  return clip(shown, max);
}

/** Plain text outside of a card: without tags, and with URLs broken so that no client turns them into links. */
export function inertPlain(text: string, max: number): string {
  return inert(text, max).replaceAll('://', ': //').replaceAll('<', '‹');
}

/** The text of a notification. Never empty. */
export function summaryOf(text: string): string {
  const shown = inertPlain(text, LIMITS.summary);
  return shown.trim() === '' ? 'm0' : shown;
}

/** The URL if it may become a link: http or https, and not too long. Otherwise null. */
function webAddress(url: string): string | null {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || url.length > LIMITS.linkUrl) return null;
  return parsed.href;
}

/** Text runs of at most `max` characters in all. Empty spans are left out. */
export function runs(spans: readonly Span[], max: number): TextRun[] {
  const out: TextRun[] = [];
  let left = max;
  for (const span of spans) {
    if (left <= 0) break;
    const run = runOf(span, left);
    if (run.text === '') continue;
    out.push(run);
    left -= run.text.length;
  }
  return out;
}

/**
 * The function with which Teams shows a time in the reader's own zone and language. Teams has none for how long ago
 * something was. Takes no milliseconds.
 * https://learn.microsoft.com/en-us/adaptive-cards/authoring-cards/text-features#datetime-formatting-and-localization
 */
function timeFunction({ at, style, today }: Extract<Span, { type: 'time' }>): string {
  const utc = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  const isShort = style === 'clock' || (style === 'ago' && today === true);
  return isShort ? `{{TIME(${utc})}}` : `{{DATE(${utc}, SHORT)}} {{TIME(${utc})}}`;
}

function runOf(span: Span, max: number): TextRun {
  const run = (text: string, style: Partial<TextRun> = {}): TextRun => ({
    type: 'TextRun',
    text: inert(text, max),
    ...style,
  });
  switch (span.type) {
    case 'text':
      return run(breakable(span.text));
    case 'strong':
      return run(breakable(span.text), { weight: 'bolder' });
    case 'quiet':
      return run(breakable(span.text), { italic: true });
    case 'code':
      return run(span.text, { fontType: 'monospace' });
    case 'command':
      // In a channel a bot receives only messages that mention it.
      return run(`@m0 ${span.text}`, { fontType: 'monospace' });
    case 'person':
      return run(span.name, span.mention ? { weight: 'bolder' } : {});
    case 'time':
      return {
        type: 'TextRun',
        text: timeFunction(span),
        ...(span.strong === true ? { weight: 'bolder' } : {}),
      };
    case 'link': {
      const url = webAddress(span.url);
      if (url === null) return run(span.text);
      return run(span.text === '' ? url : span.text, {
        color: 'accent',
        selectAction: { type: 'Action.OpenUrl', url },
      });
    }
    default:
      return assertNever(span);
  }
}

export function richText(
  inlines: readonly TextRun[],
  style: { readonly spacing?: 'none' | 'small' } = {},
): RichTextBlock {
  return { type: 'RichTextBlock', inlines, ...style };
}
