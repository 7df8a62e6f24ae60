/** Views of the local Slack: modals and Home tabs. */
import { isRecord } from '../../base/is-record.ts';
import type { Block, View } from './model.ts';
import { withIds } from './posting.ts';
import type { Runtime } from './runtime.ts';
import { elementsOf } from './validation/blocks.ts';

/** A view from a checked definition; `below` is the modal it is pushed onto. */
export function buildView(
  runtime: Runtime,
  definition: Record<string, unknown>,
  user: string,
  below: View | null,
): View {
  const id = runtime.state.nextId('V');
  return {
    id,
    type: definition.type === 'home' ? 'home' : 'modal',
    user,
    rootId: below?.rootId ?? id,
    previousId: below?.id ?? null,
    ...contents(runtime, definition),
  };
}

/** Replaces a view's content by a checked definition. */
export function applyView(runtime: Runtime, view: View, definition: Record<string, unknown>): void {
  Object.assign(view, contents(runtime, definition));
  runtime.state.changed();
}

function contents(
  runtime: Runtime,
  definition: Record<string, unknown>,
): Omit<View, 'id' | 'type' | 'user' | 'rootId' | 'previousId'> {
  const words = (value: unknown) => (isRecord(value) ? String(value.text) : null);
  return {
    hash: runtime.state.nextId('h'),
    callbackId: String(definition.callback_id ?? ''),
    externalId: String(definition.external_id ?? ''),
    privateMetadata: String(definition.private_metadata ?? ''),
    title: words(definition.title) ?? '',
    submit: words(definition.submit),
    close: words(definition.close),
    clearOnClose: definition.clear_on_close === true,
    notifyOnClose: definition.notify_on_close === true,
    blocks: withIds(runtime, Array.isArray(definition.blocks) ? definition.blocks : []),
  };
}

/** A person's value for one input: a text, an option's value, several values, or seconds since epoch. */
export type Entered = string | readonly string[] | number | null;

export interface ViewInput {
  readonly block: Block;
  readonly element: Record<string, unknown>;
  readonly blockId: string;
  readonly actionId: string;
}

/** The elements of a view that have a value when it is submitted. */
export function inputsOf(blocks: readonly Block[]): ViewInput[] {
  return blocks.flatMap((block) =>
    elementsOf(block)
      .filter((element) => !['button', 'overflow', 'image'].includes(String(element.type)))
      .map((element) => ({
        block,
        element,
        blockId: String(block.block_id),
        actionId: String(element.action_id),
      })),
  );
}

/**
 * One entry of `state.values`, as Slack writes it for this type of element. Throws for a value that the
 * element cannot hold.
 */
export function stateValue(
  element: Record<string, unknown>,
  entered: Entered | undefined,
): Record<string, unknown> {
  const type = String(element.type);
  const option = (value: unknown) => {
    const found = optionsOf(element).find((candidate) => candidate.value === value);
    if (!found) throw new Error(`filling in a form: ${type} has no option ${String(value)}`);
    return found;
  };
  switch (type) {
    case 'static_select':
    case 'radio_buttons':
      if (entered === undefined) return { type, selected_option: element.initial_option ?? null };
      return { type, selected_option: entered === null ? null : option(entered) };
    case 'multi_static_select':
    case 'checkboxes':
      if (entered === undefined) return { type, selected_options: element.initial_options ?? [] };
      return { type, selected_options: (Array.isArray(entered) ? entered : [entered]).map(option) };
    case 'datetimepicker':
      return { type, selected_date_time: entered ?? element.initial_date_time ?? null };
    case 'datepicker':
      return { type, selected_date: entered ?? element.initial_date ?? null };
    case 'timepicker':
      return { type, selected_time: entered ?? element.initial_time ?? null };
    default: {
      const value = entered === undefined ? element.initial_value : entered;
      return { type, value: value === '' || value === undefined ? null : value };
    }
  }
}

/** Why Slack's client would not submit the form, or null. */
export function entryProblem(input: ViewInput, value: Record<string, unknown>): string | null {
  const [, held] = Object.entries(value).find(([key]) => key !== 'type') ?? [];
  const empty = held === null || held === undefined || (Array.isArray(held) && held.length === 0);
  if (empty) {
    return input.block.type === 'input' && input.block.optional !== true
      ? 'Please complete this required field.'
      : null;
  }
  if (input.element.type !== 'plain_text_input') return null;
  const { min_length: min, max_length: max } = input.element;
  const { length } = String(held);
  if (typeof min === 'number' && length < min) return `Enter at least ${min} characters.`;
  if (typeof max === 'number' && length > max) return `Enter at most ${max} characters.`;
  return null;
}

/** The options of a menu, including those of its groups. */
export function optionsOf(element: Record<string, unknown>): Record<string, unknown>[] {
  const groups = Array.isArray(element.option_groups) ? element.option_groups.filter(isRecord) : [];
  return [element.options, ...groups.map((group) => group.options)]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .filter(isRecord);
}
