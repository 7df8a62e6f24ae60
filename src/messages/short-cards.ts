/** Cards of one sentence: an answer or a refusal. */
import { type Effect, GRAMMAR, isCommandName } from '../commands/grammar.ts';
import { withPlainTimes } from '../text/instant.ts';
import { capitalize, clip, headlineOf, listed } from '../text/words.ts';
import type { Button, Card } from './card.ts';
import { line, type Moment } from './spans.ts';
import { timed, timedHeadline } from './timed.ts';

/** `moment`: what the times in the sentence are shown relative to, if it names any. */
function sentenceCard(
  sentence: string,
  tone: Card['tone'],
  buttons: readonly Button[],
  moment: Moment = { now: 0, zone: 'UTC' },
): Card {
  const told = timedHeadline(sentence, moment);
  const whole = withPlainTimes(sentence, moment.now, moment.zone).trim();
  return {
    ...(told.headline === '' ? { headline: 'm0' } : told),
    tone,
    blocks: [
      // The whole text only if the headline had to be shortened.
      ...(told.headline === whole ? [] : [line(...timed(sentence, moment))]),
      ...(buttons.length > 0 ? [{ type: 'buttons', buttons } as const] : []),
    ],
  };
}

/** A refusal: it says who may, and offers what can be done instead. Times in it are written by `instant`. */
export function refusalCard(sentence: string, buttons: readonly Button[] = [], moment?: Moment): Card {
  return sentenceCard(sentence, 'plain', buttons, moment);
}

/** An answer in plain text. Times in it are written by `instant`. */
export function infoCard(sentence: string, buttons: readonly Button[] = [], moment?: Moment): Card {
  return sentenceCard(sentence, 'plain', buttons, moment);
}

/** A command that can't be parsed: the problem, and a button for each command that may be meant. */
export function problemCard(
  problem: string,
  suggestion: string | null,
  others: readonly string[] = [],
): Card {
  if (suggestion === null) return sentenceCard(problem, 'plain', []);
  const all = [suggestion, ...others];
  const buttons = all.map(guessButton);
  return sentenceCard(`${problem} Did you mean: ${listed(all, 'or')}`, 'plain', buttons);
}

/** A button for a command that somebody may have meant. */
export function guessButton(command: string): Button {
  // A typed command may be longer than a button's label can be.
  return { label: clip(command, 60), command, ...confirmOf(command) };
}

/** What a guessed command with these effects does can't be undone by a second click. */
const CONFIRMED: readonly Effect[] = ['decides', 'stops'];

/**
 * A guessed command that decides what is applied, or whether anything is, needs a confirmation. `approve` itself is
 * answered with one.
 */
function confirmOf(suggestion: string): Pick<Button, 'confirm'> {
  const [name = ''] = suggestion.split(/\s/);
  if (!isCommandName(name) || name === 'approve' || !CONFIRMED.includes(GRAMMAR[name].effect)) return {};
  return {
    confirm: { title: headlineOf(suggestion), body: `${GRAMMAR[name].help}.`, confirm: capitalize(name) },
  };
}
