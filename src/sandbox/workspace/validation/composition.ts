import { z } from 'zod';
import { isRecord } from '../../../base/is-record.ts';
import { filled, typed, url } from './check.ts';

/** A `plain_text` object of at most `max` characters. */
export function plainText(max: number) {
  return z.discriminatedUnion('type', [plain(max)]);
}

/** A text object of either type, of at most `max` characters. */
export function anyText(max: number) {
  return z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);
}

export function plain(max: number) {
  return typed('plain_text', { text: filled(max), emoji: z.boolean().optional() });
}

export function mrkdwn(max: number) {
  return typed('mrkdwn', { text: filled(max), verbatim: z.boolean().optional() });
}

/** The dialog Slack puts before an action. */
export const confirmDialog = z.strictObject({
  title: plainText(100),
  text: anyText(300),
  confirm: plainText(30),
  deny: plainText(30),
  style: z.enum(['primary', 'danger']).optional(),
});

/** An option of a select menu. */
export const menuOption = z.strictObject({
  text: plainText(75),
  value: filled(150),
  description: plainText(75).optional(),
});

/** An option of an overflow menu, which may be a link. */
export const overflowOption = menuOption.extend({ url: url.optional() });

/** An option of checkboxes or radio buttons, whose text may be mrkdwn. */
export const choiceOption = z.strictObject({
  text: anyText(75),
  value: filled(150),
  description: anyText(75).optional(),
});

export const optionGroup = z.strictObject({
  label: plainText(75),
  options: z.array(menuOption).min(1).max(100),
});

export const dispatchActionConfig = z.strictObject({
  trigger_actions_on: z
    .array(z.enum(['on_enter_pressed', 'on_character_entered']))
    .min(1)
    .max(2)
    .optional(),
});

type Options = readonly { readonly value: string }[];

/** Refuses an initial option that is none of the options, and two options with one value. */
export function optionsAgree(
  element: {
    readonly options?: Options | undefined;
    readonly option_groups?: readonly { readonly options: Options }[] | undefined;
    readonly initial_option?: unknown;
    readonly initial_options?: readonly unknown[] | undefined;
  },
  context: z.RefinementCtx,
): void {
  const options = [
    ...(element.options ?? []),
    ...(element.option_groups ?? []).flatMap((group) => group.options),
  ];
  if (new Set(options.map(({ value }) => value)).size !== options.length) {
    context.addIssue({ code: 'custom', message: 'option values must be unique', path: ['options'] });
  }
  const known = new Set(options.map((option) => JSON.stringify(sorted(option))));
  const initial = [element.initial_option, element.initial_options].flat().filter(isRecord);
  if (initial.some((option) => !known.has(JSON.stringify(sorted(option))))) {
    context.addIssue({ code: 'custom', message: 'initial option must be one of the options' });
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
