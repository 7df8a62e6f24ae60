/** Makes a command of the arguments that were read. */
import { assertNever } from '../base/assert-never.ts';
import type { Command, CommandName } from './command.ts';
import type { ParsedArguments } from './read-argument.ts';

/** Builds the command from its arguments; null if a required argument is missing. */
export function toCommand(name: CommandName, parsed: ParsedArguments): Command | null {
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
