/** The answers of a submitted form, which complete a command. */
import type { CommandName } from './command.ts';
import { type ParseContext, type ParsedArguments, quoted, type Refusal, takes } from './read-argument.ts';
import { readEndAnswer } from './read-end.ts';
import { addressOf, unquote } from './tokens.ts';
import { LONGEST_ACCEPT } from './until.ts';

/** Puts the answers of a form over what was typed. An empty answer keeps what was typed. Null: nothing is wrong. */
export function takeAnswers(
  name: CommandName,
  parsed: ParsedArguments,
  { answers, now, zone }: ParseContext,
): Refusal | null {
  if (answers === null) return null;
  const answer = (field: string): string =>
    Object.hasOwn(answers, field) ? (answers[field] ?? '').trim() : '';

  const address = answer('address');
  if (takes(name, 'address') && address !== '') {
    if (address.toLowerCase() === 'all') {
      delete parsed.address;
    } else {
      const read = addressOf(address);
      if (read === null) return { problem: `${quoted(address)} is not the address of a resource.` };
      parsed.address = read;
    }
  }
  const target = answer('target');
  if (takes(name, 'target') && target !== '') parsed.target = unquote(target);
  const reason = answer('reason');
  if (takes(name, 'reason') && reason !== '') parsed.reason = reason;

  const time = answer('until') === '' ? answer('for') : answer('until');
  if ((takes(name, 'time') || takes(name, 'end')) && time !== '') {
    const end = readEndAnswer(time, now, zone, takes(name, 'end') ? LONGEST_ACCEPT : undefined);
    if ('problem' in end) return end;
    if (end.until !== null) parsed.until = end.until;
  }
  return null;
}
