/** The syntax tree of one file, the same for native and JSON syntax, with the places of everything in the text. */
import type { Json } from '../../drift/finding.ts';

/**
 * How a value is written at a place: in the native syntax, in JSON (where `${` starts a template), or not at all
 * (`sealed`: inside a string of a JSON file, whose text is escaped).
 */
export type Notation = 'native' | 'json' | 'sealed';

/** A range of a file's text, in UTF-16 units. */
export interface Place {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly line: number;
  readonly notation: Notation;
}

/** One step of a reference: `.name`, `[0]`, `["key"]`; null for an index or splat that is computed. */
export type Step = string | number | null;

/** An expression. `at` covers its whole text, with quotes and brackets. */
export type Expr = { readonly at: Place } & (
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'object'; readonly elements: readonly ObjectElement[] }
  | { readonly kind: 'tuple'; readonly items: readonly Expr[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[]; readonly spread: boolean }
  /** `var.a.b[0]`: root `var`, steps `a`, `b`, 0. */
  | { readonly kind: 'reference'; readonly root: string; readonly steps: readonly Step[] }
  | { readonly kind: 'template'; readonly parts: readonly (string | Expr)[] }
  | {
      readonly kind: 'heredoc';
      /** From the first line of the content to the end of the last, with its line end. */
      readonly body: Place;
      /** True for `<<-`, which takes away the indent that all lines share. */
      readonly indented: boolean;
      readonly parts: readonly (string | Expr)[];
      /** Places of the templates in it. */
      readonly templates: readonly Place[];
    }
  /** Parentheses, and a string that is nothing but one template. */
  | { readonly kind: 'wrapped'; readonly inner: Expr }
  /** Everything else: `what` names it for people. */
  | { readonly kind: 'other'; readonly what: string; readonly parts: readonly Expr[] }
);

/** `key = value` in an object. */
export interface ObjectElement {
  /** From the key to the end of the value. */
  readonly at: Place;
  /** Null where an expression computes it. */
  readonly key: string | null;
  readonly keyExpr: Expr | null;
  readonly value: Expr;
}

/** `name = value` in a body of the native syntax. */
export interface Attribute {
  readonly at: Place;
  readonly name: string;
  readonly value: Expr;
}

/** A block of the native syntax. */
export interface Block {
  readonly at: Place;
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: NativeBody;
}

/** The content of a file or a block in native syntax. */
export interface NativeBody {
  readonly syntax: 'native';
  /** Between the braces, or the whole file. */
  readonly at: Place;
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly Block[];
}

/** The same in JSON syntax: an object, in which attributes and blocks look alike. */
export interface JsonBody {
  readonly syntax: 'json';
  readonly at: Place;
  readonly object: Extract<Expr, { kind: 'object' }>;
}

export type Body = NativeBody | JsonBody;

/** One block with its content. `at` is what to remove with it. */
export interface Content {
  readonly at: Place;
  readonly body: Body;
  /** In JSON syntax, the expression that has the blocks: an object, or a list of them. */
  readonly holder: Expr | null;
}

/** The value of an attribute of a body; undefined if it is not set. */
export function attributeOf(body: Body, name: string): Expr | undefined {
  if (body.syntax === 'native') return body.attributes.find((one) => one.name === name)?.value;
  return body.object.elements.find((one) => one.key === name)?.value;
}

/** The blocks of a type in a body, in their order, whose first labels are these. */
export function blocksOf(body: Body, type: string, ...labels: readonly string[]): readonly Content[] {
  if (body.syntax === 'native') {
    return body.blocks
      .filter((block) => block.type === type && labels.every((label, i) => block.labels[i] === label))
      .map((block) => ({ at: block.at, body: block.body, holder: null }));
  }
  let found = valuesOf(body, type);
  for (const label of labels) {
    found = found.flatMap((one) => (one.kind === 'object' ? valuesOf(jsonBody(one), label) : []));
  }
  return found.flatMap((one) =>
    one.kind === 'object' ? [{ at: one.at, body: jsonBody(one), holder: one }] : [],
  );
}

/** The objects at a key: one, or those of a list. */
function valuesOf(body: JsonBody, key: string): readonly Expr[] {
  return body.object.elements
    .filter((one) => one.key === key)
    .flatMap(({ value }) => (value.kind === 'tuple' ? value.items : [value]));
}

export function jsonBody(object: Extract<Expr, { kind: 'object' }>): JsonBody {
  return { syntax: 'json', at: object.at, object };
}

/** The expressions directly in an expression. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'reference':
      return [];
    case 'object':
      return expr.elements.flatMap(({ keyExpr, value }) => (keyExpr === null ? [value] : [keyExpr, value]));
    case 'tuple':
      return expr.items;
    case 'call':
      return expr.args;
    case 'template':
    case 'heredoc':
      return expr.parts.filter((part) => typeof part !== 'string');
    case 'wrapped':
      return [expr.inner];
    case 'other':
      return expr.parts;
  }
}

/** All expressions in a body, nested blocks included. */
export function expressionsIn(body: Body): readonly Expr[] {
  if (body.syntax === 'json') return [body.object];
  return [
    ...body.attributes.map(({ value }) => value),
    ...body.blocks.flatMap((block) => expressionsIn(block.body)),
  ];
}
