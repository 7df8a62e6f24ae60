import { z } from 'zod';
import { filled, integer, typed, url } from './check.ts';
import {
  choiceOption,
  confirmDialog,
  dispatchActionConfig,
  menuOption,
  optionGroup,
  optionsAgree,
  overflowOption,
  plainText,
} from './composition.ts';

const actionId = { action_id: filled(255).optional() };
const common = { ...actionId, confirm: confirmDialog.optional() };
const focusable = { ...common, focus_on_load: z.boolean().optional() };
const withPlaceholder = { ...focusable, placeholder: plainText(150).optional() };

const button = typed('button', {
  ...common,
  text: plainText(75),
  value: z.string().max(2000).optional(),
  url: url.optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: z.string().max(75).optional(),
});

const menuFields = {
  ...withPlaceholder,
  options: z.array(menuOption).min(1).max(100).optional(),
  option_groups: z.array(optionGroup).min(1).max(100).optional(),
};

function needsOptions(
  menu: { readonly options?: unknown; readonly option_groups?: unknown },
  context: z.RefinementCtx,
): void {
  if ((menu.options === undefined) === (menu.option_groups === undefined)) {
    context.addIssue({ code: 'custom', message: 'must have either options or option_groups' });
  }
}

const staticSelect = typed('static_select', { ...menuFields, initial_option: menuOption.optional() })
  .superRefine(needsOptions)
  .superRefine(optionsAgree);

const multiStaticSelect = typed('multi_static_select', {
  ...menuFields,
  initial_options: z.array(menuOption).min(1).max(100).optional(),
  max_selected_items: integer(1, 100).optional(),
})
  .superRefine(needsOptions)
  .superRefine(optionsAgree);

const choices = { ...focusable, options: z.array(choiceOption).min(1).max(10) };

const radioButtons = typed('radio_buttons', {
  ...choices,
  initial_option: choiceOption.optional(),
}).superRefine(optionsAgree);

const checkboxes = typed('checkboxes', {
  ...choices,
  initial_options: z.array(choiceOption).min(1).max(10).optional(),
}).superRefine(optionsAgree);

const overflow = typed('overflow', { ...common, options: z.array(overflowOption).min(1).max(5) }).superRefine(
  optionsAgree,
);

export const imageElement = typed('image', { image_url: url, alt_text: filled(2000) });

const datePicker = typed('datepicker', {
  ...withPlaceholder,
  initial_date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .optional(),
});

const timePicker = typed('timepicker', {
  ...withPlaceholder,
  initial_time: z
    .string()
    .regex(/^\d{2}:\d{2}$/)
    .optional(),
  timezone: z.string().min(1).optional(),
});

const dateTimePicker = typed('datetimepicker', {
  ...focusable,

  /** Seconds since epoch, of exactly ten digits as Slack asks. */
  initial_date_time: integer(1_000_000_000, 9_999_999_999).optional(),
});

const plainTextInput = typed('plain_text_input', {
  ...actionId,
  focus_on_load: z.boolean().optional(),
  placeholder: plainText(150).optional(),
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: integer(0, 3000).optional(),
  max_length: integer(1, 3000).optional(),
  dispatch_action_config: dispatchActionConfig.optional(),
});

const chosen = [
  staticSelect,
  multiStaticSelect,
  datePicker,
  timePicker,
  dateTimePicker,
  radioButtons,
  checkboxes,
] as const;

/** What an `actions` block may hold. */
export const actionElement = z.discriminatedUnion('type', [button, overflow, ...chosen]);

/** What may stand beside a section's text. */
export const accessoryElement = z.discriminatedUnion('type', [button, overflow, ...chosen, imageElement]);

/** What an `input` block may hold. */
export const inputElement = z.discriminatedUnion('type', [plainTextInput, ...chosen]);
