/** Finds the stacks of a typed target, and offers choices if it is ambiguous. */
import type { CommandName } from '../commands/command.ts';
import { resolveTarget } from '../commands/target.ts';
import type { Stack } from '../model/directory.ts';
import type { Reply } from '../ports/chat.ts';
import { clip } from '../text/words.ts';
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
  return refused(
    problem,
    commands.slice(0, MAX_BUTTONS).map((command) => ({ label: clip(command, 60), command })),
  );
}

/** As `targeted`, for commands with words after the target. Each choice is `text` (as typed) with another target. */
export function targetedIn(parts: ActionParts, text: string, target: string): readonly Stack[] | Reply {
  const { stacks } = parts.directory;
  const found = resolveTarget(target, stacks);
  if (found.ok) return stacks.filter((s) => found.stacks.includes(s.name));
  const at = text.indexOf(target, text.search(/\s/));
  const instead = (choice: string): string =>
    `${text.slice(0, at)}${choice}${text.slice(at + target.length)}`;
  return refusedWithChoices(found.problem, at === -1 ? [] : found.choices.map(instead));
}

/** The stacks that a target matches, or a refusal with choices. */
export function targeted(parts: ActionParts, command: CommandName, target: string): readonly Stack[] | Reply {
  const { stacks } = parts.directory;
  const found = resolveTarget(target, stacks);
  if (!found.ok) return choicesOf(found.problem, command, found.choices);
  return stacks.filter((s) => found.stacks.includes(s.name));
}
