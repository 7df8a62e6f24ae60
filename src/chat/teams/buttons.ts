/** Buttons and forms of a card as Adaptive Card actions. */
import { assertNever } from '../../base/assert-never.ts';
import type { Button, Form, FormField } from '../../messages/card.ts';
import { spokenLabel } from '../../messages/spoken-label.ts';
import { breakable, cutMiddle, visible } from '../../text/inert.ts';
import type { Action, ActionSet, Element, ExecuteAction } from './elements.ts';
import { LIMITS } from './limits.ts';
import { inert, richText, runs } from './spans.ts';

/** Verb of all of m0's buttons. */
export const VERB = 'm0';
/** Label of the button that sends an answer's whole text as a file. */
export const GET_FILE = 'Get as file';
/** Most characters of a form's introduction. */
const INTRO = 2_000;

/** Text of a button or a field. Never empty, because Teams would not show it. */
export function label(text: string, max: number): string {
  const shown = inert(text, max);
  return shown.trim() === '' ? '–' : shown;
}

export function execute(title: string, data: ExecuteAction['data'], style?: Button['style']): ExecuteAction {
  return {
    type: 'Action.Execute',
    title: label(title, LIMITS.buttonLabel),
    verb: VERB,
    data,
    ...(style === undefined ? {} : { style: STYLE[style] }),
    associatedInputs: data.form === undefined ? 'none' : 'auto',
  };
}

const STYLE = { primary: 'positive', danger: 'destructive' } as const;

/**
 * Sets of buttons. `first` numbers their forms on the card. A confirmation or a form opens below its button.
 * A button whose command is too long for Teams is left out: a cut command would be another command.
 */
export function buttonSets(buttons: readonly Button[], first: number): readonly ActionSet[] {
  const actions = buttons
    .filter((b) => b.command !== '' && b.command.length <= LIMITS.command)
    .map((button, i) => actionOf(button, `f${first + i}`));
  const sets: ActionSet[] = [];
  for (let i = 0; i < actions.length; i += LIMITS.actions) {
    sets.push({ type: 'ActionSet', actions: actions.slice(i, i + LIMITS.actions) });
  }
  return sets;
}

function actionOf(button: Button, form: string): Action {
  const { confirm, style } = button;
  const spoken = spokenLabel(button, LIMITS.spokenLabel);
  const tooltip = spoken === null ? {} : { tooltip: label(spoken, LIMITS.spokenLabel) };
  const opened = (card: {
    readonly body: readonly Element[];
    readonly actions: readonly ExecuteAction[];
  }): Action => ({
    type: 'Action.ShowCard',
    title: label(button.label, LIMITS.buttonLabel),
    ...tooltip,
    ...(style === undefined ? {} : { style: STYLE[style] }),
    card: { type: 'AdaptiveCard', ...card },
  });
  if (button.form !== undefined) {
    const parts = formParts(button.form, form);
    if (Buffer.byteLength(JSON.stringify(parts)) <= LIMITS.formInCard) return opened(parts);
  }
  if (confirm === undefined)
    return { ...execute(button.label, { command: button.command }, style), ...tooltip };
  const title = label(confirm.title, LIMITS.confirmTitle);
  const body = breakable(label(confirm.body, LIMITS.confirmText));
  return opened({
    body: [
      richText([{ type: 'TextRun', text: title, weight: 'bolder' }]),
      richText([{ type: 'TextRun', text: body }]),
    ],
    actions: [execute(confirm.confirm, { command: button.command }, style)],
  });
}

/**
 * The inputs of a form and the button that submits them. `id` distinguishes its values from those of other
 * forms on the card.
 */
export function formParts(
  form: Form,
  id: string,
): { readonly body: readonly Element[]; readonly actions: readonly ExecuteAction[] } {
  const intro = runs(form.intro, INTRO);
  return {
    body: [...(intro.length > 0 ? [richText(intro)] : []), ...form.fields.map((field) => inputOf(field, id))],
    actions: [execute(form.submit, { command: form.command, form: id }, 'primary')],
  };
}

function inputOf(field: FormField, form: string): Element {
  const common = { id: `${form}.${field.name}`, label: label(field.label, LIMITS.inputLabel) };
  const required = { isRequired: true, errorMessage: 'This is needed.' } as const;
  switch (field.kind) {
    case 'text':
      return {
        type: 'Input.Text',
        ...common,
        ...(field.required ? required : {}),
        isMultiline: field.maxLength > 200,
        maxLength: Math.min(field.maxLength, LIMITS.inputMaxLength),
        ...(field.hint === undefined ? {} : { placeholder: label(field.hint, LIMITS.inputLabel) }),
      };
    case 'choice': {
      const choices = choicesOf(field.options);
      const missing = field.options.length - choices.length;
      const more = missing > 0 ? ` (${missing} more fit no list: type the command for them)` : '';
      // Teams refuses a list without choices, so what fits no list is typed.
      if (choices.length === 0) {
        return {
          ...{ type: 'Input.Text' as const, ...common, ...required },
          ...{ isMultiline: false, maxLength: LIMITS.inputMaxLength },
        };
      }
      const initial = choices.find((c) => c.value === field.initial);
      return {
        type: 'Input.ChoiceSet',
        ...common,
        label: `${common.label}${more}`,
        ...required,
        style: 'compact',
        choices,
        ...(initial === undefined ? {} : { value: initial.value }),
      };
    }
    default:
      return assertNever(field);
  }
}

type Choice = Extract<FormField, { kind: 'choice' }>['options'][number];

/** The choices that fit Teams' limits for one list, in their order. */
function choicesOf(options: readonly Choice[]): { readonly title: string; readonly value: string }[] {
  const choices: { title: string; value: string }[] = [];
  let bytesLeft: number = LIMITS.choicesBytes;
  for (const { label: shown, value } of options) {
    if (value === '' || value.length > LIMITS.choiceValue || choices.length === LIMITS.choices) continue;
    // Both ends of an address matter: the module at its start, the key at its end.
    const title = label(cutMiddle(visible(shown), LIMITS.choiceLabel), LIMITS.choiceLabel);
    bytesLeft -= Buffer.byteLength(JSON.stringify({ title, value }));
    if (bytesLeft < 0) break;
    choices.push({ title, value });
  }
  return choices;
}
