import { isRecord } from '../../../../base/is-record.ts';

/** A card as it may be shown here: nothing in it loads, runs or leads anywhere but to the web. */

type Fields = Readonly<Record<string, unknown>>;

/** These would load pictures from elsewhere, which the page never does. */
const LOADS = new Set([
  'backgroundImage',
  'iconUrl',
  'poster',
  'images',
  'sources',
  'authentication',
  'refresh',
]);

const MENTIONED = /(<at>[^<>]*<\/at>)/;

/** The card without what would load something or lead off the web, and with its mentions made text that stands out. */
export function plainCard(card: Fields): Fields {
  const { msteams } = card;
  const entities =
    isRecord(msteams) && Array.isArray(msteams.entities) ? msteams.entities.filter(isRecord) : [];
  const mentions = new Map(
    entities.flatMap((entity) =>
      isRecord(entity.mentioned) ? [[String(entity.text), String(entity.mentioned.name)]] : [],
    ),
  );
  return plain(card, mentions) as Fields;
}

function plain(value: unknown, mentions: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) {
    return value.filter((one) => !leadsAstray(one)).map((one) => plain(one, mentions));
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([key, one]) => !LOADS.has(key) && !leadsAstray(one));
  const kept: Fields = Object.fromEntries(
    // What a button carries goes back as it came.
    entries.map(([key, one]) => [key, key === 'data' ? one : plain(one, mentions)]),
  );
  return kept.type === 'TextBlock' ? withMentions(kept, mentions) : kept;
}

function leadsAstray(value: unknown): boolean {
  return isRecord(value) && value.type === 'Action.OpenUrl' && !isWebAddress(value.url);
}

export function isWebAddress(url: unknown): url is string {
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  return parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:');
}

/** A line that mentions people, in which their names stand out. */
function withMentions(block: Fields, mentions: ReadonlyMap<string, string>): Fields {
  const parts = String(block.text ?? '').split(MENTIONED);
  if (!parts.some((part) => mentions.has(part))) return block;
  const { text: _, type: __, wrap: ___, maxLines: ____, ...common } = block;
  const { size, weight, color, isSubtle, fontType, ...place } = common;
  const style = { type: 'TextRun', size, weight, color, isSubtle, fontType };
  const inlines = parts
    .filter((part) => part !== '')
    .map((part) => {
      const name = mentions.get(part);
      return name === undefined
        ? { ...style, text: part }
        : { ...style, text: name, color: 'accent', isSubtle: false, highlight: true };
    });
  return { ...place, type: 'RichTextBlock', inlines };
}
