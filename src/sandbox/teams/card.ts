/**
 * Lists what Teams refuses or silently drops in an Adaptive Card 1.5, according to the schema of Adaptive
 * Cards and the limits that Microsoft documents for bots.
 */

import { isRecord } from '../../base/is-record.ts';

type Check = (value: unknown, at: string, context: Context) => void;

interface Context {
  readonly problems: string[];
  readonly ids: Set<string>;
  /** Number of cards around this one. */
  readonly depth: number;
  readonly mentions: ReadonlySet<string>;
}

const MAX_BYTES = 28 * 1024;

const text: Check = (value, at, { problems }) => {
  if (typeof value !== 'string' || value === '') problems.push(`${at}: is no text`);
};
const flag: Check = (value, at, { problems }) => {
  if (typeof value !== 'boolean') problems.push(`${at}: is no boolean`);
};
const one =
  (...of: readonly unknown[]): Check =>
  (value, at, { problems }) => {
    if (!of.includes(value)) problems.push(`${at}: ${JSON.stringify(value)} is none of ${of.join(', ')}`);
  };
const list =
  (check: Check, most: number, least = 0): Check =>
  (value, at, context) => {
    if (!Array.isArray(value)) return void context.problems.push(`${at}: is no list`);
    if (value.length > most) context.problems.push(`${at}: has ${value.length} entries, at most ${most}`);
    if (value.length < least) context.problems.push(`${at}: has ${value.length} entries, at least ${least}`);
    for (const [i, entry] of value.entries()) check(entry, `${at}[${i}]`, context);
  };
/** An object with exactly these properties; a name that ends in `?` is optional. */
const shape =
  (properties: Readonly<Record<string, Check>>): Check =>
  (value, at, context) => {
    if (!isRecord(value)) return void context.problems.push(`${at}: is no object`);
    for (const [name, check] of Object.entries(properties)) {
      const key = name.replace(/\?$/, '');
      if (value[key] !== undefined) check(value[key], `${at}.${key}`, context);
      else if (!name.endsWith('?')) context.problems.push(`${at}.${key}: is missing`);
    }
    for (const key of Object.keys(value)) {
      if (!(key in properties) && !(`${key}?` in properties)) {
        context.problems.push(`${at}.${key}: is unknown`);
      }
    }
  };
const byType =
  (types: () => Readonly<Record<string, Check>>): Check =>
  (value, at, context) => {
    const type = isRecord(value) && typeof value.type === 'string' ? value.type : '';
    const check = types()[type];
    if (check === undefined) context.problems.push(`${at}: unknown element "${type}"`);
    else check(value, at, context);
  };

const webAddress: Check = (value, at, { problems }) => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) problems.push(`${at}: is no web address`);
};
/** A picture inside the card, or one that Teams fetches. Formats: https://learn.microsoft.com/adaptive-cards. */
const pictureUrl: Check = (value, at, { problems }) => {
  if (/^data:image\/(png|jpeg|gif);base64,[A-Za-z0-9+/]+={0,2}$/.test(String(value))) return;
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url?.protocol !== 'https:') problems.push(`${at}: is no picture`);
};
const inputId: Check = (value, at, context) => {
  text(value, at, context);
  if (context.ids.has(String(value))) context.problems.push(`${at}: ${String(value)} is there twice`);
  context.ids.add(String(value));
};
/** TextBlocks are Markdown, so only m0's own mentions are allowed. */
const markdown: Check = (value, at, context) => {
  text(value, at, context);
  for (const part of String(value).split(', ')) {
    if (!context.mentions.has(part)) context.problems.push(`${at}: "${part}" would be parsed as Markdown`);
  }
};

const SPACING = one('none', 'small', 'default', 'medium', 'large', 'extraLarge', 'padding');
const COMMON = { 'spacing?': SPACING, 'separator?': flag, 'id?': text, 'isVisible?': flag };
const LABELLED = { id: inputId, label: text, 'isRequired?': flag, 'errorMessage?': text };
const STYLE = one('default', 'positive', 'destructive');

const run = shape({
  type: one('TextRun'),
  text,
  'color?': one('default', 'dark', 'light', 'accent', 'good', 'warning', 'attention'),
  'fontType?': one('default', 'monospace'),
  'isSubtle?': flag,
  'italic?': flag,
  'size?': one('default', 'small', 'medium', 'large', 'extraLarge'),
  'weight?': one('default', 'lighter', 'bolder'),
  'selectAction?': shape({ type: one('Action.OpenUrl'), url: webAddress }),
});

const element: Check = byType(() => ({
  RichTextBlock: shape({ ...COMMON, type: text, inlines: list(run, 1_000, 1) }),
  TextBlock: shape({ ...COMMON, type: text, text: markdown, wrap: flag, size: one('small'), isSubtle: flag }),
  Image: shape({
    ...COMMON,
    type: text,
    url: pictureUrl,
    altText: text,
    'size?': one('auto', 'stretch', 'small', 'medium', 'large'),
  }),
  Container: shape({
    ...COMMON,
    type: text,
    items: list(element, 1_000, 1),
    'style?': one('default', 'emphasis', 'good', 'attention', 'warning', 'accent'),
    'bleed?': flag,
  }),
  ActionSet: shape({ ...COMMON, type: text, actions: list(action, 6, 1) }),
  'Input.Text': shape({
    ...LABELLED,
    type: text,
    isMultiline: flag,
    maxLength: (value, at, { problems }) => {
      if (typeof value !== 'number' || value < 1) problems.push(`${at}: is no length`);
    },
    'placeholder?': text,
  }),
  'Input.ChoiceSet': shape({
    ...LABELLED,
    type: text,
    style: one('compact', 'expanded'),
    choices: list(shape({ title: text, value: text }), 100, 1),
    'value?': text,
  }),
}));

const execute = shape({
  type: text,
  title: text,
  'tooltip?': text,
  verb: text,
  data: (value, at, { problems }) => {
    if (!isRecord(value)) problems.push(`${at}: is no object`);
  },
  'style?': STYLE,
  associatedInputs: one('auto', 'none'),
});
const innerCard: Check = (value, at, context) => {
  if (context.depth >= 1) context.problems.push(`${at}: a card in a card in a card`);
  shape({
    type: one('AdaptiveCard'),
    body: list(element, 100),
    actions: list(
      byType(() => ({ 'Action.Execute': execute })),
      6,
    ),
  })(value, at, { ...context, depth: context.depth + 1 });
};
const action: Check = byType(() => ({
  'Action.Execute': execute,
  'Action.ShowCard': shape({ type: text, title: text, 'tooltip?': text, 'style?': STYLE, card: innerCard }),
}));

const mention = shape({
  type: one('mention'),
  text: (value, at, { problems }) => {
    if (!/^<at>[^<>]+<\/at>$/.test(String(value))) problems.push(`${at}: is no mention`);
  },
  mentioned: shape({ id: text, name: text }),
});

/** Why Teams would not show this card; empty where it would. */
export function refuseCard(card: unknown): readonly string[] {
  const problems: string[] = [];
  const size = Buffer.byteLength(JSON.stringify(card));
  if (size > MAX_BYTES) problems.push(`the card has ${size} bytes, at most ${MAX_BYTES}`);
  const teams = isRecord(card) && isRecord(card.msteams) ? card.msteams : {};
  const entities = Array.isArray(teams.entities) ? teams.entities.filter(isRecord) : [];
  const mentions = new Set(entities.map((e) => String(e.text)));
  shape({
    type: one('AdaptiveCard'),
    $schema: one('http://adaptivecards.io/schemas/adaptive-card.json'),
    version: one('1.5'),
    'speak?': text,
    'fallbackText?': text,
    body: list(element, 200, 1),
    'msteams?': shape({ width: one('Full'), 'entities?': list(mention, 50) }),
  })(card, 'card', { problems, ids: new Set(), depth: 0, mentions });
  return problems;
}
