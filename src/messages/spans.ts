/** Builders for the spans and blocks of a card. */
import { sameDay } from '../text/when.ts';
import type { Block, Span, Words } from './card.ts';
import type { PersonName } from './view.ts';

export function text(value: string): Extract<Span, { type: 'text' }> {
  return { type: 'text', text: value };
}

/** A plain text as spans. */
export function spansOf(words: Words): readonly Span[] {
  return typeof words === 'string' ? [text(words)] : words;
}

export function strong(value: string): Span {
  return { type: 'strong', text: value };
}

export function quiet(value: string): Span {
  return { type: 'quiet', text: value };
}

export function code(value: string): Span {
  return { type: 'code', text: value };
}

/** A command to type, without its prefix. */
export function command(value: string): Span {
  return { type: 'command', text: value };
}

/** A link that m0 made: never to an address from a cloud, a repository or a person. */
export function link(value: string, url: string): Extract<Span, { type: 'link' }> {
  return { type: 'link', text: value, url };
}

/** A person's name, without a mention. */
export function person(who: PersonName): Span {
  return who.person === null
    ? text(who.name)
    : { type: 'person', person: who.person, name: who.name, mention: false };
}

/** What times are shown relative to: now (ms since epoch), and the zone to use if the reader's zone is not known. */
export interface Moment {
  readonly now: number;
  readonly zone: string;
}

/** A point in time: only the clock if it is today, else with the day. */
export function time(at: number, { now, zone }: Moment): Span {
  return { type: 'time', at, zone, style: sameDay(at, now, zone) ? 'clock' : 'day' };
}

/** A point in time, shown as how long ago it was. */
export function ago(at: number, { now, zone }: Moment): Span {
  return { type: 'time', at, zone, style: 'ago', today: sameDay(at, now, zone) };
}

/** The groups of spans, separated by ` · `. */
export function dotted(groups: readonly (readonly Span[])[]): readonly Span[] {
  return groups.filter((g) => g.length > 0).flatMap((g, i) => (i === 0 ? g : [text(' · '), ...g]));
}

/** The names as `A, B and C`. */
export function people(who: readonly PersonName[], last = 'and'): readonly Span[] {
  return who.flatMap((w, i) => {
    const before = i === 0 ? '' : i === who.length - 1 ? ` ${last} ` : ', ';
    return before === '' ? [person(w)] : [text(before), person(w)];
  });
}

export function line(...spans: readonly Span[]): Block {
  return { type: 'line', spans };
}

export function context(...spans: readonly Span[]): Block {
  return { type: 'context', spans };
}
