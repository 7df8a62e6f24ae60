/** Parses JSON with the places of all values: files in JSON syntax, and documents in heredocs. */
import { parseExact } from '../../base/exact-json.ts';
import type { Json } from '../../drift/finding.ts';
import type { NativeParser } from './parse.ts';
import type { Expr, ObjectElement, Place } from './syntax.ts';

/** What a string of the document stands for. `decoded` is its JSON value; `at` includes the quotes. */
export type StringReader = (decoded: string, at: Place) => Expr;

class NotJson extends Error {}

/** The value that takes up the whole range; null if that is no JSON. */
export function parseJsonAt(text: string, range: Place, readString: StringReader): Expr | null {
  let at = range.start;
  let line = range.line;

  const fail = (): never => {
    throw new NotJson();
  };
  function blanks(): void {
    while (at < range.end && /\s/.test(text[at] ?? '')) {
      if (text[at] === '\n') line += 1;
      at += 1;
    }
  }
  function place(start: number, startLine: number): Place {
    return { file: range.file, start, end: at, line: startLine, notation: 'json' };
  }
  function take(char: string): void {
    if (text[at] !== char) fail();
    at += 1;
  }
  function stringText(): string {
    const start = at;
    take('"');
    while (at < range.end && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    take('"');
    return parsed(text.slice(start, at)) as string;
  }
  function parsed(source: string): Json {
    try {
      return parseExact(source) as Json;
    } catch {
      return fail();
    }
  }
  function list<T>(open: string, close: string, one: () => T): readonly T[] {
    take(open);
    const items: T[] = [];
    blanks();
    if (text[at] !== close) {
      for (;;) {
        items.push(one());
        blanks();
        if (text[at] !== ',') break;
        at += 1;
        blanks();
      }
    }
    take(close);
    return items;
  }
  function element(): ObjectElement {
    const [start, startLine] = [at, line];
    const key = stringText();
    blanks();
    take(':');
    const child = value();
    return { at: place(start, startLine), key, keyExpr: null, value: child };
  }
  function value(): Expr {
    blanks();
    const [start, startLine] = [at, line];
    const first = text[at];
    if (first === '{') {
      const elements = list('{', '}', element);
      return { at: place(start, startLine), kind: 'object', elements };
    }
    if (first === '[') {
      const items = list('[', ']', value);
      return { at: place(start, startLine), kind: 'tuple', items };
    }
    if (first === '"') {
      const decoded = stringText();
      return readString(decoded, place(start, startLine));
    }
    const word = /[-+.\w]+/y;
    word.lastIndex = at;
    const found = word.exec(text)?.[0] ?? fail();
    at += found.length;
    return { at: place(start, startLine), kind: 'literal', value: parsed(found) };
  }

  try {
    const whole = value();
    blanks();
    return at === range.end ? whole : null;
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

/** Reads the strings of a file in JSON syntax, which are templates. */
export function templateStrings(parser: NativeParser): StringReader {
  return (decoded, at) => {
    const plain = decoded.replaceAll('$${', '').replaceAll('%%{', '');
    if (!/[$%]\{/.test(plain)) {
      const value = decoded.replaceAll('$${', '${').replaceAll('%%{', '%{');
      return { at, kind: 'literal', value };
    }
    // A quoted string of the native syntax with the same content.
    const escaped = decoded.replace(/\$\{[^}]*\}|["\\\n\r\t]/g, (piece) =>
      piece.length > 1 ? piece : JSON.stringify(piece).slice(1, -1),
    );
    const expr = parser.expression(`"${escaped}"`, at);
    return expr === null ? { at, kind: 'other', what: 'a template', parts: [] } : { ...expr, at };
  };
}
