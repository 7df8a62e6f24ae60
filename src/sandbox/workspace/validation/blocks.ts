import { z } from 'zod';
import { isRecord } from '../../../base/is-record.ts';
import { filled, type Issue, typed, url } from './check.ts';
import { anyText, mrkdwn, plain, plainText } from './composition.ts';
import { accessoryElement, actionElement, imageElement, inputElement } from './elements.ts';
import { richText } from './rich-text.ts';

const id = { block_id: filled(255).optional() };

const section = typed('section', {
  ...id,
  text: anyText(3000).optional(),
  fields: z.array(anyText(2000)).min(1).max(10).optional(),
  accessory: accessoryElement.optional(),
  expand: z.boolean().optional(),
}).refine(({ text, fields }) => text !== undefined || fields !== undefined, {
  error: 'missing required field: text or fields',
});

const contextElement = z.discriminatedUnion('type', [imageElement, plain(3000), mrkdwn(3000)]);

const tableCell = z.discriminatedUnion('type', [typed('raw_text', { text: z.string() }), richText]);

const columnSetting = z.strictObject({
  align: z.enum(['left', 'center', 'right']).optional(),
  is_wrapped: z.boolean().optional(),
});

const table = typed('table', {
  ...id,
  rows: z.array(z.array(tableCell).min(1).max(20)).min(1).max(100),
  column_settings: z.array(columnSetting).max(20).optional(),
});

/** https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object: one of the two, not both. */
const slackFile = z
  .strictObject({
    id: z
      .string()
      .regex(/^F[A-Z0-9]{8,}$/)
      .optional(),
    url: url.optional(),
  })
  .refine(({ id, url }) => (id === undefined) !== (url === undefined), {
    error: 'must provide either id or url',
  });

const image = typed('image', {
  ...id,
  image_url: url.optional(),
  slack_file: slackFile.optional(),
  alt_text: filled(2000),
  title: plainText(2000).optional(),
}).refine(({ image_url, slack_file }) => (image_url === undefined) !== (slack_file === undefined), {
  error: 'must provide either image_url or slack_file',
});

const everywhere = [
  section,
  typed('divider', { ...id }),
  typed('header', { ...id, text: plainText(150) }),
  typed('context', { ...id, elements: z.array(contextElement).min(1).max(10) }),
  typed('actions', { ...id, elements: z.array(actionElement).min(1).max(25) }),
  image,
  typed('input', {
    ...id,
    label: plainText(2000),
    element: inputElement,
    hint: plainText(2000).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
  }),
  richText,
] as const;

const markdown = typed('markdown', { ...id, text: filled(12_000) });

/** The blocks of a message: at most 50. */
export const messageBlocks = z.array(z.discriminatedUnion('type', [...everywhere, table, markdown])).max(50);

/** The blocks of a modal or of App Home: at most 100. */
export const viewBlocks = z.array(z.discriminatedUnion('type', everywhere)).max(100);

/** What is said of a block_id used twice, and of an action_id used twice within one block. */
export function repeatedIds(value: unknown, at: string): readonly Issue[] {
  if (!Array.isArray(value)) return [];
  const issues: Issue[] = [];
  const blockIds = new Set<unknown>();
  value.forEach((block: unknown, index) => {
    if (!isRecord(block)) return;
    if (block.block_id !== undefined && blockIds.has(block.block_id)) {
      issues.push({
        message: `block_id already exists: ${String(block.block_id)}`,
        at: `${at}/${index}/block_id`,
      });
    }
    blockIds.add(block.block_id);
    const actionIds = new Set<unknown>();
    for (const element of elementsOf(block)) {
      if (element.action_id === undefined) continue;
      if (actionIds.has(element.action_id)) {
        issues.push({
          message: `action_id already exists: ${String(element.action_id)}`,
          at: `${at}/${index}`,
        });
      }
      actionIds.add(element.action_id);
    }
  });
  return issues;
}

/** The interactive elements (and images) of one block. */
export function elementsOf(block: Record<string, unknown>): Record<string, unknown>[] {
  if (block.type === 'actions' && Array.isArray(block.elements)) return block.elements.filter(isRecord);
  if (block.type === 'section' && isRecord(block.accessory)) return [block.accessory];
  if (block.type === 'input' && isRecord(block.element)) return [block.element];
  return [];
}

/** How many characters of text blocks show in all, for the limit Slack does not document. */
export function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + textLength(entry), 0);
  if (!isRecord(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, entry]) =>
      sum + (key === 'text' && typeof entry === 'string' ? entry.length : textLength(entry)),
    0,
  );
}
