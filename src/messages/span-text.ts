/** Spans as plain text, for what shows nothing else. */
import { assertNever } from '../assert-never.ts';
import type { Span } from './card.ts';

type TimeSpan = Extract<Span, { t: 'time' }>;

/** The instant in its own zone, for where a chat can't show the reader's. */
export function timeText(span: TimeSpan): string {
  const options: Intl.DateTimeFormatOptions = { timeZone: span.zone, hour: '2-digit', minute: '2-digit' };
  const full: Intl.DateTimeFormatOptions = { ...options, weekday: 'short', day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat('en-GB', span.style === 'clock' ? options : full).format(span.at);
}

/** The span as plain text, for files and for what a card left out. */
export function spanText(span: Span): string {
  switch (span.t) {
    case 'text':
    case 'strong':
    case 'quiet':
    case 'code':
      return span.text;
    case 'person':
      return span.name;
    case 'time':
      return timeText(span);
    case 'link':
      return `${span.text} (${span.url})`;
    default:
      return assertNever(span);
  }
}

export const plainOf = (spans: readonly Span[]): string => spans.map(spanText).join('');
