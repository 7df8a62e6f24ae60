/** Values as text of the code, in native syntax and in JSON, and back. */
import type { Json } from '../../drift/finding.ts';
import { isArray, isObject } from '../../drift/json-value.ts';
import type { Notation } from './syntax.ts';

/** How several lines are written: one step of indent, the indent of the line, and the line end. */
export interface Layout {
  readonly step: string;
  readonly indent: string;
  readonly eol: string;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/** The text that the content of a quoted string stands for. */
export function unescaped(raw: string): string {
  return raw.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([nrt"\\]))|([$%])\4\{/g,
    (whole, four?: string, eight?: string, simple?: string, sign?: string) => {
      if (sign !== undefined) return `${sign}{`;
      if (simple !== undefined) return ESCAPES[simple] ?? whole;
      const code = Number.parseInt(four ?? eight ?? '', 16);
      return code > 0x10ffff ? whole : String.fromCodePoint(code);
    },
  );
}

/** A text in which no template starts. */
export function withoutTemplates(text: string): string {
  return text.replace(/([$%])\{/g, '$1$1{');
}

function quoted(text: string): string {
  const escaped = text.replace(
    /[\\"\n\r\t]|[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => {
      const named = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' }[char];
      return named ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
  return `"${withoutTemplates(escaped)}"`;
}

/** A key of an object in native syntax: bare where it may be. */
export function nativeKey(key: string): string {
  const word = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) && !['for', 'true', 'false', 'null'].includes(key);
  return word ? key : quoted(key);
}

/** A string in JSON, in which no template starts. */
export function jsonString(text: string): string {
  return withoutTemplates(JSON.stringify(text));
}

/** The value in this notation. Objects and lists with objects in them go over several lines if `layout` is given. */
export function valueText(value: Json, notation: Notation, layout?: Layout): string {
  const native = notation === 'native';
  if (typeof value === 'string') return native ? quoted(value) : jsonString(value);
  if (isArray(value)) return listText(value, notation, layout);
  if (!isObject(value)) return String(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  const keys = entries.map(([key]) => (native ? nativeKey(key) : jsonString(key)));
  const inner = layout && { ...layout, indent: layout.indent + layout.step };
  const texts = entries.map(([, child], i) => [keys[i] ?? '', valueText(child, notation, inner)] as const);
  const lines = native
    ? assignments(texts, layout !== undefined)
    : texts.map(([key, text]) => `${key}: ${text}`);
  if (inner === undefined || layout === undefined) return `{ ${lines.join(', ')} }`;
  const comma = native ? '' : ',';
  return `{${layout.eol}${lines.map((line) => inner.indent + line).join(comma + layout.eol)}${layout.eol}${layout.indent}}`;
}

/**
 * `key = value` for each pair. `aligned`: with the `=` of neighbours under each other, as `terraform fmt` does it:
 * values of several lines are no neighbours.
 */
export function assignments(
  pairs: readonly (readonly [key: string, text: string])[],
  aligned: boolean,
): readonly string[] {
  const width = (from: number): number => {
    const [pair] = pairs.slice(from, from + 1);
    return pair === undefined || pair[1].includes('\n') ? 0 : Math.max(pair[0].length, width(from + 1));
  };
  let start = 0;
  return pairs.map(([key, text], i) => {
    const multi = text.includes('\n');
    const padded = aligned && !multi ? key.padEnd(width(start)) : key;
    if (multi) start = i + 1;
    return `${padded} = ${text}`;
  });
}

function listText(items: readonly Json[], notation: Notation, layout?: Layout): string {
  if (layout === undefined || !items.some((item) => isObject(item) || isArray(item)))
    return `[${items.map((item) => valueText(item, notation)).join(', ')}]`;
  const inner = { ...layout, indent: layout.indent + layout.step };
  const lines = items.map((item) => inner.indent + valueText(item, notation, inner));
  return `[${layout.eol}${lines.join(`,${layout.eol}`)}${layout.eol}${layout.indent}]`;
}
