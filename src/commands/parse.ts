import { assertNever } from '../base/assert-never.ts';
import { nearest } from '../text/nearest.ts';
import { clip } from '../text/words.ts';
import type { Command, CommandName, ParseResult, SnoozeEnd, Subject } from './command.ts';
import { COMMAND_NAMES, GRAMMAR, type GrammarPlace, isCommandName, usageOf } from './grammar.ts';
import { addressOf, type Token, tokenize, unquote } from './tokens.ts';
import { parseUntil } from './until.ts';

/** The longest reason that is kept, in characters. */
export const REASON_LIMIT = 500;

/** Longer texts are refused unread. */
const TEXT_LIMIT = 4000;

interface ParseContext {
  /** ms since epoch. */
  readonly now: number;
  /** IANA zone in which `until monday 9:00` is meant. */
  readonly zone: string;
  /** Answers of a submitted form by field name (`for`, `address`, `reason`); null where no form was involved. */
  readonly answers: Readonly<Record<string, string>> | null;
}

/** What the places of a command were filled with. */
interface Filled {
  run?: number;
  seen?: string;
  subject?: Subject;
  target?: string;
  address?: string;
  until?: SnoozeEnd;
  reason?: string;
  topic?: CommandName;
}

interface Refusal {
  readonly problem: string;
  /** Text of the command that would work, without the first word. */
  readonly instead?: string;
}

type Step = { readonly used: number } | { readonly refusal: Refusal };

interface Reading {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly at: number;
  readonly context: ParseContext;
  readonly name: CommandName;
}

function refused(problem: string, instead?: string): Step {
  return { refusal: instead === undefined ? { problem } : { problem, instead } };
}

function quoted(words: string): string {
  return `“${clip(words, 40)}”`;
}

function example(name: CommandName): string {
  return GRAMMAR[name].examples[0] ?? usageOf(name);
}

type RunNumber =
  | { readonly is: 'run'; readonly run: number }
  | { readonly is: 'not' }
  | { readonly is: 'impossible' };

/** `#42` or `42`. */
function runNumber(word: string): RunNumber {
  const match = /^[#＃]?(\d+)$/.exec(unquote(word));
  if (match === null) return { is: 'not' };
  const run = Number(match[1]);
  return run >= 1 && run <= 999_999_999 ? { is: 'run', run } : { is: 'impossible' };
}

function readRun(word: string, filled: Filled, name: CommandName): Step {
  const number = runNumber(word);
  if (number.is === 'run') {
    filled.run = number.run;
    return { used: 1 };
  }
  if (number.is === 'impossible') return refused(`There is no run ${quoted(word)}.`);
  return refused(`${name} needs the number of a run, as in ${example(name)}; ${quoted(word)} is none.`);
}

/** Reads one place from the words at `at`; `used` 0 where a place that may be left out is. */
function readPlace(place: GrammarPlace, reading: Reading, filled: Filled): Step {
  const { tokens, at, context, name, text } = reading;
  const token = tokens[at];
  if (token === undefined) return { used: 0 };
  const word = token.text;
  switch (place.slot) {
    case 'run':
      return readRun(word, filled, name);
    case 'seen':
      if (!/^[0-9a-f]{4,64}$/i.test(word)) return { used: 0 };
      filled.seen = word.toLowerCase();
      return { used: 1 };
    case 'target':
    case 'policy':
      filled.target = unquote(word);
      return { used: 1 };
    case 'subject': {
      const number = runNumber(word);
      if (number.is === 'impossible') return refused(`There is no run ${quoted(word)}.`);
      filled.subject =
        number.is === 'run' ? { by: 'run', run: number.run } : { by: 'target', target: unquote(word) };
      return { used: 1 };
    }
    case 'address': {
      const address = addressOf(word);
      if (address === null) return { used: 0 };
      filled.address = address;
      return { used: 1 };
    }
    case 'time': {
      const words = tokens.slice(at, at + 8).map((t) => t.text.toLowerCase());
      const until = parseUntil(words, context.now, context.zone);
      switch (until.is) {
        case 'problem':
          return refused(until.problem);
        case 'none':
          return refused(
            `I don't understand ${quoted(word)} as a time. Say 2h, 3d or until monday 9:00, as in ${example(name)}.`,
          );
        case 'at':
          filled.until = until.at;
          return { used: until.used };
        case 'changes':
          filled.until = 'changes';
          return { used: until.used };
        default:
          return assertNever(until);
      }
    }
    case 'reason': {
      const reason = unquote(text.slice(token.start).trim()).trim();
      if (reason !== '') filled.reason = reason;
      return { used: tokens.length - at };
    }
    case 'topic': {
      const topic = unquote(word).toLowerCase();
      if (isCommandName(topic)) {
        filled.topic = topic;
        return { used: 1 };
      }
      const near = guessName(topic);
      return refused(`There is no command ${quoted(word)}.`, near ?? undefined);
    }
    default:
      return assertNever(place.slot);
  }
}

/** The command a mistyped word may have been. */
function guessName(word: string): CommandName | null {
  const typed = word.toLowerCase();
  const meant = COMMAND_NAMES.find((name) => GRAMMAR[name].alsoCalled.includes(typed));
  const near = meant ?? nearest(typed, COMMAND_NAMES, 1)[0];
  return near !== undefined && isCommandName(near) ? near : null;
}

const MISSING: Readonly<Record<GrammarPlace['slot'], string>> = {
  run: 'the number of a run',
  seen: 'what was seen',
  target: 'the name of a stack or an environment',
  policy: 'the name of a policy',
  subject: 'a run, a stack or an environment',
  address: 'the address of a resource',
  time: 'a time',
  reason: 'a reason',
  topic: 'the name of a command',
};

/** Puts the answers of a form over what was typed. An answer left empty leaves the typed word. */
function complete(filled: Filled, places: readonly GrammarPlace[], context: ParseContext): Refusal | null {
  const { answers } = context;
  if (answers === null) return null;
  const takes = (slot: GrammarPlace['slot']): boolean => places.some((p) => p.slot === slot);
  const answer = (field: string): string =>
    Object.hasOwn(answers, field) ? (answers[field] ?? '').trim() : '';

  const address = answer('address');
  if (takes('address') && address !== '') {
    if (address.toLowerCase() === 'all') {
      delete filled.address;
    } else {
      const read = addressOf(address);
      if (read === null) return { problem: `${quoted(address)} is not the address of a resource.` };
      filled.address = read;
    }
  }
  const reason = answer('reason');
  if (takes('reason') && reason !== '') filled.reason = reason;

  const time = answer('for').toLowerCase();
  if (takes('time') && time !== '') {
    const words = time.split(/\s+/).slice(0, 8);
    // In a form people write "monday 9:00" into a field that says until.
    const [plain, until] = [words, ['until', ...words]].map((w) => parseUntil(w, context.now, context.zone));
    const read = plain?.is === 'none' ? until : plain;
    if (read?.is === 'problem') return { problem: read.problem };
    if (read?.is === 'at') filled.until = read.at;
    if (read?.is === 'changes') filled.until = 'changes';
  }
  return null;
}

/** What was filled, as the command. Null where a place that must be filled is not. */
function toCommand(name: CommandName, filled: Filled): Command | null {
  const { run, subject, target } = filled;
  const address = filled.address ?? null;
  const reason = filled.reason ?? null;
  switch (name) {
    case 'drift':
    case 'status':
    case 'history':
    case 'digest':
      return { command: name, target: target ?? null };
    case 'show':
    case 'cancel':
    case 'why':
    case 'ask':
      return run === undefined ? null : { command: name, run };
    case 'approve':
      return run === undefined ? null : { command: name, run, seen: filled.seen ?? null };
    case 'reject':
      return run === undefined ? null : { command: name, run, reason };
    case 'snooze':
      if (subject === undefined) return null;
      return { command: name, subject, address, until: filled.until ?? null, reason };
    case 'unsnooze':
    case 'unaccept':
      return subject === undefined ? null : { command: name, subject, address };
    case 'accept':
      return run === undefined ? null : { command: name, run, address, reason };
    case 'baseline':
    case 'subscribe':
    case 'unsubscribe':
    case 'policy':
      return target === undefined ? null : { command: name, target };
    case 'seen':
      if (target === undefined) return null;
      return { command: name, policy: target, trouble: filled.seen ?? null };
    case 'home':
    case 'oncall':
      return { command: name };
    case 'help':
      return { command: name, topic: filled.topic ?? null };
    default:
      return assertNever(name);
  }
}

function problem(text: string, suggestion: string | null = null): ParseResult {
  return { ok: false, problem: text, suggestion };
}

/** What is wrong where the first word is no command, with the whole text as it may have been meant. */
function unknownCommand(first: Token, text: string): ParseResult {
  const rest = text.slice(first.end);
  if (runNumber(first.text).is === 'run' && rest.trim() === '') {
    return problem('That is a run. What about it?', `show ${first.text}`);
  }
  const near = guessName(first.text.replace(/[.,:;!?]+$/, ''));
  const unknown = `I don't know ${quoted(first.text)}.`;
  if (near === null) return problem(`${unknown} Type help for what I can do.`);
  return problem(unknown, `${near}${rest}`);
}

/**
 * Reads a typed or clicked command (grammar.ts). Any case and blanks; a leading `/m0`, `@m0` or `m0` is
 * tolerated. Words that only a form can ask for may be missing: they are null then, and `answers` complete
 * them. A typing mistake is answered with what may have been meant and is never carried out. Never throws.
 */
export function parseCommand(typed: string, context: ParseContext): ParseResult {
  if (typed.length > TEXT_LIMIT) return problem(`That is too long: at most ${TEXT_LIMIT} characters.`);
  const text = typed.replace(/^\s*[/@]?m0(?:[:,]|(?=\s|$))/i, '').trim();
  const tokens = tokenize(text);
  const [first] = tokens;
  if (first === undefined || text === '?') return { ok: true, command: { command: 'help', topic: null } };
  const name = first.text.toLowerCase();
  if (!isCommandName(name)) return unknownCommand(first, text);

  const { places } = GRAMMAR[name];
  const filled: Filled = {};
  let at = 1;
  for (const place of places) {
    const step = readPlace(place, { text, tokens, at, context, name }, filled);
    if ('refusal' in step) {
      const { instead } = step.refusal;
      return problem(step.refusal.problem, instead === undefined ? null : `${name} ${instead}`);
    }
    if (step.used === 0 && place.need === 'must') {
      return problem(`${name} needs ${MISSING[place.slot]}: ${usageOf(name)}, as in ${example(name)}.`);
    }
    at += step.used;
  }
  const extra = tokens[at];
  if (extra !== undefined) {
    const kept = `${name}${text.slice(first.end, extra.start)}`.trim();
    return problem(`I don't understand ${quoted(text.slice(extra.start))} there: ${usageOf(name)}.`, kept);
  }
  const wrong = complete(filled, places, context);
  if (wrong !== null) return problem(wrong.problem);
  if (filled.reason !== undefined && filled.reason.length > REASON_LIMIT) {
    return problem(`That reason is too long: at most ${REASON_LIMIT} characters.`);
  }
  const command = toCommand(name, filled);
  return command === null ? problem(`${usageOf(name)}, as in ${example(name)}.`) : { ok: true, command };
}
