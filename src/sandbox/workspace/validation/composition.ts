import { isRecord } from '../../../base/is-record.ts';
import { anything, array, boolean, byType, type Check, object, oneOf, string, url } from './check.ts';

/** A `plain_text` object of at most `max` characters. */
export function plainText(max: number): Check {
  return byType({
    plain_text: object({ type: anything, text: string({ min: 1, max }) }, { emoji: boolean }),
  });
}

/** A text object of either type, of at most `max` characters. */
export function anyText(max: number): Check {
  const text = string({ min: 1, max });
  return byType({
    plain_text: object({ type: anything, text }, { emoji: boolean }),
    mrkdwn: object({ type: anything, text }, { verbatim: boolean }),
  });
}

/** The dialog Slack puts before an action. */
export const confirmDialog: Check = object(
  { title: plainText(100), text: anyText(300), confirm: plainText(30), deny: plainText(30) },
  { style: oneOf('primary', 'danger') },
);

const optionFields = { text: plainText(75), value: string({ min: 1, max: 150 }) };

/** An option of a select menu. */
export const menuOption: Check = object(optionFields, { description: plainText(75) });

/** An option of an overflow menu, which may be a link. */
export const overflowOption: Check = object(optionFields, { description: plainText(75), url: url() });

/** An option of checkboxes or radio buttons, whose text may be mrkdwn. */
export const choiceOption: Check = object(
  { text: anyText(75), value: string({ min: 1, max: 150 }) },
  { description: anyText(75) },
);

export const optionGroup: Check = object({
  label: plainText(75),
  options: array(menuOption, { min: 1, max: 100 }),
});

export const dispatchActionConfig: Check = object(
  {},
  { trigger_actions_on: array(oneOf('on_enter_pressed', 'on_character_entered'), { min: 1, max: 2 }) },
);

/** Refuses an initial option that is none of the options, and two options with one value. */
export const optionsAgree: Check = (value, at, issues) => {
  if (!isRecord(value)) return;
  const groups = Array.isArray(value.option_groups) ? value.option_groups : [];
  const options = [value.options, ...groups.map((group) => (isRecord(group) ? group.options : []))]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .filter(isRecord);
  const values = options.map((option) => String(option.value));
  if (new Set(values).size !== values.length) {
    issues.push({ message: 'option values must be unique', at: `${at}/options` });
  }
  const known = new Set(options.map((option) => JSON.stringify(sorted(option))));
  const initial = [value.initial_option, value.initial_options].flat().filter(isRecord);
  if (initial.some((option) => !known.has(JSON.stringify(sorted(option))))) {
    issues.push({ message: 'initial option must be one of the options', at });
  }
};

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
