import { anything, array, boolean, byType, type Check, integer, object, oneOf, string } from './check.ts';

const style = {
  style: object(
    {},
    {
      bold: boolean,
      italic: boolean,
      strike: boolean,
      code: boolean,
      underline: boolean,
      highlight: boolean,
      client_highlight: boolean,
      unlink: boolean,
    },
  ),
};

const text = object({ type: anything, text: string({ min: 1 }) }, style);
const link = object(
  { type: anything, url: string({ min: 1, max: 3000, pattern: /^(https?:\/\/|mailto:|tel:)[^\s<>]+$/ }) },
  { ...style, text: string({ min: 1 }), unsafe: boolean },
);
const id = string({ pattern: /^[A-Z0-9]+$/ });

const inline = byType({
  text,
  link,
  user: object({ type: anything, user_id: id }, style),
  usergroup: object({ type: anything, usergroup_id: id }, style),
  channel: object({ type: anything, channel_id: id }, style),
  broadcast: object({ type: anything, range: oneOf('here', 'channel', 'everyone') }, style),
  emoji: object({ type: anything, name: string({ min: 1 }) }, { ...style, unicode: string(), url: string() }),
  date: object(
    { type: anything, timestamp: integer(0, 9_999_999_999), format: string({ min: 1 }) },
    { ...style, url: string(), fallback: string() },
  ),
  color: object({ type: anything, value: string({ pattern: /^#[0-9a-fA-F]{6}$/ }) }, style),
});

const many = { max: 1000 };
const border = { border: integer(0, 1) };
const section = object({ type: anything, elements: array(inline, many) });

const richTextElement = byType({
  rich_text_section: section,
  rich_text_list: object(
    {
      type: anything,
      elements: array(byType({ rich_text_section: section }), many),
      style: oneOf('bullet', 'ordered'),
    },
    { ...border, indent: integer(0, 8), offset: integer(0, 1000) },
  ),
  rich_text_quote: object({ type: anything, elements: array(inline, many) }, border),
  rich_text_preformatted: object(
    { type: anything, elements: array(byType({ text, link }), many) },
    { ...border, language: string() },
  ),
});

/** A `rich_text` block, or a table's cell of that type. */
export const richText: Check = object(
  { type: anything, elements: array(richTextElement, { min: 1, max: 1000 }) },
  { block_id: string({ min: 1, max: 255 }) },
);
