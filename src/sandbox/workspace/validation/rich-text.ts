import { z } from 'zod';
import { filled, integer, typed } from './check.ts';

const flag = z.boolean().optional();
const styled = {
  style: z
    .strictObject({
      bold: flag,
      italic: flag,
      strike: flag,
      code: flag,
      underline: flag,
      highlight: flag,
      client_highlight: flag,
      unlink: flag,
    })
    .optional(),
};

const someText = z.string().min(1);
const anyString = z.string().optional();
const id = z.string().regex(/^[A-Z0-9]+$/);

const text = typed('text', { ...styled, text: someText });
const link = typed('link', {
  ...styled,
  url: z
    .string()
    .max(3000)
    .regex(/^(https?:\/\/|mailto:|tel:)[^\s<>]+$/),
  text: someText.optional(),
  unsafe: flag,
});

const inline = z.discriminatedUnion('type', [
  text,
  link,
  typed('user', { ...styled, user_id: id }),
  typed('usergroup', { ...styled, usergroup_id: id }),
  typed('channel', { ...styled, channel_id: id }),
  typed('broadcast', { ...styled, range: z.enum(['here', 'channel', 'everyone']) }),
  typed('emoji', { ...styled, name: someText, unicode: anyString, url: anyString }),
  typed('date', {
    ...styled,
    timestamp: integer(0, 9_999_999_999),
    format: someText,
    url: anyString,
    fallback: anyString,
  }),
  typed('color', { ...styled, value: z.string().regex(/^#[0-9a-fA-F]{6}$/) }),
]);

const bordered = { border: integer(0, 1).optional() };
const section = typed('rich_text_section', { elements: z.array(inline).max(1000) });

const richTextElement = z.discriminatedUnion('type', [
  section,
  typed('rich_text_list', {
    ...bordered,
    elements: z.array(z.discriminatedUnion('type', [section])).max(1000),
    style: z.enum(['bullet', 'ordered']),
    indent: integer(0, 8).optional(),
    offset: integer(0, 1000).optional(),
  }),
  typed('rich_text_quote', { ...bordered, elements: z.array(inline).max(1000) }),
  typed('rich_text_preformatted', {
    ...bordered,
    elements: z.array(z.discriminatedUnion('type', [text, link])).max(1000),
    language: anyString,
  }),
]);

/** A `rich_text` block, or a table's cell of that type. */
export const richText = typed('rich_text', {
  elements: z.array(richTextElement).min(1).max(1000),
  block_id: filled(255).optional(),
});
