import { assertNever } from '../../base/assert-never.ts';
import type { Span } from '../../messages/card.ts';
import { timeText } from '../../messages/span-text.ts';
import { breakable, visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import type { RichTextBlock, TextRun } from './elements.ts';
import { LIMITS } from './limits.ts';

/** A person as Teams can mention them, or null where m0.yaml has no Teams id for them. */
export type TeamsIdOf = (person: string) => string | null;

/**
 * Text for a TextRun, of which Teams parses next to nothing. A mention tag is broken: it would match the mentions of
 * the card wherever a client looks for them in its whole text. So are the functions that clients show as a date.
 */
export function inert(text: string, max: number): string {
  const shown = visible(text)
    .replace(/<(?=\s*\/?\s*at\b)/gi, '‹')
    .replace(/\{(?=\{(?:DATE|TIME)\()/gi, '{ ');
  return clip(shown, max);
}

/** What a notification shows: plain, and with addresses broken so that no client makes a link of them. */
export function summaryOf(text: string): string {
  const shown = inert(text, LIMITS.summary).replaceAll('://', ': //').replaceAll('<', '‹');
  return shown.trim() === '' ? 'm0' : shown;
}

/** Only web addresses become live links. */
function webAddress(url: string): string | null {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || url.length > LIMITS.linkUrl) return null;
  return parsed.href;
}

/** Runs of at most `max` characters in all; empty spans vanish. */
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

function runOf(span: Span, max: number): TextRun {
  const run = (text: string, look: Partial<TextRun> = {}): TextRun => ({
    type: 'TextRun',
    text: inert(text, max),
    ...look,
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
      // In a channel nothing reaches a bot that is not mentioned.
      return run(`@m0 ${span.text}`, { fontType: 'monospace' });
    case 'person':
      return run(span.name, span.mention ? { weight: 'bolder' } : {});
    case 'time':
      return run(timeText(span));
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
  look: { readonly spacing?: 'none' | 'small' } = {},
): RichTextBlock {
  return { type: 'RichTextBlock', inlines, ...look };
}
