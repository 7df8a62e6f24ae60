/** Cards of one sentence: what was done, and what was refused. */
import { GRAMMAR, isCommandName } from '../commands/grammar.ts';
import { capital, clip, headlineOf } from '../text/words.ts';
import type { Button, Card } from './card.ts';
import { line, text } from './spans.ts';

function sentenceCard(said: string, tone: Card['tone'], buttons: readonly Button[]): Card {
  const headline = headlineOf(said);
  return {
    headline: headline === '' ? 'm0' : headline,
    tone,
    blocks: [
      // The whole text only where the headline is not it.
      ...(headline === said.trim() ? [] : [line(text(said))]),
      ...(buttons.length > 0 ? [{ type: 'buttons', buttons } as const] : []),
    ],
  };
}

/** A refusal (card 6): says who may and offers what can be done instead. */
export function refusalCard(said: string, buttons: readonly Button[] = []): Card {
  return sentenceCard(said, 'plain', buttons);
}

/** A plain answer. */
export function infoCard(said: string, buttons: readonly Button[] = []): Card {
  return sentenceCard(said, 'plain', buttons);
}

/** A command that can't be read: what is wrong, and a button that carries what would work. */
export function problemCard(problem: string, suggestion: string | null): Card {
  if (suggestion === null) return sentenceCard(problem, 'plain', []);
  // What may be typed is longer than what a button can show.
  return sentenceCard(`${problem} Did you mean: ${suggestion}`, 'plain', [
    { label: clip(suggestion, 60), command: suggestion, ...confirmOf(suggestion) },
  ]);
}

/** What decides anything is not done by one click on a guess. */
function confirmOf(suggestion: string): Pick<Button, 'confirm'> {
  const [name = ''] = suggestion.split(/\s/);
  if (!isCommandName(name) || GRAMMAR[name].effect !== 'decides') return {};
  return {
    confirm: { title: headlineOf(suggestion), body: `${GRAMMAR[name].help}.`, confirm: capital(name) },
  };
}
