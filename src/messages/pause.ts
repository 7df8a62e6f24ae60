/** Pauses on cards: the lines and buttons of a paused stack, the message about a pause, and the form that asks for one. */
import { REASON_LIMIT } from '../commands/parse.ts';
import { pauseCommand, resumeText, statusText } from '../commands/text.ts';
import { capitalize, clip, count, headlineOf, listed } from '../text/words.ts';
import type { Block, Button, Card, Form, Span } from './card.ts';
import { context, dotted, line, type Moment, person, strong, text, time } from './spans.ts';
import type { PauseCardView, PauseChoices, PauseView } from './view-pause.ts';

/** The most pauses on one card, the most names in a line, and the longest reason and target in characters. */
const SHOWN = 4;
const NAMES = 6;
const REASON = 300;
const TARGET = 60;
/** The most options in one list of a form. Other targets can be typed. */
const CHOICES = 100;

/** The target in words: `everything`, or as it was typed. */
export function pausedWhat(target: string): string {
  return target === '*' ? 'everything' : clip(target, TARGET);
}

function nameList(names: readonly string[]): string {
  const more = names.length - NAMES;
  return more > 1 ? `${names.slice(0, NAMES).join(', ')} and ${more} more` : listed(names);
}

/** `by Dana since 14:02: "the vendor works on it"` */
function whoSinceWhy({ by, at, reason }: PauseView, moment: Moment): readonly Span[] {
  return [text('by '), person(by), text(' since '), time(at, moment), text(`: "${clip(reason, REASON)}"`)];
}

/** Ends the pause. Applies go on by themselves then, so it asks for confirmation. */
export function resumeButton(target: string): Button {
  const what = pausedWhat(target);
  return {
    label: `Resume ${what}`,
    command: resumeText(target),
    confirm: {
      title: `Resume ${clip(what, 40)}?`,
      body: 'What is approved already, and what policies allow, is applied again: each with a fresh plan, and only if nothing moved.',
      confirm: 'Resume',
    },
  };
}

/** A button for each pause, the first ones. */
export function resumeButtons(pauses: readonly PauseView[]): readonly Button[] {
  return pauses.slice(0, SHOWN).map(({ target }) => resumeButton(target));
}

/**
 * Who paused this one stack, since when, why, and what that means. None if it is not paused. `applying`: an apply of it
 * began before the pause.
 */
export function pausedLines(
  pauses: readonly PauseView[],
  moment: Moment,
  applying = false,
): readonly Block[] {
  return pauses
    .slice(0, SHOWN)
    .map((pause) =>
      line(
        strong(`Paused (${pausedWhat(pause.target)}) `),
        ...whoSinceWhy(pause, moment),
        text(
          applying
            ? '. The apply that runs can’t be stopped; nothing more is applied until somebody resumes it.'
            : '. Nothing is applied, by policies or by people, until somebody resumes it.',
        ),
      ),
    );
}

/** One line for each pause of the stacks of a card about several. None if none of them is paused. */
export function pausesLines(pauses: readonly PauseView[], moment: Moment): readonly Block[] {
  const shown = pauses.length <= SHOWN + 1 ? pauses : pauses.slice(0, SHOWN);
  const more = pauses.length - shown.length;
  return [
    ...shown.map((pause) =>
      line(
        strong(`Paused (${pausedWhat(pause.target)}) `),
        ...whoSinceWhy(pause, moment),
        text(pause.stacks.length === 0 ? '' : ` · ${nameList(pause.stacks)}`),
      ),
    ),
    ...(more > 0 ? [context(text(`and ${count(more, 'more pause')}`))] : []),
  ];
}

/** How many of a card's stacks are paused, as a part of its headline; empty if none is. */
export function pausedPart(pauses: readonly PauseView[]): readonly string[] {
  const stacks = new Set(pauses.flatMap((pause) => pause.stacks));
  return stacks.size === 0 ? [] : [`${stacks.size} paused`];
}

/** `Paused by Dana: `, before the headline of a paused stack; empty if it is not paused. */
export function pausedHead(pauses: readonly PauseView[]): string {
  const [first] = pauses;
  return first === undefined ? '' : `Paused by ${clip(first.by.name, 40)}: `;
}

/** The message about a pause: one in each channel, updated in place when it ends. */
export function pauseCard(view: PauseCardView): Card {
  const what = pausedWhat(view.target);
  const stacks = view.stacks.length === 0 ? 'no stack of m0.yaml' : count(view.stacks.length, 'stack');
  const meta = context(
    ...dotted([
      [text(`${stacks}${view.stacks.length === 0 ? '' : `: ${nameList(view.stacks)}`}`)],
      [text('since '), time(view.at, view)],
    ]),
  );
  if (view.outcome !== null) {
    return {
      headline: headlineOf(`${capitalize(what)} is no longer paused: ${view.outcome}`),
      tone: 'good',
      blocks: [
        meta,
        { type: 'outcome', spans: [text('Paused '), ...whoSinceWhy(view, view)] },
        context(text('Applies go on, each with a fresh plan and its comparison.')),
      ],
    };
  }
  const sentence = `${view.by.name} paused ${what}: nothing is applied to ${stacks}. "${view.reason}"`;
  const headline = headlineOf(sentence);
  // The whole reason only if the headline had to be shortened.
  const reason = line(strong('Why: '), text(`"${clip(view.reason, REASON)}"`));
  return {
    headline,
    tone: 'bad',
    blocks: [
      meta,
      ...(headline === sentence ? [] : [reason]),
      line(
        text(
          'No apply begins, by policies or by people, until somebody resumes it. It does not end by itself. Checks and alerts go on. Approvals are refused meanwhile.',
        ),
      ),
      {
        type: 'buttons',
        buttons: [
          resumeButton(view.target),
          { label: 'Status', command: statusText(view.target === '*' ? null : view.target) },
        ],
      },
    ],
  };
}

/** Asks why, and what to pause where `target` is null. */
export function pauseForm(choices: PauseChoices, target: string | null): Form {
  const all = [
    { label: 'Everything', value: '*' },
    ...choices.environments.map((name) => ({ label: `Environment ${name}`, value: `env:${name}` })),
    ...choices.stacks.map((name) => ({ label: name, value: `stack:${name}` })),
  ];
  const options = [...new Map(all.map((option) => [option.value, option])).values()].slice(0, CHOICES);
  return {
    title: 'Pause applies',
    submit: 'Pause',
    intro: [
      strong(target === null ? 'Emergency stop. ' : `${capitalize(pausedWhat(target))}. `),
      text(
        'No apply begins any more, by policies or by people, also none that is approved already, until somebody resumes it. Checks and alerts go on.',
      ),
    ],
    command: pauseCommand(target),
    fields: [
      ...(target === null ? [{ kind: 'choice' as const, name: 'target', label: 'What', options }] : []),
      {
        kind: 'text',
        name: 'reason',
        label: 'Why',
        hint: 'Shown on every card that it concerns, and kept in the history',
        required: true,
        maxLength: REASON_LIMIT,
      },
    ],
  };
}
