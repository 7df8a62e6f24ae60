import { isRecord } from '../../../base/is-record.ts';
import { anything, array, boolean, byType, type Check, object, oneOf, string, url } from './check.ts';
import { anyText, plainText } from './composition.ts';
import { accessoryElements, actionElements, imageElement, inputElements } from './elements.ts';
import { richText } from './rich-text.ts';

const id = { block_id: string({ min: 1, max: 255 }) };

const section = object(
  { type: anything },
  {
    ...id,
    text: anyText(3000),
    fields: array(anyText(2000), { min: 1, max: 10 }),
    accessory: byType(accessoryElements),
    expand: boolean,
  },
  (value, at, issues) => {
    if (isRecord(value) && value.text === undefined && value.fields === undefined) {
      issues.push({ message: 'missing required field: text or fields', at });
    }
  },
);

const contextText = anyText(3000);
const contextElement: Check = (value, at, issues) => {
  const check = isRecord(value) && value.type === 'image' ? imageElement : contextText;
  check(value, at, issues);
};

const tableCell = byType({
  raw_text: object({ type: anything, text: string() }),
  rich_text: richText,
});

const table = object(
  { type: anything, rows: array(array(tableCell, { min: 1, max: 20 }), { min: 1, max: 100 }) },
  {
    ...id,
    column_settings: array(object({}, { align: oneOf('left', 'center', 'right'), is_wrapped: boolean }), {
      max: 20,
    }),
  },
);

const everywhere = {
  section,
  divider: object({ type: anything }, id),
  header: object({ type: anything, text: plainText(150) }, id),
  context: object({ type: anything, elements: array(contextElement, { min: 1, max: 10 }) }, id),
  actions: object({ type: anything, elements: array(byType(actionElements), { min: 1, max: 25 }) }, id),
  image: object(
    { type: anything, image_url: url(), alt_text: string({ min: 1, max: 2000 }) },
    { ...id, title: plainText(2000) },
  ),
  input: object(
    { type: anything, label: plainText(2000), element: byType(inputElements) },
    { ...id, hint: plainText(2000), optional: boolean, dispatch_action: boolean },
  ),
  rich_text: richText,
};

/** The blocks of a message: at most 50. */
export const messageBlocks: Check = array(
  byType({
    ...everywhere,
    table,
    markdown: object({ type: anything, text: string({ min: 1, max: 12_000 }) }, id),
  }),
  { max: 50 },
);

/** The blocks of a modal or of App Home: at most 100. */
export const viewBlocks: Check = array(byType(everywhere), { max: 100 });

/** Refuses a block_id used twice, and an action_id used twice within one block. */
export const idsAreUnique: Check = (value, at, issues) => {
  if (!Array.isArray(value)) return;
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
};

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
