/** Parses a typed or clicked command. */
import { assertNever } from '../base/assert-never.ts';
import { clip } from '../text/words.ts';
import { asked, bareWord, commandPart, narrow } from './clean.ts';
import type { Command, CommandName, ParseResult, SnoozeEnd, Subject, WithoutRun } from './command.ts';
import { type Effect, GRAMMAR, type GrammarArgument, isCommandName, usageOf } from './grammar.ts';
import { parseMonth } from './month.ts';
import { readEnd, readEndAnswer } from './read-end.ts';
import { runNumber } from './run-number.ts';
import { candidatesFor, forEachTarget, guessName, listsTargets, shortened, withRunFrom } from './suggest.ts';
import { addressOf, type Token, tokenize, unquote } from './tokens.ts';
import { LONGEST_ACCEPT, parseUntil } from './until.ts';

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
  /** Names of stacks and environments, for suggestions; left out: they are not known. */
  readonly targets?: readonly string[];
}

/** The arguments that were read. */
interface ParsedArguments {
  run?: number;
  seen?: string;
  subject?: Subject;
  target?: string;
  address?: string;
  until?: SnoozeEnd;
  month?: string;
  reason?: string;
  topic?: CommandName;
}

interface Refusal {
  readonly problem: string;
  /** Commands that may be meant, the most similar first. They need not parse. */
  readonly instead?: readonly string[];
  readonly withoutRun?: WithoutRun;
}

/** What one text means, without looking for another one. */
type Exact =
  | { readonly ok: true; readonly command: Command }
  | { readonly ok: false; readonly refusal: Refusal };

type Step = { readonly used: number } | { readonly refusal: Refusal };

interface ParseState {
  /** As it was typed. */
  readonly typed: string;
  /** With narrow characters; the same length. */
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly at: number;
  readonly context: ParseContext;
  readonly name: CommandName;
}

function refused(problem: string, more: Omit<Refusal, 'problem'> = {}): Step {
  return { refusal: { problem, ...more } };
}

/** The most texts that are offered instead. */
const SUGGESTIONS = 3;

/** Effects that nobody means by a question. */
const DONE_BY_STATEMENT: readonly Effect[] = ['decides', 'exempts', 'stops', 'settings', 'asks'];

function quoted(words: string): string {
  return `“${clip(words, 40)}”`;
}

function example(name: CommandName): string {
  return GRAMMAR[name].examples[0] ?? usageOf(name);
}

/** A question about something that only a statement does; null if it is none. */
function questioned(name: CommandName, without: string): Step | null {
  if (!DONE_BY_STATEMENT.includes(GRAMMAR[name].effect)) return null;
  return refused(`A question does nothing by itself: ${name} is typed without the question mark.`, {
    instead: [without],
  });
}

function readRun({ name, text, tokens }: ParseState, word: string, parsed: ParsedArguments): Step {
  const number = runNumber(word);
  if (number.type === 'run') {
    parsed.run = number.run;
    const question = number.isQuestion ? questioned(name, `${name} #${number.run}`) : null;
    return question ?? { used: 1 };
  }
  if (number.type === 'impossible') return refused(`There is no run ${quoted(word)}.`);
  const target = asked(bareWord(word)).word;
  return refused(`${name} needs the number of a run, as in ${example(name)}; ${quoted(word)} is none.`, {
    instead: [...withRunFrom(name, tokens), ...shortened(name, text, tokens)],
    withoutRun: { command: name, target },
  });
}

/** The word as an address, also with punctuation behind it; the original spelling if it is one. */
function addressIn({ typed }: ParseState, token: Token): string | null {
  const word = typed.slice(token.start, token.end);
  return [word, token.text, bareWord(token.text)].map(addressOf).find((address) => address !== null) ?? null;
}

/** Reads one argument from the words at `at`. `used` is 0 if an optional argument is missing. */
function readArgument(argument: GrammarArgument, reading: ParseState, parsed: ParsedArguments): Step {
  const { tokens, at, context, name } = reading;
  const token = tokens[at];
  if (token === undefined) return { used: 0 };
  const word = token.text;
  switch (argument.slot) {
    case 'run':
      return readRun(reading, word, parsed);
    case 'seen':
      if (!/^[0-9a-f]{4,64}$/i.test(word)) return { used: 0 };
      parsed.seen = word.toLowerCase();
      return { used: 1 };
    case 'month': {
      const month = parseMonth(lowerCase(tokens, at), context.now, context.zone);
      if (month.type === 'problem') return refused(month.problem);
      if (month.type === 'none') {
        return refused(
          `I don't understand ${quoted(word)} as a month. Say 2026-11, november or last month.`,
          {
            instead: [
              ...forEachTarget(name, tokens, context.targets ?? []),
              ...shortened(name, reading.text, tokens),
            ],
          },
        );
      }
      parsed.month = month.month;
      return { used: month.used };
    }
    case 'target':
      // A month alone is the month of a report; a stack of such a name is typed as `stack:november`.
      if (
        takes(name, 'month') &&
        parseMonth(lowerCase(tokens, at), context.now, context.zone).type !== 'none'
      ) {
        return { used: 0 };
      }
      if (takes(name, 'reason') && listsTargets(tokens.slice(at), context.targets ?? [])) {
        return refused(`${name} takes one target: ${usageOf(name)}, as in ${example(name)}.`, {
          instead: forEachTarget(name, tokens, context.targets ?? []),
        });
      }
      parsed.target = unquote(word);
      return { used: 1 };
    case 'policy':
      // With its punctuation: `prod?` and `*prod*` are globs. What names no stack is looked at again without it.
      parsed.target = unquote(word);
      return { used: 1 };
    case 'subject': {
      const number = runNumber(word);
      if (number.type === 'impossible') return refused(`There is no run ${quoted(word)}.`);
      if (number.type === 'run' && number.isQuestion) {
        return questioned(name, `${name} #${number.run}`) ?? { used: 0 };
      }
      parsed.subject =
        number.type === 'run' ? { by: 'run', run: number.run } : { by: 'target', target: unquote(word) };
      return { used: 1 };
    }
    case 'address': {
      const address = addressIn(reading, token);
      if (address === null) return { used: 0 };
      parsed.address = address;
      return { used: 1 };
    }
    case 'end': {
      const end = readEnd(lowerCase(tokens, at), context.now, context.zone, LONGEST_ACCEPT);
      if ('problem' in end) return refused(end.problem);
      if (end.until !== null) parsed.until = end.until;
      return { used: end.used };
    }
    case 'time': {
      const words = lowerCase(tokens, at);
      const until = parseUntil(words, context.now, context.zone);
      switch (until.type) {
        case 'problem':
          return refused(until.problem);
        case 'none':
          return refused(
            `I don't understand ${quoted(word)} as a time. Say 2h, 3d or until monday 9:00, as in ${example(name)}.`,
            { instead: [withUntil(reading, token)] },
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
      const reason = unquote(reading.typed.slice(token.start).trim()).trim();
      if (reason !== '') parsed.reason = reason;
      return { used: tokens.length - at };
    }
    case 'topic': {
      const topic = asked(bareWord(word)).word.toLowerCase();
      if (isCommandName(topic)) {
        parsed.topic = topic;
        return { used: 1 };
      }
      const near = guessName(topic);
      return refused(
        `There is no command ${quoted(word)}.`,
        near === null ? {} : { instead: [`help ${near}`] },
      );
    }
    default:
      return assertNever(argument.slot);
  }
}

/** The words from `at` on, in lower case: as many as a time or a month can have. */
function lowerCase(tokens: readonly Token[], at: number): readonly string[] {
  return tokens.slice(at, at + 8).map((t) => bareWord(t.text).toLowerCase());
}

function takes(name: CommandName, slot: GrammarArgument['slot']): boolean {
  return GRAMMAR[name].args.some((a) => a.slot === slot);
}

/** People say `tomorrow` where the grammar has `until tomorrow`. */
function withUntil({ name, text, tokens }: ParseState, { start }: Token): string {
  const begin = tokens[0]?.end ?? 0;
  return `${name}${text.slice(begin, start)}until ${text.slice(start)}`;
}

const ARGUMENT_WORDS: Readonly<Record<GrammarArgument['slot'], string>> = {
  run: 'the number of a run',
  seen: 'what was seen',
  target: 'the name of a stack or an environment',
  policy: 'the name of a policy',
  subject: 'a run, a stack or an environment',
  address: 'the address of a resource',
  time: 'a time',
  end: 'a time',
  month: 'a month',
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
  const target = answer('target');
  if (takes('target') && target !== '') parsed.target = unquote(target);
  const reason = answer('reason');
  if (takes('reason') && reason !== '') parsed.reason = reason;

  const time = answer('until') === '' ? answer('for') : answer('until');
  if ((takes('time') || takes('end')) && time !== '') {
    const end = readEndAnswer(time, context.now, context.zone, takes('end') ? LONGEST_ACCEPT : undefined);
    if ('problem' in end) return end;
    if (end.until !== null) parsed.until = end.until;
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
    case 'stacks':
    case 'history':
    case 'digest':
      return { command: name, target: target ?? null };
    case 'report':
      return { command: name, target: target ?? null, month: parsed.month ?? null };
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
    case 'codify':
      return run === undefined ? null : { command: name, run, address };
    case 'accept':
      if (run === undefined) return null;
      return {
        ...{ command: name, run, address, reason },
        until: typeof parsed.until === 'number' ? parsed.until : null,
      };
    case 'pause':
      return { command: name, target: target ?? null, reason };
    case 'resume':
      return { command: name, target: target ?? null };
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

function problem(text: string, more: Omit<Refusal, 'problem'> = {}): Exact {
  return { ok: false, refusal: { problem: text, ...more } };
}

/** Words that answer a question, but do not say which run. */
const ANSWERS = /^(yes|yep|y|ok|okay|no|nope|n|lgtm)$/;

/** The problem if the first word is not a command. */
function unknownCommand(first: Token, text: string, tokens: readonly Token[], context: ParseContext): Exact {
  const instead = candidatesFor(text, tokens, context.targets ?? []);
  const word = asked(bareWord(first.text)).word.toLowerCase();
  if (tokens.length === 1 && runNumber(first.text).type === 'run')
    return problem('That is a run. What about it?', { instead });
  const near = guessName(first.text);
  if (near === null)
    return problem(`I don't know ${quoted(first.text)}. Type help for what I can do.`, { instead });
  const isAnswer = ANSWERS.test(word);
  const words = isAnswer
    ? `${quoted(first.text)} alone decides nothing: say which run, as in ${example(near)}.`
    : `I don't know ${quoted(first.text)}.`;
  const needsRun = GRAMMAR[near].args[0]?.slot === 'run' || GRAMMAR[near].args[0]?.slot === 'subject';
  const next = tokens[1]?.text;
  const target = isAnswer || next === undefined ? null : asked(bareWord(next)).word;
  return problem(words, { instead, ...(needsRun ? { withoutRun: { command: near, target } } : {}) });
}

/** Reads one text by the grammar. */
function parseExact(typedText: string, context: ParseContext): Exact {
  const whole = narrow(typedText);
  const [start, end] = commandPart(whole);
  const [text, typed] = [whole.slice(start, end), typedText.slice(start, end)];
  const tokens = tokenize(text);
  const [first] = tokens;
  if (first === undefined || /^\?+$/.test(text))
    return { ok: true, command: { command: 'help', topic: null } };
  const { word, isQuestion } = asked(bareWord(first.text));
  const name = word.toLowerCase();
  if (!isCommandName(name)) return unknownCommand(first, text, tokens, context);
  const { args } = GRAMMAR[name];
  if (isQuestion && args.length > 0) {
    const question = questioned(name, `${name}${text.slice(first.end)}`);
    if (question !== null && 'refusal' in question && tokens.length > 1) return { ok: false, ...question };
  }

  const parsed: ParsedArguments = {};
  let at = 1;
  for (const argument of args) {
    const step = readArgument(argument, { typed, text, tokens, at, context, name }, parsed);
    if ('refusal' in step) return { ok: false, refusal: step.refusal };
    if (step.used === 0 && argument.need === 'must') {
      const missing = `${name} needs ${ARGUMENT_WORDS[argument.slot]}: ${usageOf(name)}, as in ${example(name)}.`;
      const isRun = argument.slot === 'run' || argument.slot === 'subject';
      return problem(missing, isRun ? { withoutRun: { command: name, target: null } } : {});
    }
    at += step.used;
  }
  const extra = tokens[at];
  if (extra !== undefined) {
    const kept = `${name}${text.slice(first.end, extra.start)}`.trim();
    const each = args[0]?.slot === 'target' ? forEachTarget(name, tokens, context.targets ?? []) : [];
    const there = quoted(typed.slice(extra.start));
    return problem(`I don't understand ${there} there: ${usageOf(name)}.`, { instead: [...each, kept] });
  }
  const wrong = complete(parsed, args, context);
  if (wrong !== null) return { ok: false, refusal: wrong };
  if (parsed.reason !== undefined && parsed.reason.length > REASON_LIMIT) {
    return problem(`That reason is too long: at most ${REASON_LIMIT} characters.`);
  }
  const command = toCommand(name, parsed);
  return command === null ? problem(`${usageOf(name)}, as in ${example(name)}.`) : { ok: true, command };
}

/** A suggestion as it is shown: on one line, and as it would be typed. */
function shown(candidate: string): string {
  return candidate
    .replace(/\s+/g, ' ')
    .replace(/[\s.,;:!]+$/, '')
    .trim();
}

/**
 * Parses a typed or clicked command by the grammar. Case, extra blanks, full-width characters, punctuation after a
 * word and quotes around it do not count; `/m0`, `@m0` or `m0` in front is allowed. Arguments that a form can ask for
 * may be missing (null), and `answers` fills them in. A typing mistake gives suggestions, each of which parses, and is
 * never carried out. Never throws.
 */
export function parseCommand(typed: string, context: ParseContext): ParseResult {
  if (typed.length > TEXT_LIMIT) {
    return { ok: false, problem: `That is too long: at most ${TEXT_LIMIT} characters.`, suggestion: null };
  }
  const exact = parseExact(typed, context);
  if (exact.ok) return exact;
  const { problem: words, instead = [], withoutRun } = exact.refusal;
  const candidates = [...new Set(instead.map(shown))];
  const parsing = candidates.filter((text) => parseExact(text, { ...context, answers: null }).ok);
  const [suggestion = null, ...rest] = parsing;
  const others = alternatives(suggestion, rest);
  return {
    ...{ ok: false, problem: words, suggestion },
    ...(others.length === 0 ? {} : { others }),
    ...(withoutRun === undefined ? {} : { withoutRun }),
  };
}

/** Suggestions besides the first that are for something else. A shorter form of the first is no other one. */
function alternatives(first: string | null, rest: readonly string[]): readonly string[] {
  if (first === null) return [];
  return rest.filter((text) => !first.startsWith(text)).slice(0, SUGGESTIONS - 1);
}
