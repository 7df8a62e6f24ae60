/** Reads one argument of a typed command. */
import { assertNever } from '../base/assert-never.ts';
import { clip } from '../text/words.ts';
import { asked, bareWord } from './clean.ts';
import type { CommandName, SnoozeEnd, Subject, WithoutRun } from './command.ts';
import { type Effect, GRAMMAR, type GrammarArgument, isCommandName, usageOf } from './grammar.ts';
import { parseMonth } from './month.ts';
import { readEnd } from './read-end.ts';
import { runNumber } from './run-number.ts';
import { forEachTarget, guessName, listsTargets, shortened, withRunFrom } from './suggest.ts';
import { addressOf, type Token, unquote } from './tokens.ts';
import { LONGEST_ACCEPT, parseUntil } from './until.ts';

export interface ParseContext {
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
export interface ParsedArguments {
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

export interface Refusal {
  readonly problem: string;
  /** Commands that may be meant, the most similar first. They need not parse. */
  readonly instead?: readonly string[];
  readonly withoutRun?: WithoutRun;
}

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

/** Effects that nobody means by a question. */
const DONE_BY_STATEMENT: readonly Effect[] = ['decides', 'exempts', 'stops', 'settings', 'asks'];

/** The words in quotation marks, shortened. */
export function quoted(words: string): string {
  return `“${clip(words, 40)}”`;
}

/** One of the examples of the command. */
export function example(name: CommandName): string {
  return GRAMMAR[name].examples[0] ?? usageOf(name);
}

/** Refuses a question about something that only a statement does; null if the command is none of these. */
export function questioned(name: CommandName, without: string): Step | null {
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

/**
 * Reads one argument from the words at `at` into `parsed`. `used`: how many words it has; 0 if an optional argument is
 * missing.
 */
export function readArgument(argument: GrammarArgument, reading: ParseState, parsed: ParsedArguments): Step {
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

/** True if the command has such an argument. */
export function takes(name: CommandName, slot: GrammarArgument['slot']): boolean {
  return GRAMMAR[name].args.some((a) => a.slot === slot);
}

/** People say `tomorrow` where the grammar has `until tomorrow`. */
function withUntil({ name, text, tokens }: ParseState, { start }: Token): string {
  const begin = tokens[0]?.end ?? 0;
  return `${name}${text.slice(begin, start)}until ${text.slice(start)}`;
}
