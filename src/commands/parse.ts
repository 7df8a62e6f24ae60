/** Parses a typed or clicked command. */
import { asked, bareWord, commandPart, narrow } from './clean.ts';
import type { Command, ParseResult } from './command.ts';
import { takeAnswers } from './form-answers.ts';
import { GRAMMAR, type GrammarArgument, isCommandName, usageOf } from './grammar.ts';
import {
  example,
  type ParseContext,
  type ParsedArguments,
  questioned,
  quoted,
  type Refusal,
  readArgument,
} from './read-argument.ts';
import { runNumber } from './run-number.ts';
import { candidatesFor, forEachTarget, guessName } from './suggest.ts';
import { toCommand } from './to-command.ts';
import { type Token, tokenize } from './tokens.ts';

/** The longest reason, in characters. */
export const REASON_LIMIT = 500;

/** The longest command, in characters. */
const TEXT_LIMIT = 4000;

/** What one text means, without looking for another one. */
type Exact =
  | { readonly ok: true; readonly command: Command }
  | { readonly ok: false; readonly refusal: Refusal };

/** The most texts that are offered instead. */
const SUGGESTIONS = 3;

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
  const wrong = takeAnswers(name, parsed, context);
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
