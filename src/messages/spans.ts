import { sameDay } from '../text/when.ts';
import type { Block, Span } from './card.ts';
import type { Named } from './view.ts';

export function text(value: string): Span {
  return { type: 'text', text: value };
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

/** A command to type, without what stands before it. */
export function command(value: string): Span {
  return { type: 'command', text: value };
}

/** A person by name, without calling them. */
export function person(who: Named): Span {
  return who.person === null
    ? text(who.name)
    : { type: 'person', person: who.person, name: who.name, mention: false };
}

/** What times are told against: now and the zone where the reader's own is not known. */
export interface Moment {
  readonly now: number;
  readonly zone: string;
}

/** An instant: the clock alone where it is today, else with the day. */
export function time(at: number, { now, zone }: Moment): Span {
  return { type: 'time', at, zone, style: sameDay(at, now, zone) ? 'clock' : 'day' };
}

/** An instant as how long ago it is. */
export function ago(at: number, { now, zone }: Moment): Span {
  return { type: 'time', at, zone, style: 'ago', today: sameDay(at, now, zone) };
}

/** The groups of spans with ` · ` between them. */
export function dotted(groups: readonly (readonly Span[])[]): readonly Span[] {
  return groups.filter((g) => g.length > 0).flatMap((g, i) => (i === 0 ? g : [text(' · '), ...g]));
}

/** `A, B and C` of people. */
export function people(who: readonly Named[], last = 'and'): readonly Span[] {
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
