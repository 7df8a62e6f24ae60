/** Findings and values as plain text for people. */
import { clip } from '../text/words.ts';
import type { AttributeDrift, Finding, Json, ShownValue } from './finding.ts';
import { isArray, isObject } from './json-value.ts';
import { HIDDEN } from './secrets.ts';

/** How many findings the sentence names; the others are counted. */
const MOST_NAMED = 3;

/**
 * One sentence about what drifted: "3 drifted in prod-network: 2 tags removed by hand on aws_s3_bucket.logs, …".
 * Plain text on one line, without markup. Actionable findings come first.
 */
export function summarize(findings: readonly Finding[], stack: string): string {
  const place = oneLine(stack);
  const actionable = findings.filter((finding) => finding.actionable);
  const left = findings.filter((finding) => !finding.actionable && finding.ignored === undefined);
  const ignored = findings.filter((finding) => finding.ignored !== undefined);
  if (findings.length === 0) return `Nothing drifted in ${place}`;
  if (actionable.length === 0 && left.length === 0) {
    return `${ignored.length} drifted in ${place} and ignored: ${listFindings(ignored)}`;
  }
  const aside = ignored.length > 0 ? `; ${ignored.length} more ignored` : '';
  if (actionable.length === 0) {
    return `${left.length} drifted in ${place} where an apply would change nothing: ${listFindings(left)}${aside}`;
  }
  const tail = `${left.length > 0 ? `; ${left.length} more where an apply would change nothing` : ''}${aside}`;
  return `${actionable.length} drifted in ${place}: ${listFindings(actionable)}${tail}`;
}

function listFindings(findings: readonly Finding[]): string {
  // If not all fit, changes that can't be undone come first.
  const weight = (finding: Finding): number =>
    finding.deletedByHand || finding.action === 'delete' || finding.action === 'replace' ? 0 : 1;
  const all = findings.length > MOST_NAMED;
  const ordered = all ? findings.toSorted((a, b) => weight(a) - weight(b)) : findings;
  const named = ordered.slice(0, MOST_NAMED).map((finding) => describeFinding(finding));
  const more = all ? ` and ${findings.length - MOST_NAMED} more` : '';
  return `${named.join(', ')}${more}`;
}

/** What happened to one finding, in a few words with its address: "2 tags removed by hand on aws_s3_bucket.logs". */
export function describeFinding(finding: Finding): string {
  const address = oneLine(finding.address);
  if (finding.deletedByHand) {
    return finding.action === 'create'
      ? `${address} deleted by hand`
      : `${address} deleted by hand${finding.origin === 'both' ? ' and removed from the code' : ''}`;
  }
  switch (finding.action) {
    case 'create':
      return `${address} new in the code`;
    case 'delete':
      return `${address} removed from the code${byHandToo(finding)}`;
    case 'forget':
      return `${address} to be forgotten by the code${byHandToo(finding)}`;
    default:
      break;
  }
  const replaced = finding.action === 'replace' ? ' (to be replaced)' : '';
  const moved = finding.previousAddress === undefined ? '' : ` (was ${oneLine(finding.previousAddress)})`;
  const parts = (['cloud', 'both', 'code', 'input'] as const).flatMap((mover) => {
    const some = finding.attributes.filter((attribute) => moverOf(attribute) === mover);
    return some.length === 0 ? [] : [`${changes(some)} ${CHANGED_BY[mover]}`];
  });
  const what = parts.length === 0 ? 'changed in the code' : parts.join(' and ');
  return `${what} on ${address}${replaced}${moved}`;
}

const CHANGED_BY = {
  cloud: 'by hand',
  code: 'in the code',
  both: 'by hand and in the code',
  input: 'in the code or what it reads',
} as const;

/** A value computed from a data source may have changed while the code did not. */
function moverOf({ origin, inputs }: AttributeDrift): keyof typeof CHANGED_BY {
  return origin === 'code' && inputs !== undefined ? 'input' : origin;
}

function byHandToo(finding: Finding): string {
  return finding.attributes.length > 0 ? ' after a change by hand' : '';
}

/** "2 tags removed", "1 rule added", "retention_in_days changed", "4 attributes changed". */
function changes(attributes: readonly AttributeDrift[]): string {
  const [first] = attributes;
  if (first === undefined) return 'nothing';
  const kinds = new Set(attributes.map((attribute) => attribute.kind));
  const kind = kinds.size === 1 ? first.kind : 'changed';
  const nouns = new Set(attributes.map(nounOf));
  const [noun] = nouns;
  if (nouns.size === 1 && noun !== undefined && noun !== 'attribute') {
    return `${attributes.length} ${noun}${attributes.length === 1 ? '' : 's'} ${kind}`;
  }
  if (attributes.length === 1) return `${oneLine(first.path)} ${kind}`;
  return `${attributes.length} attributes ${kind}`;
}

function nounOf(attribute: AttributeDrift): string {
  if (/^(tags|labels)[.[]/.test(attribute.path)) return attribute.path.startsWith('tags') ? 'tag' : 'label';
  return /^(ingress|egress)\b/.test(attribute.path) ? 'rule' : 'attribute';
}

/**
 * One line for a value: text with invisible characters made visible, firewall rules in short form. At most
 * `maxLength` UTF-16 units, cut with `…`. Plain text: a renderer must still escape it.
 */
export function describeValue(value: ShownValue, maxLength: number): string {
  return clip(describe(value as Json), maxLength);
}

function describe(value: Json): string {
  if (value === null) return '(none)';
  if (typeof value === 'string') return value === '' ? '""' : oneLine(value);
  if (typeof value !== 'object') return String(value);
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

function isMarker(value: Json, name: 'sensitive' | 'unknown'): boolean {
  return isObject(value) && value[name] === true && Object.keys(value).length === 1;
}

/** `22/tcp from 203.0.113.7/32 "emergency hotfix"`, if the value is a firewall rule in AWS's form; else undefined. */
function ruleText(value: Json): string | undefined {
  if (!isObject(value)) return undefined;
  const { from_port: from, to_port: to, protocol, description } = value;
  if (typeof protocol !== 'string' || typeof from !== 'number' || typeof to !== 'number') return undefined;
  const lists = ['cidr_blocks', 'ipv6_cidr_blocks', 'prefix_list_ids', 'security_groups'].flatMap((key) => {
    const list = value[key];
    if (isArray(list)) return list.map((source) => describe(source));
    return list === undefined || list === null ? [] : [describe(list)];
  });
  const sources = value.self === true ? [...lists, 'itself'] : lists;
  const every = protocol === '-1' || protocol === 'all';
  const ports = every ? 'all traffic' : `${from === to ? from : `${from}-${to}`}/${oneLine(protocol)}`;
  const note = typeof description === 'string' && description !== '' ? ` "${oneLine(description)}"` : '';
  const hidden = isMarker(description ?? null, 'sensitive') ? ` ${HIDDEN}` : '';
  return `${ports} from ${sources.length > 0 ? sources.join(', ') : 'nobody'}${note}${hidden}`;
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
