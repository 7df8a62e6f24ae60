/** Values as plain text for people. */
import { clip } from '../text/words.ts';
import { certificateText } from './certificates.ts';
import type { Json, ShownValue } from './finding.ts';
import { isArray, isBigNumber, isObject } from './json-value.ts';
import { HIDDEN } from './secrets.ts';

/**
 * One line for a value: text with invisible characters made visible, firewall rules in short form, certificates by
 * subject and expiry. At most `maxLength` UTF-16 units, cut with `…`. Plain text: a renderer must still escape it.
 */
export function describeValue(value: ShownValue, maxLength: number): string {
  return clip(describe(value as Json), maxLength);
}

/** Words that stand for something else, and blanks at an end: a text of this kind is quoted. */
const UNCLEAR = /^(?:| .*|.* |\(none\)|\(known after apply\))$/s;

/** The text on one line, in quotes if a reader would take it for something else. */
function textOf(text: string): string {
  return UNCLEAR.test(text) ? `"${oneLine(text)}"` : oneLine(text);
}

function describe(value: Json): string {
  if (value === null) return '(none)';
  if (typeof value === 'string') return certificateText(value) ?? textOf(value);
  if (typeof value !== 'object' || isBigNumber(value)) return String(value);
  if (isArray(value)) return `[${value.map(describeNested).join(', ')}]`;
  if (isMarker(value, 'sensitive')) return HIDDEN;
  if (isMarker(value, 'unknown')) return '(known after apply)';
  return (
    ruleText(value) ??
    `{${Object.keys(value)
      .map((key) => `${oneLine(key)}: ${describeNested(value[key] ?? null)}`)
      .join(', ')}}`
  );
}

function describeNested(value: Json): string {
  return typeof value === 'string'
    ? oneLine(JSON.stringify(value))
    : value === null
      ? 'null'
      : describe(value);
}

/** True for what stands in a shown value for one that is hidden, or not known yet. */
export function isMarker(value: Json, name: 'sensitive' | 'unknown'): boolean {
  return isObject(value) && value[name] === true && Object.keys(value).length === 1;
}

const SOURCES = [
  'cidr_blocks',
  'ipv6_cidr_blocks',
  'prefix_list_ids',
  'security_groups',
  'cidr_block',
  'ipv6_cidr_block',
];

/**
 * `22/tcp from 203.0.113.7/32 "emergency hotfix"`, if the value is a firewall rule in AWS's form: of a security group
 * or a network ACL (`rule 100: deny all traffic from 0.0.0.0/0`). Else undefined.
 */
export function ruleText(value: Json): string | undefined {
  if (!isObject(value)) return undefined;
  const { from_port: from, to_port: to, protocol, description } = value;
  if (typeof protocol !== 'string' || typeof from !== 'number' || typeof to !== 'number') return undefined;
  const lists = SOURCES.flatMap((key) => {
    const list = value[key];
    if (isArray(list)) return list.map((source) => describe(source));
    return list === undefined || list === null || list === '' ? [] : [describe(list)];
  });
  const sources = value.self === true ? [...lists, 'itself'] : lists;
  const every = protocol === '-1' || protocol === 'all';
  const ports = every ? 'all traffic' : `${from === to ? from : `${from}-${to}`}/${oneLine(protocol)}`;
  const note = typeof description === 'string' && description !== '' ? ` "${oneLine(description)}"` : '';
  const hidden = isMarker(description ?? null, 'sensitive') ? ` ${HIDDEN}` : '';
  const number = typeof value.rule_no === 'number' ? `rule ${value.rule_no}: ` : '';
  const denies = value.action === 'deny' ? 'deny ' : '';
  return `${number}${denies}${ports} from ${sources.length > 0 ? sources.join(', ') : 'nobody'}${note}${hidden}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Control, format (bidi, zero width), private, lone surrogate and blank-looking characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]/gu;

/**
 * The text on one line. Characters that are invisible, break the line or change its direction are written as
 * escapes.
 */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE, (character, offset: number) => {
    // A joiner inside an emoji hides nothing.
    if (character === '\u200d' && joinsEmoji(text, offset)) return character;
    const named = ESCAPES[character];
    if (named !== undefined) return named;
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

function joinsEmoji(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 5), at);
  return (
    /\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]*$/u.test(before) &&
    /^\p{Extended_Pictographic}/u.test(text.slice(at + 1, at + 3))
  );
}
