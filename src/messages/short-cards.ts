/** Cards of one sentence: an answer or a refusal. */
import { GRAMMAR, isCommandName } from '../commands/grammar.ts';
import { capitalize, clip, headlineOf } from '../text/words.ts';
import type { Button, Card } from './card.ts';
import { line, text } from './spans.ts';

function sentenceCard(sentence: string, tone: Card['tone'], buttons: readonly Button[]): Card {
  const headline = headlineOf(sentence);
  return {
    headline: headline === '' ? 'm0' : headline,
    tone,
    blocks: [
      // The whole text only if the headline had to be shortened.
      ...(headline === sentence.trim() ? [] : [line(text(sentence))]),
      ...(buttons.length > 0 ? [{ type: 'buttons', buttons } as const] : []),
    ],
  };
}

/** A refusal: it says who may, and offers what can be done instead. */
export function refusalCard(sentence: string, buttons: readonly Button[] = []): Card {
  return sentenceCard(sentence, 'plain', buttons);
}

/** An answer in plain text. */
export function infoCard(sentence: string, buttons: readonly Button[] = []): Card {
  return sentenceCard(sentence, 'plain', buttons);
}

/** A command that can't be parsed: the problem, and a button with a command that works. */
export function problemCard(problem: string, suggestion: string | null): Card {
  if (suggestion === null) return sentenceCard(problem, 'plain', []);
  // A typed command may be longer than a button's label can be.
  return sentenceCard(`${problem} Did you mean: ${suggestion}`, 'plain', [
    { label: clip(suggestion, 60), command: suggestion, ...confirmOf(suggestion) },
  ]);
}

/** A guessed command that decides something needs a confirmation. */
function confirmOf(suggestion: string): Pick<Button, 'confirm'> {
  const [name = ''] = suggestion.split(/\s/);
  if (!isCommandName(name) || GRAMMAR[name].effect !== 'decides') return {};
  return {
    confirm: { title: headlineOf(suggestion), body: `${GRAMMAR[name].help}.`, confirm: capitalize(name) },
  };
}
