import { textOf } from './arguments.ts';
import { BuiltinFailure } from './failure.ts';
import { RegoNumber, RegoObject, RegoSet, type RegoValue, sorted } from './value.ts';

interface Layout {
  readonly prefix: string;
  readonly indent: string;
}

const ESCAPED: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** Go writes what could end a script in HTML by its number. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (c) => ESCAPED[c] ?? c);
}

function keyText(key: RegoValue): string {
  return typeof key === 'string' ? key : write(key, null, '');
}

function byBytes([a]: readonly [string, RegoValue], [b]: readonly [string, RegoValue]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function write(value: RegoValue, layout: Layout | null, depth: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (value instanceof RegoNumber) return value.text;
  const inner = layout === null ? '' : depth + layout.indent;
  const start = layout === null ? '' : `\n${layout.prefix}${inner}`;
  const end = layout === null ? '' : `\n${layout.prefix}${depth}`;
  if (value instanceof RegoObject) {
    const entries = value.entries.map(([k, v]): readonly [string, RegoValue] => [keyText(k), v]);
    if (entries.length === 0) return '{}';
    if (new Set(entries.map(([k]) => k)).size < entries.length) {
      // A number and its text: which of the two stays is up to chance.
      throw new BuiltinFailure('json.marshal: two keys with one text');
    }
    const colon = layout === null ? ':' : ': ';
    const members = entries.sort(byBytes).map(([k, v]) => `${quoted(k)}${colon}${write(v, layout, inner)}`);
    return `{${start}${members.join(`,${start}`)}${end}}`;
  }
  const items = value instanceof RegoSet ? sorted(value.items) : (value as readonly RegoValue[]);
  if (items.length === 0) return '[]';
  return `[${start}${items.map((v) => write(v, layout, inner)).join(`,${start}`)}${end}]`;
}

/** `json.marshal`, as Go's encoding/json writes it. */
export function marshal([value]: readonly RegoValue[]): RegoValue | undefined {
  return value === undefined ? undefined : write(value, null, '');
}

/** `json.marshal_with_options`: `prefix`, `indent` and `pretty`. */
export function marshalWith([value, options]: readonly RegoValue[]): RegoValue | undefined {
  if (value === undefined || !(options instanceof RegoObject)) return undefined;
  const given = new Map(options.entries);
  for (const [key, option] of given) {
    const fits = key === 'pretty' ? typeof option === 'boolean' : textOf(option) !== undefined;
    if (!fits || !['prefix', 'indent', 'pretty'].includes(String(key))) {
      throw new BuiltinFailure(`json.marshal_with_options: an option ${keyText(key)}`);
    }
  }
  const pretty = given.get('pretty') ?? (given.has('prefix') || given.has('indent'));
  if (pretty !== true) return write(value, null, '');
  const prefix = textOf(given.get('prefix')) ?? '';
  return prefix + write(value, { prefix, indent: textOf(given.get('indent')) ?? '\t' }, '');
}
