/** Makes a card safe for this page: it loads nothing, runs nothing and links only to web addresses. */
import { isRecord } from '../../../../base/is-record.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Keys that would load pictures from other servers, which the page never does. */
const LOADING_KEYS = new Set([
  'backgroundImage',
  'iconUrl',
  'poster',
  'images',
  'sources',
  'authentication',
  'refresh',
]);

const MENTIONED = /(<at>[^<>]*<\/at>)/;

/**
 * The card without anything that loads content or links outside the web, and with mentions as highlighted
 * text.
 */
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
    return value.filter((one) => !isUnsafeLink(one)).map((one) => plain(one, mentions));
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([key, one]) => !LOADING_KEYS.has(key) && !isUnsafeLink(one));
  const safe: Fields = Object.fromEntries(
    // A button's data goes back to the app unchanged.
    entries.map(([key, one]) => [key, key === 'data' ? one : plain(one, mentions)]),
  );
  return safe.type === 'TextBlock' ? withMentions(safe, mentions) : safe;
}

function isUnsafeLink(value: unknown): boolean {
  return isRecord(value) && value.type === 'Action.OpenUrl' && !isWebAddress(value.url);
}

export function isWebAddress(url: unknown): url is string {
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  return parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:');
}

/** A line with mentions, in which the names are highlighted. */
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
