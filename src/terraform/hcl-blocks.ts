/**
 * Reads which resources a configuration file declares and what each of them has in `ignore_changes`. Reads nothing
 * else, and gives up rather than guess.
 */
import { isRecord } from '../base/is-record.ts';

/** A `resource` block. */
export interface ResourceBlock {
  readonly type: string;
  readonly name: string;
  /**
   * The entries of `ignore_changes`, as the language writes them; empty where it has none; `all`; null where they
   * can't be read.
   */
  readonly ignoreChanges: readonly string[] | 'all' | null;
  /** The line on which the block begins, from 1; null in JSON syntax. */
  readonly line: number | null;
}

/** What an entry of `ignore_changes` may be: `size`, `tags["Owner"]`, `scaling_config[0].desired_size`. */
const ENTRY = /^[\p{L}_][\p{L}\p{N}_-]*(\.[\p{L}_][\p{L}\p{N}_-]*|\[\d+\]|\["([^"\\$%\n]|\\["\\])*"\])*$/u;
const WORD = /[\p{L}_][\p{L}\p{N}_-]*/uy;
const CLOSES: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/**
 * The `resource` blocks of a file, `.json` or native syntax by its name. Null where the file is not understood; then
 * nothing in it may be relied on.
 */
export function resourceBlocks(fileName: string, text: string): readonly ResourceBlock[] | null {
  try {
    return fileName.endsWith('.json') ? fromJson(JSON.parse(text) as unknown) : fromNative(text);
  } catch {
    // The tool itself reports a file that it can't read either.
    return null;
  }
}

/** Where a root module says that its state is. */
export interface StateBlock {
  readonly kind: 'backend' | 'cloud';
  /** The kind of backend: `s3`; `cloud` for a cloud block. */
  readonly type: string;
  /** What it sets, in a canonical form. Equal for two roots whose state is in the same place by their code. */
  readonly settings: string;
}

/** The first `backend` or `cloud` block in the file. Null: there is none; undefined: the file is not understood. */
export function stateBlock(fileName: string, text: string): StateBlock | null | undefined {
  try {
    return fileName.endsWith('.json') ? stateInJson(JSON.parse(text) as unknown) : stateInNative(text);
  } catch {
    return undefined;
  }
}

/** The blocks of a file in native syntax; null where it is not understood. Labels are without their quotes. */
export function nativeBlocks(text: string): readonly Block[] | null {
  try {
    return new Parser(new Scanner(text).tokens()).file().blocks;
  } catch {
    return null;
  }
}

function stateInNative(text: string): StateBlock | null {
  const { blocks } = new Parser(new Scanner(text).tokens()).file();
  const inside = blocks.filter(({ type }) => type === 'terraform').flatMap((block) => block.blocks);
  const found = inside.find(({ type }) => type === 'backend' || type === 'cloud');
  if (found === undefined) return null;
  const kind = found.type === 'cloud' ? 'cloud' : 'backend';
  return { kind, type: found.labels[0] ?? 'cloud', settings: JSON.stringify(settingsOf(found)) };
}

function settingsOf(block: Pick<Block, 'attributes' | 'blocks'>): unknown {
  const attributes = [...block.attributes].map(([name, tokens]) => [
    name,
    tokens.map((t) => t.text).join(' '),
  ]);
  const blocks = block.blocks.map((inner) => [[inner.type, ...inner.labels].join(' '), settingsOf(inner)]);
  return [...attributes, ...blocks].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
}

function stateInJson(document: unknown): StateBlock | null {
  for (const { backend, cloud } of objects(document).flatMap((file) => objects(file.terraform))) {
    for (const [type, settings] of objects(backend).flatMap((each) => named(each))) {
      return { kind: 'backend', type, settings: JSON.stringify(settings) };
    }
    if (cloud !== undefined) return { kind: 'cloud', type: 'cloud', settings: JSON.stringify(cloud) };
  }
  return null;
}

class NotUnderstood extends Error {}

function must(condition: boolean): void {
  if (!condition) throw new NotUnderstood();
}

/** A piece of native syntax. A string is one token, with its quotes and all templates in it. */
export type Token = {
  readonly kind: 'word' | 'string' | 'mark' | 'line' | 'other';
  readonly text: string;
  /** The line on which it begins, from 1. */
  readonly line: number;
};

export interface Block {
  readonly type: string;
  readonly line: number;
  readonly labels: readonly string[];
  readonly attributes: ReadonlyMap<string, readonly Token[]>;
  readonly blocks: readonly Block[];
}

/** Splits native syntax into tokens. A string is one token, with all templates in it. */
class Scanner {
  readonly #text: string;
  #at = 0;
  /** The line on which the text at `#counted` is. */
  #line = 1;
  #counted = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  }

  tokens(): readonly Token[] {
    const tokens: Token[] = [];
    for (let token = this.#next(); token !== null; token = this.#next()) tokens.push(token);
    return tokens;
  }

  #next(): Token | null {
    this.#skipBlanks();
    const from = this.#at;
    const first = this.#text[from];
    if (first === undefined) return null;
    const line = this.#lineAt(from);
    const token = (kind: Token['kind']): Token => ({ kind, text: this.#text.slice(from, this.#at), line });
    if (first === '\n') {
      this.#at += 1;
      return token('line');
    }
    if (first === '"') {
      this.#skipString();
      return token('string');
    }
    if (this.#text.startsWith('<<', from) && /^<<-?[\p{L}_]/u.test(this.#text.slice(from, from + 4))) {
      this.#skipHeredoc();
      return token('other');
    }
    WORD.lastIndex = from;
    const word = WORD.exec(this.#text);
    this.#at += word?.[0].length ?? 1;
    return token(word === null ? 'mark' : 'word');
  }

  #lineAt(at: number): number {
    for (; this.#counted < at; this.#counted += 1) if (this.#text[this.#counted] === '\n') this.#line += 1;
    return this.#line;
  }

  /** Blanks and comments, but not the end of a line. */
  #skipBlanks(): void {
    for (;;) {
      const rest = this.#text.slice(this.#at, this.#at + 2);
      if (rest[0] === ' ' || rest[0] === '\t') this.#at += 1;
      else if (rest[0] === '#' || rest === '//') this.#at = this.#indexOf('\n', this.#text.length);
      else if (rest === '/*') this.#at = this.#indexOf('*/') + 2;
      else return;
    }
  }

  #indexOf(what: string, otherwise?: number): number {
    const at = this.#text.indexOf(what, this.#at);
    if (at !== -1) return at;
    if (otherwise === undefined) throw new NotUnderstood();
    return otherwise;
  }

  #skipString(): void {
    this.#at += 1;
    for (;;) {
      const next = this.#text[this.#at];
      must(next !== undefined && next !== '\n');
      if (next === '"') break;
      if (next === '\\') this.#at += 2;
      else this.#skipLiteralOrTemplate();
    }
    this.#at += 1;
  }

  /** One character, an escaped `$${`, or a whole `${…}`. */
  #skipLiteralOrTemplate(): void {
    const three = this.#text.slice(this.#at, this.#at + 3);
    if (three === '$${' || three === '%%{') this.#at += 3;
    else if (three.startsWith('${') || three.startsWith('%{')) {
      this.#at += 2;
      this.#skipTemplate();
    } else this.#at += 1;
  }

  #skipTemplate(): void {
    const open = ['{'];
    while (open.length > 0) {
      const token = this.#next();
      if (token === null) throw new NotUnderstood();
      track(open, token);
    }
  }

  #skipHeredoc(): void {
    const head = /<<-?([\p{L}_][\p{L}\p{N}_-]*)\n/uy;
    head.lastIndex = this.#at;
    const found = head.exec(this.#text);
    if (found === null) throw new NotUnderstood();
    this.#at += found[0].length;
    for (;;) {
      must(this.#at < this.#text.length);
      const end = this.#indexOf('\n', this.#text.length);
      if (this.#text.slice(this.#at, end).trim() === found[1]) {
        // The end of the line stays, because it ends the attribute.
        this.#at = end;
        return;
      }
      while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#skipLiteralOrTemplate();
      this.#at += 1;
    }
  }
}

/** Follows brackets: `open` are those that are open before the token, and after it. */
function track(open: string[], token: Token): void {
  if (token.kind !== 'mark') return;
  if (token.text in CLOSES) open.push(token.text);
  else if (token.text === '}' || token.text === ']' || token.text === ')')
    must(CLOSES[open.pop() ?? ''] === token.text);
}

/** Reads the blocks and attributes of a file. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  file(): Pick<Block, 'attributes' | 'blocks'> {
    const body = this.#body();
    must(this.#at === this.#tokens.length);
    return body;
  }

  #body(): Pick<Block, 'attributes' | 'blocks'> {
    const attributes = new Map<string, readonly Token[]>();
    const blocks: Block[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined || this.#isMark('}')) return { attributes, blocks };
      this.#at += 1;
      if (token.kind === 'line') continue;
      must(token.kind === 'word');
      if (this.#isMark('=')) {
        this.#at += 1;
        must(!attributes.has(token.text));
        attributes.set(token.text, this.#expression());
      } else {
        blocks.push(this.#block(token.text, token.line));
      }
    }
  }

  #block(type: string, line: number): Block {
    const labels: string[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      must(token !== undefined);
      if (token?.kind === 'word') labels.push(token.text);
      else if (token?.kind === 'string') labels.push(plain(token.text));
      else break;
      this.#at += 1;
    }
    must(this.#isMark('{'));
    this.#at += 1;
    const body = this.#body();
    must(this.#isMark('}'));
    this.#at += 1;
    return { type, line, labels, ...body };
  }

  /** The tokens up to the end of the line or of the block, without line ends. */
  #expression(): readonly Token[] {
    const open: string[] = [];
    const tokens: Token[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (open.length === 0 && (token === undefined || token.kind === 'line' || this.#isMark('}'))) break;
      if (token === undefined) throw new NotUnderstood();
      track(open, token);
      if (token.kind !== 'line') tokens.push(token);
      this.#at += 1;
    }
    must(tokens.length > 0);
    return tokens;
  }

  #isMark(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'mark' && token.text === text;
  }
}

/** The content of a quoted string without escapes and templates. */
function plain(quoted: string): string {
  const content = quoted.slice(1, -1);
  must(!/["\\]|[$%]\{/.test(content));
  return content;
}

function fromNative(text: string): readonly ResourceBlock[] {
  const { blocks } = new Parser(new Scanner(text).tokens()).file();
  return blocks
    .filter((block) => block.type === 'resource')
    .map(({ line, labels, blocks: inner }) => {
      const [type, name, ...others] = labels;
      if (type === undefined || name === undefined || others.length > 0) throw new NotUnderstood();
      const lifecycles = inner.filter((block) => block.type === 'lifecycle');
      const written = lifecycles[0]?.attributes.get('ignore_changes');
      const ignoreChanges = lifecycles.length > 1 ? null : written === undefined ? [] : entriesOf(written);
      return { type, name, ignoreChanges, line };
    });
}

function entriesOf(tokens: readonly Token[]): ResourceBlock['ignoreChanges'] {
  const [first] = tokens;
  if (tokens.length === 1 && first?.kind === 'word' && first.text === 'all') return 'all';
  if (first?.text !== '[' || tokens.at(-1)?.text !== ']') return null;
  const entries: Token[][] = [[]];
  const open: string[] = [];
  for (const token of tokens.slice(1, -1)) {
    track(open, token);
    if (open.length === 0 && token.text === ',') entries.push([]);
    else entries.at(-1)?.push(token);
  }
  // A comma may follow the last entry.
  if (entries.at(-1)?.length === 0) entries.pop();
  return checked(
    entries.map((entry) => {
      const text = entry.map((token) => token.text).join('');
      return entry.length === 1 && entry[0]?.kind === 'string' ? plain(text) : text;
    }),
  );
}

/** Null where an entry is none that can be written again. `*` is what `all` was once. */
function checked(entries: readonly unknown[]): readonly string[] | null {
  const texts = entries.filter((entry) => typeof entry === 'string');
  return texts.length === entries.length && texts.every((text) => ENTRY.test(text)) ? texts : null;
}

/** JSON syntax: where a block may repeat, an array of objects stands for several. */
function fromJson(document: unknown): readonly ResourceBlock[] {
  return objects(document)
    .flatMap((file) => objects(file.resource))
    .flatMap((types) => named(types))
    .flatMap(([type, names]) =>
      objects(names)
        .flatMap((each) => named(each))
        .flatMap(([name, bodies]) =>
          objects(bodies).map((body) => ({ type, name, ...fromBody(body), line: null })),
        ),
    );
}

function fromBody(body: Readonly<Record<string, unknown>>): Pick<ResourceBlock, 'ignoreChanges'> {
  const lifecycles = objects(body.lifecycle);
  const written = lifecycles[0]?.ignore_changes;
  if (lifecycles.length > 1) return { ignoreChanges: null };
  if (written === undefined) return { ignoreChanges: [] };
  if (written === 'all') return { ignoreChanges: 'all' };
  return { ignoreChanges: Array.isArray(written) ? checked(written) : null };
}

/** The entries of a JSON object, except for comments. */
function named(object: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(object).filter(([key]) => key !== '//');
}

function objects(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (value === undefined) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  must(list.every(isRecord));
  return list.filter(isRecord);
}
