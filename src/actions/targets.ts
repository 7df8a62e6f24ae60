/** Finds the stacks of a typed target, and offers choices if it is ambiguous. */
import { bareWord } from '../commands/clean.ts';
import type { Command, CommandName } from '../commands/command.ts';
import { plainTarget, resolveTarget } from '../commands/target.ts';
import { tokenize, unquote } from '../commands/tokens.ts';
import { guessButton } from '../messages/short-cards.ts';
import type { Stack } from '../model/directory.ts';
import type { Reply } from '../ports/chat.ts';
import { type ActionParts, refused } from './parts.ts';

/** How many choices become buttons. The text lists all of them. */
const MAX_BUTTONS = 5;

/** A refusal with a button for each target that would work instead. */
export function choicesOf(problem: string, command: CommandName, choices: readonly string[]): Reply {
  return refusedWithChoices(
    problem,
    choices.map((choice) => `${command} ${choice}`),
  );
}

function refusedWithChoices(problem: string, commands: readonly string[]): Reply {
  return refused(problem, commands.slice(0, MAX_BUTTONS).map(guessButton));
}

/** The command with its target as m0.yaml spells it, as far as punctuation and quotes around it go. */
export function withPlainTarget(command: Command, { directory }: ActionParts): Command {
  if ('target' in command && command.target !== null) {
    return { ...command, target: plainTarget(command.target, directory.stacks) };
  }
  if ('subject' in command && command.subject.by === 'target') {
    const target = plainTarget(command.subject.target, directory.stacks);
    return { ...command, subject: { by: 'target', target } };
  }
  return command;
}

/** The stacks with these names, in their order. */
function named(stacks: readonly Stack[], names: readonly string[]): readonly Stack[] {
  const wanted = new Set(names);
  return stacks.filter(({ name }) => wanted.has(name));
}

/** As `targeted`, for commands with words after the target. Each choice is `text` (as typed) with another target. */
export function targetedIn(parts: ActionParts, text: string, target: string): readonly Stack[] | Reply {
  const { stacks } = parts.directory;
  const found = resolveTarget(target, stacks);
  if (found.ok) return named(stacks, found.stacks);
  // Only the target is replaced: the same word may be in the reason as well.
  const token = tokenize(text).find(
    (word, i) => i > 0 && [unquote, bareWord].some((plain) => plain(word.text) === target),
  );
  const instead = (choice: string): string =>
    token === undefined ? '' : `${text.slice(0, token.start)}${choice}${text.slice(token.end)}`;
  return refusedWithChoices(found.problem, token === undefined ? [] : found.choices.map(instead));
}

/** The stacks that a target matches, or a refusal with choices. */
export function targeted(parts: ActionParts, command: CommandName, target: string): readonly Stack[] | Reply {
  const { stacks } = parts.directory;
  const found = resolveTarget(target, stacks);
  if (!found.ok) return choicesOf(found.problem, command, found.choices);
  return named(stacks, found.stacks);
}
