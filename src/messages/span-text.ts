/** Spans as plain text, for places without formatting. */
import { assertNever } from '../base/assert-never.ts';
import type { Span, Words } from './card.ts';

type TimeSpan = Extract<Span, { type: 'time' }>;

/** One format per zone. Creating one takes a millisecond, as long as the rest of a small card. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf({ zone, style, today }: TimeSpan): Intl.DateTimeFormat {
  const short = style === 'clock' || (style === 'ago' && today === true);
  const clock: Intl.DateTimeFormatOptions = { timeZone: zone, hour: '2-digit', minute: '2-digit' };
  const full: Intl.DateTimeFormatOptions = { ...clock, weekday: 'short', day: 'numeric', month: 'short' };
  const name = short ? `clock ${zone}` : zone;
  const known = formats.get(name);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', short ? clock : full);
  formats.set(name, made);
  return made;
}

/** The time in its own zone, for chats that can't use the reader's zone. Hours as in `whenText`: 9:00, not 09:00. */
export function timeText(span: TimeSpan): string {
  return formatOf(span)
    .format(span.at)
    .replace(/\b0(?=\d:)/, '');
}

/** The span as plain text, for files and for the parts that a card left out. */
export function spanText(span: Span): string {
  switch (span.type) {
    case 'text':
    case 'strong':
    case 'quiet':
    case 'code':
    case 'command':
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

/** The spans as one plain text. */
export const plainOf = (spans: Words): string =>
  typeof spans === 'string' ? spans : spans.map(spanText).join('');
