/** What a typed target means, and the choices where it could mean several things. */
import type { CommandName } from '../commands/command.ts';
import { resolveTarget } from '../commands/target.ts';
import { clip } from '../messages/words.ts';
import type { Reply, Stack } from '../runs/ports.ts';
import { type ActionParts, refused } from './parts.ts';

/** Choices offered as buttons; all of them stand in the text. */
const BUTTONS = 5;

/** A refusal with a button for each target that would work in place of what was typed. */
export function choicesOf(problem: string, command: CommandName, choices: readonly string[]): Reply {
  return refused(
    problem,
    choices.slice(0, BUTTONS).map((choice) => ({
      label: clip(`${command} ${choice}`, 60),
      command: `${command} ${choice}`,
    })),
  );
}

/** The stacks that a target means, or the reply with the choices. */
export function targeted(parts: ActionParts, command: CommandName, target: string): readonly Stack[] | Reply {
  const { stacks } = parts.directory;
  const found = resolveTarget(target, stacks);
  if (!found.ok) return choicesOf(found.problem, command, found.choices);
  return stacks.filter((s) => found.stacks.includes(s.name));
}
