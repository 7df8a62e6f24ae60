import { isRecord } from '../../../base/is-record.ts';
import { anything, array, boolean, both, type Check, integer, object, oneOf, string, url } from './check.ts';
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

const actionId = { action_id: string({ min: 1, max: 255 }) };
const common = { ...actionId, confirm: confirmDialog };
const focusable = { ...common, focus_on_load: boolean };
const withPlaceholder = { ...focusable, placeholder: plainText(150) };

const button = object(
  { type: anything, text: plainText(75) },
  {
    ...common,
    value: string({ max: 2000 }),
    url: url(),
    style: oneOf('primary', 'danger'),
    accessibility_label: string({ max: 75 }),
  },
);

const needsOptions: Check = (value, at, issues) => {
  if (!isRecord(value)) return;
  if ((value.options === undefined) === (value.option_groups === undefined)) {
    issues.push({ message: 'must have either options or option_groups', at });
  }
};

const menuFields = {
  ...withPlaceholder,
  options: array(menuOption, { min: 1, max: 100 }),
  option_groups: array(optionGroup, { min: 1, max: 100 }),
};

const staticSelect = object(
  { type: anything },
  { ...menuFields, initial_option: menuOption },
  both(needsOptions, optionsAgree),
);

const multiStaticSelect = object(
  { type: anything },
  {
    ...menuFields,
    initial_options: array(menuOption, { min: 1, max: 100 }),
    max_selected_items: integer(1, 100),
  },
  both(needsOptions, optionsAgree),
);

const choices = { type: anything, options: array(choiceOption, { min: 1, max: 10 }) };

const radioButtons = object(choices, { ...focusable, initial_option: choiceOption }, optionsAgree);

const checkboxes = object(
  choices,
  { ...focusable, initial_options: array(choiceOption, { min: 1, max: 10 }) },
  optionsAgree,
);

const overflow = object(
  { type: anything, options: array(overflowOption, { min: 1, max: 5 }) },
  common,
  optionsAgree,
);

const image = object({ type: anything, image_url: url(), alt_text: string({ min: 1, max: 2000 }) });

const datePicker = object(
  { type: anything },
  { ...withPlaceholder, initial_date: string({ pattern: /^\d{4}-\d{2}-\d{2}$/ }) },
);

const timePicker = object(
  { type: anything },
  { ...withPlaceholder, initial_time: string({ pattern: /^\d{2}:\d{2}$/ }), timezone: string({ min: 1 }) },
);

/** Seconds since epoch, of exactly ten digits as Slack asks. */
const dateTimePicker = object(
  { type: anything },
  { ...focusable, initial_date_time: integer(1_000_000_000, 9_999_999_999) },
);

const plainTextInput = object(
  { type: anything },
  {
    ...actionId,
    focus_on_load: boolean,
    placeholder: plainText(150),
    initial_value: string({ max: 3000 }),
    multiline: boolean,
    min_length: integer(0, 3000),
    max_length: integer(1, 3000),
    dispatch_action_config: dispatchActionConfig,
  },
);

const selects = { static_select: staticSelect, multi_static_select: multiStaticSelect };
const pickers = { datepicker: datePicker, timepicker: timePicker, datetimepicker: dateTimePicker };
const choosers = { radio_buttons: radioButtons, checkboxes };

/** What an `actions` block may hold. */
export const actionElements = { button, overflow, ...selects, ...pickers, ...choosers };

/** What may stand beside a section's text. */
export const accessoryElements = { ...actionElements, image };

/** What an `input` block may hold. */
export const inputElements = { plain_text_input: plainTextInput, ...selects, ...pickers, ...choosers };

export const imageElement = image;
