/** Slack modals for forms, pages and answers, and the Home tab. */
import type { types } from '@slack/bolt';
import { z } from 'zod';
import { assertNever } from '../../base/assert-never.ts';
import type { Card, Form, FormField, Pages } from '../../messages/card.ts';
import { cutMiddle, visible } from '../../text/inert.ts';
import { plainText } from './buttons.ts';
import { LIMITS, PAGE_DETAIL } from './limits.ts';
import { renderCard } from './render.ts';
import { richElements, type SlackIdOf } from './spans.ts';

export const FORM_VIEW = 'm0:form';
const PAGES_VIEW = 'm0:pages';
const RESULT_VIEW = 'm0:result';

/** Buttons of a pages view: `m0:page:3` shows the fourth page, `m0:file` sends the whole text as a file. */
export const PAGE_ACTION = /^m0:page:(\d+)$/;
export const FILE_ACTION = 'm0:file';

/** From this number of pages on there are also buttons to the first and the last page. */
const MANY_PAGES = 4;

/** Action id under which Slack returns the value of a field. */
const ANSWER = 'answer';

/**
 * What a modal remembers: its command, and the channel, thread and card it was opened from. Slack stores it
 * in the modal, so it survives a restart.
 */
export const viewMemory = z.object({
  command: z.string(),
  channel: z.string().nullable(),
  thread: z.string().nullable(),
  card: z.string().nullable(),
});
export type ViewMemory = z.infer<typeof viewMemory>;

/** What a modal of m0 remembers, or null where the text is not valid. */
export function readMemory(privateMetadata: string): ViewMemory | null {
  try {
    const parsed = viewMemory.safeParse(JSON.parse(privateMetadata));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** False where the command is too long to be stored in a modal. */
export function fitsView(memory: ViewMemory): boolean {
  return JSON.stringify(memory).length <= LIMITS.privateMetadata;
}

function modal(
  callbackId: string,
  title: string,
  memory: ViewMemory,
  blocks: types.KnownBlock[],
): types.ModalView {
  return {
    type: 'modal',
    callback_id: callbackId,
    title: plainText(title, LIMITS.viewTitle),
    close: plainText('Close', LIMITS.viewSubmit),
    private_metadata: JSON.stringify(memory),
    blocks,
  };
}

/** The form as a modal. The form's answers complete `memory.command`. */
export function formView(form: Form, memory: ViewMemory, slackId: SlackIdOf): types.ModalView {
  const elements = richElements(form.intro, slackId, PAGE_DETAIL.line);
  const intro: types.KnownBlock[] =
    elements.length > 0 ? [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }] : [];
  return {
    ...modal(FORM_VIEW, form.title, memory, [...intro, ...form.fields.map(inputBlock)]),
    close: plainText('Cancel', LIMITS.viewSubmit),
    submit: plainText(form.submit, LIMITS.viewSubmit),
  };
}

function inputBlock(field: FormField): types.InputBlock {
  const common = {
    type: 'input',
    block_id: field.name.slice(0, LIMITS.inputBlockId),
    label: plainText(field.label, LIMITS.inputLabel),
  } as const;
  switch (field.kind) {
    case 'text':
      return {
        ...common,
        optional: !field.required,
        ...(field.hint === undefined ? {} : { hint: plainText(field.hint, LIMITS.inputHint) }),
        element: {
          type: 'plain_text_input',
          action_id: ANSWER,
          multiline: field.maxLength > LIMITS.oneLine,
          max_length: Math.min(field.maxLength, LIMITS.inputMaxLength),
        },
      };
    case 'choice': {
      const usable = field.options.filter((o) => o.value !== '' && o.value.length <= LIMITS.optionValue);
      const options = usable.slice(0, LIMITS.selectOptions).map((option) => ({
        // Both ends of an address matter: the module at its start, the key at its end.
        text: plainText(cutMiddle(visible(option.label), LIMITS.optionLabel), LIMITS.optionLabel),
        value: option.value,
      }));
      if (options.length === 0) {
        // Slack refuses an empty list, so the person types the answer.
        return inputBlock({
          kind: 'text',
          name: field.name,
          label: field.label,
          required: true,
          maxLength: LIMITS.optionValue,
        });
      }
      const initial = options.find((o) => o.value === field.initial);
      const missing = field.options.length - options.length;
      return {
        ...common,
        ...(missing > 0
          ? {
              hint: plainText(
                `${missing} more fit no list of Slack's: type the command for them`,
                LIMITS.inputHint,
              ),
            }
          : {}),
        element: {
          type: 'static_select',
          action_id: ANSWER,
          options,
          ...(initial ? { initial_option: initial } : {}),
        },
      };
    }
    default:
      return assertNever(field);
  }
}

interface FieldState {
  readonly value?: string | null;
  readonly selected_option?: { readonly value: string } | null;
}

/**
 * The values of the fields, by field name. A required text that holds only spaces is a problem of its field.
 */
export function readAnswers(view: {
  readonly blocks: readonly {
    readonly type: string;
    readonly block_id?: string;
    readonly optional?: boolean;
  }[];
  readonly state: { readonly values: Readonly<Record<string, Readonly<Record<string, FieldState>>>> };
}): { readonly answers: Record<string, string>; readonly problems: Record<string, string> } {
  const answers: Record<string, string> = {};
  const problems: Record<string, string> = {};
  for (const block of view.blocks) {
    if (block.type !== 'input' || block.block_id === undefined) continue;
    const state = view.state.values[block.block_id]?.[ANSWER];
    const answer = (state?.selected_option?.value ?? state?.value ?? '').trim();
    if (answer !== '') answers[block.block_id] = answer;
    else if (block.optional !== true) problems[block.block_id] = 'This is needed.';
  }
  return { answers, problems };
}

/**
 * One page, with buttons for the other pages and for the whole text as a file. `note` is one line about the
 * file.
 */
export function pagesView(
  pages: Pages,
  index: number,
  memory: ViewMemory,
  slackId: SlackIdOf,
  note: string | null = null,
): types.ModalView {
  const last = Math.max(0, pages.pages.length - 1);
  const at = Math.min(Math.max(0, index), last);
  const page = pages.pages[at];
  const button = (label: string, id: string): types.Button => ({
    type: 'button',
    action_id: id,
    text: plainText(label, LIMITS.buttonLabel),
  });
  const turning = [
    ...(at > 0 ? [button('Previous', `m0:page:${at - 1}`)] : []),
    ...(at < last ? [button('Next', `m0:page:${at + 1}`)] : []),
    // With many pages, the first and the last get a button, unless they are the next page anyway.
    ...(last >= MANY_PAGES && at > 1 ? [button('First', 'm0:page:0')] : []),
    ...(last >= MANY_PAGES && at < last - 1 ? [button('Last', `m0:page:${last}`)] : []),
    ...(pages.text === '' ? [] : [button('Get as file', FILE_ACTION)]),
  ];
  const where = [`Page ${at + 1} of ${last + 1}`, ...(note === null ? [] : [note])].join(' · ');
  return modal(PAGES_VIEW, pages.title, memory, [
    ...(page ? renderCard(page, slackId, PAGE_DETAIL).blocks : []),
    { type: 'context', elements: [plainText(where, LIMITS.contextText)] },
    ...(turning.length > 0 ? [{ type: 'actions' as const, block_id: 'm0:pages', elements: turning }] : []),
  ]);
}

/** An answer, shown in a modal. */
export function resultView(card: Card, memory: ViewMemory, slackId: SlackIdOf): types.ModalView {
  return modal(RESULT_VIEW, 'm0', memory, renderCard(card, slackId).blocks);
}

/** A person's Home tab. It has at most as many blocks as a message, which is half of Slack's limit here. */
export function homeTab(card: Card, slackId: SlackIdOf): types.HomeView {
  return { type: 'home', blocks: renderCard(card, slackId, PAGE_DETAIL).blocks };
}
