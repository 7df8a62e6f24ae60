import { BuiltinFailure } from './failure.ts';

/** Go's time layouts: a text in which parts of the moment 2006-01-02 15:04:05 stand for themselves. */

/** A moment as a clock and a calendar in some zone show it. */
export interface Shown {
  readonly year: number;
  /** From one. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** Seconds east of UTC. */
  readonly offset: number;
}

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const NAMED: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
};

/** OPA knows some layouts by name. */
export function layoutOf(name: string): string {
  return NAMED[name] ?? name;
}

/** Each alternative stands before those that begin like it. */
const TOKEN = new RegExp(
  [
    ...['January', 'Jan(?![a-z])', 'Monday', 'Mon(?![a-z])', 'MST'],
    ...['002', '0[1-6]', '15', '2006', '_2(?!006)', '__2', '[12345]', 'PM', 'pm'],
    ...['[-Z]07:00:00', '[-Z]070000', '[-Z]07:00', '[-Z]0700', '[-Z]07', '[.,](?:0+|9+)(?!\\d)'],
  ].join('|'),
  'g',
);

interface Piece {
  /** What stands in front of the token. */
  readonly literal: string;
  /** Empty at the end of the layout. */
  readonly token: string;
}

function piecesOf(layout: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of layout.matchAll(TOKEN)) {
    pieces.push({ literal: layout.slice(from, match.index), token: match[0] });
    from = match.index + match[0].length;
  }
  return [...pieces, { literal: layout.slice(from), token: '' }];
}

function pad(value: number, width: number, filler = '0'): string {
  return String(Math.abs(value)).padStart(width, filler);
}

function zone(token: string, offset: number): string {
  if (token.startsWith('Z') && offset === 0) return 'Z';
  const colon = token.includes(':') ? ':' : '';
  const digits = token.replace(/\D/g, '').length;
  const all = Math.abs(offset);
  // Go cuts to minutes before it looks at the sign.
  const sign = offset <= -60 ? '-' : '+';
  let text = sign + pad(Math.trunc(all / 3600), 2);
  if (digits >= 4) text += colon + pad(Math.trunc(all / 60) % 60, 2);
  if (digits >= 6) text += colon + pad(all % 60, 2);
  return text;
}

function fraction(token: string, nanosecond: number): string {
  const digits = pad(nanosecond, 9).slice(0, token.length - 1);
  if (token[1] === '0') return token[0] + digits.padEnd(token.length - 1, '0');
  const short = digits.replace(/0+$/, '');
  return short === '' ? '' : token[0] + short;
}

function dayOfWeek({ year, month, day }: Shown): number {
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  return at.getUTCDay();
}

function dayOfYear({ year, month, day }: Shown): number {
  return (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000 + 1;
}

function show(token: string, at: Shown): string {
  const twelve = at.hour % 12 === 0 ? 12 : at.hour % 12;
  switch (token) {
    case '':
      return '';
    case 'January':
      return MONTHS[at.month - 1] ?? '';
    case 'Jan':
      return (MONTHS[at.month - 1] ?? '').slice(0, 3);
    case 'Monday':
      return DAYS[dayOfWeek(at)] ?? '';
    case 'Mon':
      return (DAYS[dayOfWeek(at)] ?? '').slice(0, 3);
    case '01':
      return pad(at.month, 2);
    case '1':
      return String(at.month);
    case '02':
      return pad(at.day, 2);
    case '_2':
      return pad(at.day, 2, ' ');
    case '2':
      return String(at.day);
    case '002':
      return pad(dayOfYear(at), 3);
    case '__2':
      return pad(dayOfYear(at), 3, ' ');
    case '15':
      return pad(at.hour, 2);
    case '03':
      return pad(twelve, 2);
    case '3':
      return String(twelve);
    case '04':
      return pad(at.minute, 2);
    case '4':
      return String(at.minute);
    case '05':
      return pad(at.second, 2);
    case '5':
      return String(at.second);
    case '06':
      return pad(at.year % 100, 2);
    case '2006':
      return pad(at.year, 4);
    case 'PM':
      return at.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return at.hour >= 12 ? 'pm' : 'am';
    case 'MST':
      if (at.offset !== 0) throw new BuiltinFailure('time.format: the abbreviation of a zone');
      return 'UTC';
    default:
      return /^[.,]/.test(token) ? fraction(token, at.nanosecond) : zone(token, at.offset);
  }
}

/** A moment by a layout. Abbreviations of zones other than UTC are refused: nobody agrees on them. */
export function formatLayout(layout: string, at: Shown): string {
  return piecesOf(layout)
    .map(({ literal, token }) => literal + show(token, at))
    .join('');
}

type Fields = { -readonly [K in keyof Shown]: Shown[K] } & { afternoon: boolean | null };

/** Reads texts as Go's time.Parse does: each part takes what it can and never gives back. */
class LayoutReader {
  readonly #text: string;
  #at = 0;
  readonly fields: Fields = {
    ...{ year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0, offset: 0 },
    afternoon: null,
  };

  constructor(text: string) {
    this.#text = text;
  }

  fail(): never {
    throw new BuiltinFailure(`time.parse_ns: ${JSON.stringify(this.#text)} does not follow the layout`);
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return this.fail();
    this.#at += found.length;
    return found;
  }

  /** Any number of spaces stands for any number of them. */
  literal(text: string): void {
    for (const part of text.match(/ +|[^ ]+/g) ?? []) {
      if (part.startsWith(' ')) this.#take(this.done ? / */y : / +/y);
      else if (this.#text.startsWith(part, this.#at)) this.#at += part.length;
      else this.fail();
    }
  }

  #number(pattern: RegExp, least: number, most: number): number {
    const value = Number(this.#take(pattern));
    return value < least || value > most ? this.fail() : value;
  }

  #name(names: readonly string[], length?: number): number {
    const rest = this.#text.slice(this.#at).toLowerCase();
    const found = names.findIndex((n) => rest.startsWith(n.slice(0, length).toLowerCase()));
    if (found < 0) return this.fail();
    this.#at += (names[found] ?? '').slice(0, length).length;
    return found;
  }

  #fraction(): void {
    const digits = this.#take(/[.,]\d+/y).slice(1);
    this.fields.nanosecond = Number(digits.slice(0, 9).padEnd(9, '0'));
  }

  #zone(token: string): void {
    if (token.startsWith('Z') && this.#text[this.#at] === 'Z') {
      this.#at++;
      return;
    }
    const colon = token.includes(':') ? ':' : '';
    const parts = token.replace(/\D/g, '').length / 2;
    const text = this.#take(new RegExp(`[+-]${Array(parts).fill('\\d\\d').join(colon)}`, 'y'));
    const [hours = 0, minutes = 0, seconds = 0] = (text.match(/\d\d/g) ?? []).map(Number);
    if (hours > 24 || minutes > 60 || seconds > 60) this.fail();
    this.fields.offset = (hours * 3600 + minutes * 60 + seconds) * (text.startsWith('-') ? -1 : 1);
  }

  token(token: string, next: string): void {
    const { fields } = this;
    const short = /\d\d?/y;
    const fixed = /\d\d/y;
    switch (token) {
      case '':
        return;
      case 'January':
        fields.month = this.#name(MONTHS) + 1;
        return;
      case 'Jan':
        fields.month = this.#name(MONTHS, 3) + 1;
        return;
      case 'Monday':
        this.#name(DAYS);
        return;
      case 'Mon':
        this.#name(DAYS, 3);
        return;
      case '01':
      case '1':
        fields.month = this.#number(token === '01' ? fixed : short, 1, 12);
        return;
      case '02':
      case '2':
        fields.day = this.#number(token === '02' ? fixed : short, 1, 31);
        return;
      case '_2':
        fields.day = this.#number(/ ?\d\d?/y, 1, 31);
        return;
      case '15':
        fields.hour = this.#number(short, 0, 23);
        return;
      case '03':
      case '3':
        fields.hour = this.#number(token === '03' ? fixed : short, 0, 12);
        return;
      case '04':
      case '4':
        fields.minute = this.#number(token === '04' ? fixed : short, 0, 59);
        return;
      case '05':
      case '5':
        fields.second = this.#number(token === '05' ? fixed : short, 0, 59);
        // A fraction may follow that the layout does not ask for.
        if (!/^[.,]/.test(next) && /[.,]\d/y.test(this.#text.slice(this.#at, this.#at + 2))) this.#fraction();
        return;
      case '06': {
        const year = this.#number(fixed, 0, 99);
        fields.year = year >= 69 ? 1900 + year : 2000 + year;
        return;
      }
      case '2006':
        fields.year = this.#number(/\d{4}/y, 0, 9999);
        return;
      case 'PM':
      case 'pm':
        fields.afternoon = this.#take(token === 'PM' ? /[AP]M/y : /[ap]m/y).toLowerCase() === 'pm';
        return;
      case 'MST':
      case '002':
      case '__2':
        throw new BuiltinFailure(`time.parse_ns: ${token} in a layout`);
      default:
        if (!/^[.,]/.test(token)) this.#zone(token);
        else if (token[1] === '0') this.#exactFraction(token.length - 1);
        else if (/[.,]\d/y.test(this.#text.slice(this.#at, this.#at + 2))) this.#fraction();
    }
  }

  #exactFraction(digits: number): void {
    const text = this.#take(new RegExp(`[.,]\\d{${digits}}`, 'y')).slice(1);
    this.fields.nanosecond = Number(text.slice(0, 9).padEnd(9, '0'));
  }
}

/** A text by a layout; what it does not tell is the beginning of the year 0, in UTC. Throws a BuiltinFailure. */
export function parseLayout(layout: string, text: string): Shown {
  const reader = new LayoutReader(text);
  const pieces = piecesOf(layout);
  for (const [i, { literal, token }] of pieces.entries()) {
    reader.literal(literal);
    reader.token(token, pieces[i + 1]?.literal === '' ? (pieces[i + 1]?.token ?? '') : '');
  }
  const { afternoon, ...at } = reader.fields;
  if (!reader.done) reader.fail();
  if (afternoon === true && at.hour < 12) at.hour += 12;
  else if (afternoon === false && at.hour === 12) at.hour = 0;
  const lastDay = new Date(Date.UTC(2000 + (at.year % 400), at.month, 0)).getUTCDate();
  return at.day > lastDay ? reader.fail() : at;
}
