/** What somebody may have meant whose text is no command. Each candidate is checked by the parser before it is shown. */
import { nearest } from '../text/nearest.ts';
import { asked, bareWord } from './clean.ts';
import type { CommandName } from './command.ts';
import { COMMAND_NAMES, GRAMMAR, isCommandName } from './grammar.ts';
import { runNumber } from './run-number.ts';
import type { Token } from './tokens.ts';

/** More words than these are no command with a mistake in it. */
const MOST_WORDS = 12;

/** The command that a mistyped word may mean. */
export function guessName(word: string): CommandName | null {
  const typed = asked(bareWord(word)).word.toLowerCase();
  if (isCommandName(typed)) return typed;
  const meant = COMMAND_NAMES.find((name) => GRAMMAR[name].alsoCalled.includes(typed));
  const near = meant ?? nearest(typed, COMMAND_NAMES, 1)[0];
  return near !== undefined && isCommandName(near) ? near : null;
}

/** The text with fewer and fewer words at its end: the first of these that parses keeps the most of it. */
export function shortened(name: CommandName, text: string, tokens: readonly Token[]): readonly string[] {
  const [first] = tokens;
  if (first === undefined) return [name];
  const ends = tokens.slice(0, MOST_WORDS).map((token) => token.end);
  return ends.reverse().map((end) => `${name}${text.slice(first.end, end)}`);
}

/** A run that is named somewhere in the text, for a command that needs one. */
export function withRunFrom(name: CommandName, tokens: readonly Token[]): readonly string[] {
  return tokens.slice(1).flatMap(({ text }) => {
    const number = runNumber(text);
    return number.type === 'run' ? [`${name} #${number.run}`] : [];
  });
}

/**
 * The command once for each of several targets that were listed, as in `status prod, dev`. Only for known targets, if
 * they are known.
 */
export function forEachTarget(
  name: CommandName,
  tokens: readonly Token[],
  targets: readonly string[],
): readonly string[] {
  const words = tokens
    .slice(1, MOST_WORDS)
    .flatMap(({ text }) => text.split(/[,;&+/]/))
    .map((word) => asked(bareWord(word)).word)
    .filter((word) => word !== '' && !/^(and|or|und)$/i.test(word));
  const known = new Set(targets.map((target) => target.toLowerCase()));
  const meant = known.size === 0 ? words.slice(0, 1) : words.filter((word) => known.has(word.toLowerCase()));
  return [...new Set(meant)].map((word) => `${name} ${word}`);
}

/**
 * True if the words name several of the known targets, as in `prod, dev` and `prod and dev`, so that the second one is
 * not taken for the first word of a reason.
 */
export function listsTargets(words: readonly Token[], targets: readonly string[]): boolean {
  const known = new Set(targets.map((target) => target.toLowerCase()));
  const isKnown = (token: Token | undefined): boolean =>
    token !== undefined && known.has(asked(bareWord(token.text)).word.toLowerCase());
  const [first, ...rest] = words;
  if (!isKnown(first)) return false;
  const isJoin = (token: Token | undefined): boolean => /^([,;&+/]|and|or|und)$/i.test(token?.text ?? '');
  if (/[,;&+/]$/.test(first?.text ?? '')) return isKnown(rest[0]);
  if (isJoin(rest[0])) return isKnown(rest[1]);
  return rest.length > 0 && rest.every((token) => isKnown(token) || isJoin(token));
}

/** Two words that are one command, as in `on call`. */
function joined(text: string, tokens: readonly Token[]): readonly string[] {
  const [first, second] = tokens;
  if (first === undefined || second === undefined) return [];
  const word = `${bareWord(first.text)}${asked(bareWord(second.text)).word}`.toLowerCase();
  return isCommandName(word) ? shortened(word, text, tokens.slice(1)) : [];
}

/** A command with other words before it, as in `please approve #42`. */
function laterCommands(text: string, tokens: readonly Token[]): readonly string[] {
  return tokens.slice(0, MOST_WORDS).flatMap((token, i) => {
    const word = asked(bareWord(token.text)).word.toLowerCase();
    return i > 0 && isCommandName(word) ? shortened(word, text, tokens.slice(i)) : [];
  });
}

/** For a text whose first word is no command. */
export function candidatesFor(
  text: string,
  tokens: readonly Token[],
  targets: readonly string[],
): readonly string[] {
  const [first] = tokens;
  if (first === undefined) return [];
  const number = runNumber(first.text);
  if (number.type === 'run' && tokens.length === 1) return [`show #${number.run}`];
  const near = guessName(first.text);
  const word = asked(bareWord(first.text)).word.toLowerCase();
  const target = targets.find((name) => name.toLowerCase() === word);
  return [
    ...joined(text, tokens),
    ...(target === undefined ? [] : [`status ${target}`]),
    ...(near === null ? [] : shortened(near, text, tokens)),
    ...(near === null ? [] : withRunFrom(near, tokens)),
    ...laterCommands(text, tokens),
  ];
}
