/** Parses a typed or clicked command. */
import { assertNever } from '../base/assert-never.ts';
import { nearest } from '../text/nearest.ts';
import { clip } from '../text/words.ts';
import type { Command, CommandName, ParseResult, SnoozeEnd, Subject } from './command.ts';
import { COMMAND_NAMES, GRAMMAR, type GrammarArgument, isCommandName, usageOf } from './grammar.ts';
import { addressOf, type Token, tokenize, unquote } from './tokens.ts';
import { parseUntil } from './until.ts';

/** The longest reason, in characters. */
export const REASON_LIMIT = 500;

/** The longest command, in characters. */
const TEXT_LIMIT = 4000;

interface ParseContext {
  /** ms since epoch. */
  readonly now: number;
  /** The IANA zone for times such as `until monday 9:00`. */
  readonly zone: string;
  /** Answers of a submitted form by field name (`for`, `address`, `reason`); null if there was no form. */
  readonly answers: Readonly<Record<string, string>> | null;
}

/** The arguments that were read. */
interface ParsedArguments {
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
  /** A command that works, without its first word. */
  readonly instead?: string;
}

type Step = { readonly used: number } | { readonly refusal: Refusal };

interface ParseState {
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
  | { readonly type: 'run'; readonly run: number }
  | { readonly type: 'not' }
  | { readonly type: 'impossible' };

/** `#42` or `42`. */
function runNumber(word: string): RunNumber {
  const match = /^[#＃]?(\d+)$/.exec(unquote(word));
  if (match === null) return { type: 'not' };
  const run = Number(match[1]);
  return run >= 1 && run <= 999_999_999 ? { type: 'run', run } : { type: 'impossible' };
}

function readRun(word: string, parsed: ParsedArguments, name: CommandName): Step {
  const number = runNumber(word);
  if (number.type === 'run') {
    parsed.run = number.run;
    return { used: 1 };
  }
  if (number.type === 'impossible') return refused(`There is no run ${quoted(word)}.`);
  return refused(`${name} needs the number of a run, as in ${example(name)}; ${quoted(word)} is none.`);
}

/** Reads one argument from the words at `at`. `used` is 0 if an optional argument is missing. */
function readArgument(argument: GrammarArgument, reading: ParseState, parsed: ParsedArguments): Step {
  const { tokens, at, context, name, text } = reading;
  const token = tokens[at];
  if (token === undefined) return { used: 0 };
  const word = token.text;
  switch (argument.slot) {
    case 'run':
      return readRun(word, parsed, name);
    case 'seen':
      if (!/^[0-9a-f]{4,64}$/i.test(word)) return { used: 0 };
      parsed.seen = word.toLowerCase();
      return { used: 1 };
    case 'target':
    case 'policy':
      parsed.target = unquote(word);
      return { used: 1 };
    case 'subject': {
      const number = runNumber(word);
      if (number.type === 'impossible') return refused(`There is no run ${quoted(word)}.`);
      parsed.subject =
        number.type === 'run' ? { by: 'run', run: number.run } : { by: 'target', target: unquote(word) };
      return { used: 1 };
    }
    case 'address': {
      const address = addressOf(word);
      if (address === null) return { used: 0 };
      parsed.address = address;
      return { used: 1 };
    }
    case 'time': {
      const words = tokens.slice(at, at + 8).map((t) => t.text.toLowerCase());
      const until = parseUntil(words, context.now, context.zone);
      switch (until.type) {
        case 'problem':
          return refused(until.problem);
        case 'none':
          return refused(
            `I don't understand ${quoted(word)} as a time. Say 2h, 3d or until monday 9:00, as in ${example(name)}.`,
          );
        case 'at':
          parsed.until = until.at;
          return { used: until.used };
        case 'changes':
          parsed.until = 'changes';
          return { used: until.used };
        default:
          return assertNever(until);
      }
    }
    case 'reason': {
      const reason = unquote(text.slice(token.start).trim()).trim();
      if (reason !== '') parsed.reason = reason;
      return { used: tokens.length - at };
    }
    case 'topic': {
      const topic = unquote(word).toLowerCase();
      if (isCommandName(topic)) {
        parsed.topic = topic;
        return { used: 1 };
      }
      const near = guessName(topic);
      return refused(`There is no command ${quoted(word)}.`, near ?? undefined);
    }
    default:
      return assertNever(argument.slot);
  }
}

/** The command that a mistyped word may mean. */
function guessName(word: string): CommandName | null {
  const typed = word.toLowerCase();
  const meant = COMMAND_NAMES.find((name) => GRAMMAR[name].alsoCalled.includes(typed));
  const near = meant ?? nearest(typed, COMMAND_NAMES, 1)[0];
  return near !== undefined && isCommandName(near) ? near : null;
}

const ARGUMENT_WORDS: Readonly<Record<GrammarArgument['slot'], string>> = {
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

/** Puts the answers of a form over what was typed. An empty answer keeps what was typed. */
function complete(
  parsed: ParsedArguments,
  args: readonly GrammarArgument[],
  context: ParseContext,
): Refusal | null {
  const { answers } = context;
  if (answers === null) return null;
  const takes = (slot: GrammarArgument['slot']): boolean => args.some((p) => p.slot === slot);
  const answer = (field: string): string =>
    Object.hasOwn(answers, field) ? (answers[field] ?? '').trim() : '';

  const address = answer('address');
  if (takes('address') && address !== '') {
    if (address.toLowerCase() === 'all') {
      delete parsed.address;
    } else {
      const read = addressOf(address);
      if (read === null) return { problem: `${quoted(address)} is not the address of a resource.` };
      parsed.address = read;
    }
  }
  const reason = answer('reason');
  if (takes('reason') && reason !== '') parsed.reason = reason;

  const time = answer('for').toLowerCase();
  if (takes('time') && time !== '') {
    const words = time.split(/\s+/).slice(0, 8);
    // In a form, people leave out the word `until`, because the field's label says it.
    const [plain, until] = [words, ['until', ...words]].map((w) => parseUntil(w, context.now, context.zone));
    const read = plain?.type === 'none' ? until : plain;
    if (read?.type === 'problem') return { problem: read.problem };
    if (read?.type === 'at') parsed.until = read.at;
    if (read?.type === 'changes') parsed.until = 'changes';
  }
  return null;
}

/** Builds the command from its arguments; null if a required argument is missing. */
function toCommand(name: CommandName, parsed: ParsedArguments): Command | null {
  const { run, subject, target } = parsed;
  const address = parsed.address ?? null;
  const reason = parsed.reason ?? null;
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
      return run === undefined ? null : { command: name, run, seen: parsed.seen ?? null };
    case 'reject':
      return run === undefined ? null : { command: name, run, reason };
    case 'snooze':
      if (subject === undefined) return null;
      return { command: name, subject, address, until: parsed.until ?? null, reason };
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
      return { command: name, policy: target, trouble: parsed.seen ?? null };
    case 'home':
    case 'oncall':
      return { command: name };
    case 'help':
      return { command: name, topic: parsed.topic ?? null };
    default:
      return assertNever(name);
  }
}

function problem(text: string, suggestion: string | null = null): ParseResult {
  return { ok: false, problem: text, suggestion };
}

/** The problem if the first word is not a command, with a suggestion for the whole text. */
function unknownCommand(first: Token, text: string): ParseResult {
  const rest = text.slice(first.end);
  if (runNumber(first.text).type === 'run' && rest.trim() === '') {
    return problem('That is a run. What about it?', `show ${first.text}`);
  }
  const near = guessName(first.text.replace(/[.,:;!?]+$/, ''));
  const unknown = `I don't know ${quoted(first.text)}.`;
  if (near === null) return problem(`${unknown} Type help for what I can do.`);
  return problem(unknown, `${near}${rest}`);
}

/**
 * Parses a typed or clicked command by the grammar. Case and extra blanks do not count; a leading `/m0`, `@m0` or
 * `m0` is allowed. Arguments that a form can ask for may be missing (null), and `answers` fills them in. A typing
 * mistake gives a suggestion and is never carried out. Never throws.
 */
export function parseCommand(typed: string, context: ParseContext): ParseResult {
  if (typed.length > TEXT_LIMIT) return problem(`That is too long: at most ${TEXT_LIMIT} characters.`);
  const text = typed.replace(/^\s*[/@]?m0(?:[:,]|(?=\s|$))/i, '').trim();
  const tokens = tokenize(text);
  const [first] = tokens;
  if (first === undefined || text === '?') return { ok: true, command: { command: 'help', topic: null } };
  const name = first.text.toLowerCase();
  if (!isCommandName(name)) return unknownCommand(first, text);

  const { args } = GRAMMAR[name];
  const parsed: ParsedArguments = {};
  let at = 1;
  for (const argument of args) {
    const step = readArgument(argument, { text, tokens, at, context, name }, parsed);
    if ('refusal' in step) {
      const { instead } = step.refusal;
      return problem(step.refusal.problem, instead === undefined ? null : `${name} ${instead}`);
    }
    if (step.used === 0 && argument.need === 'must') {
      return problem(
        `${name} needs ${ARGUMENT_WORDS[argument.slot]}: ${usageOf(name)}, as in ${example(name)}.`,
      );
    }
    at += step.used;
  }
  const extra = tokens[at];
  if (extra !== undefined) {
    const kept = `${name}${text.slice(first.end, extra.start)}`.trim();
    return problem(`I don't understand ${quoted(text.slice(extra.start))} there: ${usageOf(name)}.`, kept);
  }
  const wrong = complete(parsed, args, context);
  if (wrong !== null) return problem(wrong.problem);
  if (parsed.reason !== undefined && parsed.reason.length > REASON_LIMIT) {
    return problem(`That reason is too long: at most ${REASON_LIMIT} characters.`);
  }
  const command = toCommand(name, parsed);
  return command === null ? problem(`${usageOf(name)}, as in ${example(name)}.`) : { ok: true, command };
}
