/** Parses the native syntax with tree-sitter. The only file that knows it. */
import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';
import { parseExact } from '../../base/exact-json.ts';
import type { Json } from '../../drift/finding.ts';
import type { Attribute, Block, Expr, NativeBody, Notation, ObjectElement, Place, Step } from './syntax.ts';
import { unescaped } from './value-text.ts';

/** Parses texts of the native syntax. Get one with `loadNativeParser`. */
export interface NativeParser {
  /** The content of a file; null if the text has a syntax error. */
  file(file: string, text: string): NativeBody | null;
  /** An expression that is the content of a template in a JSON string; null if it is none. */
  expression(text: string, at: Place): Expr | null;
}

let loading: Promise<NativeParser> | undefined;

/** Loads the grammar, once for the process. Rejects if the grammar can't be loaded; the next call tries again. */
export function loadNativeParser(): Promise<NativeParser> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<NativeParser> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve(
    '@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-hcl.wasm',
  );
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));

  function parsed<T>(text: string, read: (root: Node) => T): T | null {
    const tree = parser.parse(text);
    if (tree === null) return null;
    try {
      return tree.rootNode.hasError ? null : read(tree.rootNode);
    } finally {
      // The tree is in the memory of WebAssembly, which no garbage collector frees.
      tree.delete();
    }
  }

  return {
    file(file, text) {
      return parsed(text, (root) => {
        const read = reader(text, (node) => placeOf(node, file, 'native'));
        const at: Place = { file, start: 0, end: text.length, line: 1, notation: 'native' };
        return read.body(childOf(root, 'body'), at);
      });
    },
    expression(text, at) {
      const code = `x = ${text}\n`;
      return parsed(code, (root) => {
        const sealed: Place = { ...at, notation: 'sealed' };
        const body = reader(code, () => sealed).body(childOf(root, 'body'), sealed);
        const [only, ...others] = body.attributes;
        return only === undefined || others.length + body.blocks.length > 0 ? null : only.value;
      });
    },
  };
}

function placeOf(node: Node, file: string, notation: Notation): Place {
  const { startIndex: start, endIndex: end } = node;
  return { file, start, end, line: node.startPosition.row + 1, notation };
}

function childOf(node: Node, type: string): Node | null {
  return node.namedChildren.find((child) => child.type === type) ?? null;
}

/** Turns tree-sitter's nodes into the syntax tree. */
function reader(text: string, at: (node: Node) => Place) {
  function body(node: Node | null, range: Place): NativeBody {
    const children = node?.namedChildren ?? [];
    const attributes = children
      .filter((child) => child.type === 'attribute')
      .map(
        (child): Attribute => ({
          at: at(child),
          name: childOf(child, 'identifier')?.text ?? '',
          value: expression(childOf(child, 'expression') ?? child),
        }),
      );
    return {
      syntax: 'native',
      at: range,
      attributes,
      blocks: children.filter((child) => child.type === 'block').map(block),
    };
  }

  function block(node: Node): Block {
    const [type, ...rest] = node.namedChildren;
    const labels = rest
      .filter((child) => child.type === 'identifier' || child.type === 'string_lit')
      .map((child) => (child.type === 'identifier' ? child.text : stringOf(child)));
    const [open, close] = [childOf(node, 'block_start'), childOf(node, 'block_end')];
    const whole = at(node);
    const range = { ...whole, start: open?.endIndex ?? whole.start, end: close?.startIndex ?? whole.end };
    return { at: whole, type: type?.text ?? '', labels, body: body(childOf(node, 'body'), range) };
  }

  function expression(node: Node): Expr {
    const children = node.namedChildren.filter((child) => child.type !== 'comment');
    const [first, ...rest] = children;
    const other = (what: string): Expr => ({ at: at(node), kind: 'other', what, parts: partsIn(node) });
    if (first === undefined) return other('an expression');
    if (first.type === 'variable_expr') {
      const steps = rest.flatMap(stepsOf);
      // An index may be computed from something else.
      if (steps.includes(null) && rest.some((step) => partsIn(step).length > 0)) {
        const reference: Expr = { at: at(node), kind: 'reference', root: first.text, steps };
        return { at: at(node), kind: 'other', what: 'a lookup', parts: [reference, ...partsIn(node)] };
      }
      return { at: at(node), kind: 'reference', root: first.text, steps };
    }
    if (rest.length > 0) return other('an expression');
    switch (first.type) {
      case 'expression':
        return { at: at(node), kind: 'wrapped', inner: expression(first) };
      case 'literal_value':
        return literal(first);
      case 'template_expr':
        return template(first);
      case 'collection_value':
        return collection(first.namedChildren[0] ?? first);
      case 'function_call':
        return call(first);
      case 'operation':
        return negative(first) ?? other('a calculation');
      case 'conditional':
        return other('a condition');
      case 'for_expr':
        return other('a for expression');
      default:
        return other('an expression');
    }
  }

  /** The expressions in a node that has none of its own kind in the syntax tree. */
  function partsIn(node: Node): readonly Expr[] {
    return node.namedChildren.flatMap((child) => {
      if (child.type === 'expression') return [expression(child)];
      // `a` in `a ? b : c` may come without an expression around it.
      if (child.type === 'variable_expr') {
        const steps = [];
        for (let next = child.nextNamedSibling; next !== null; next = next.nextNamedSibling)
          steps.push(...stepsOf(next));
        return [{ at: at(child), kind: 'reference' as const, root: child.text, steps }];
      }
      return partsIn(child);
    });
  }

  function stepsOf(node: Node): readonly Step[] {
    if (node.type === 'get_attr') return [childOf(node, 'identifier')?.text ?? null];
    if (node.type === 'index') {
      const inner = node.namedChildren[0];
      const expr = inner === undefined ? null : childOf(inner, 'expression');
      if (inner?.type === 'legacy_index') return [Number(inner.text.slice(1))];
      const value = expr === null ? null : expression(expr);
      if (value?.kind !== 'literal') return [null];
      return typeof value.value === 'string' || typeof value.value === 'number' ? [value.value] : [null];
    }
    return [null];
  }

  function literal(node: Node): Expr {
    const inner = node.namedChildren[0];
    const value = inner?.type === 'string_lit' ? stringOf(inner) : scalar(node.text);
    if (value === undefined)
      return { at: at(node), kind: 'other', what: 'a number of another form', parts: [] };
    return { at: at(node), kind: 'literal', value };
  }

  function negative(node: Node): Expr | undefined {
    const written = node.text.replace(/\s/g, '');
    const value = /^-\d/.test(written) ? scalar(written) : undefined;
    return value === undefined ? undefined : { at: at(node), kind: 'literal', value };
  }

  function stringOf(node: Node): string {
    return unescaped(childOf(node, 'template_literal')?.text ?? '');
  }

  function collection(node: Node): Expr {
    if (node.type === 'tuple') {
      const items = node.namedChildren.filter((child) => child.type === 'expression').map(expression);
      return { at: at(node), kind: 'tuple', items };
    }
    const elements = node.namedChildren.filter((child) => child.type === 'object_elem').map(element);
    return { at: at(node), kind: 'object', elements };
  }

  function element(node: Node): ObjectElement {
    const [left, right] = node.namedChildren.filter((child) => child.type === 'expression');
    const keyExpr = left === undefined ? null : expression(left);
    const bare = keyExpr?.kind === 'reference' && keyExpr.steps.length === 0 ? keyExpr.root : null;
    const written = keyExpr?.kind === 'literal' ? String(keyExpr.value) : null;
    const key = bare ?? written;
    return {
      at: at(node),
      key,
      keyExpr: key === null ? keyExpr : null,
      value:
        right === undefined
          ? { at: at(node), kind: 'other', what: 'an expression', parts: [] }
          : expression(right),
    };
  }

  function call(node: Node): Expr {
    const args = childOf(node, 'function_arguments')?.namedChildren ?? [];
    return {
      at: at(node),
      kind: 'call',
      name: childOf(node, 'identifier')?.text ?? '',
      args: args.filter((child) => child.type === 'expression').map(expression),
      spread: args.some((child) => child.type === 'ellipsis'),
    };
  }

  function template(node: Node): Expr {
    const inner = node.namedChildren[0] ?? node;
    const heredoc = inner.type === 'heredoc_template';
    const pieces = inner.namedChildren.filter((child) => child.type.startsWith('template_'));
    const templates = pieces.filter((child) => child.type !== 'template_literal');
    const [bodyStart, bodyEnd] = heredoc ? heredocRange(inner) : [inner.startIndex + 1, inner.endIndex - 1];
    // Blanks at the edges of literals are no part of the grammar's nodes, so texts are cut from the file.
    const parts: (string | Expr)[] = [];
    let from = bodyStart;
    const literalUntil = (end: number): void => {
      const raw = text.slice(from, end);
      if (raw !== '')
        parts.push(heredoc ? raw.replaceAll('$${', '${').replaceAll('%%{', '%{') : unescaped(raw));
    };
    for (const piece of templates) {
      literalUntil(piece.startIndex);
      parts.push(interpolation(piece));
      from = piece.endIndex;
    }
    literalUntil(bodyEnd);
    if (heredoc) {
      const whole = at(inner);
      return {
        at: whole,
        kind: 'heredoc',
        body: { ...whole, start: bodyStart, end: bodyEnd, line: whole.line + 1 },
        indented: inner.text.startsWith('<<-'),
        parts,
        templates: templates.map(at),
      };
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined && typeof only !== 'string')
      return { at: at(inner), kind: 'wrapped', inner: only };
    return { at: at(inner), kind: 'template', parts };
  }

  function interpolation(node: Node): Expr {
    const inner = node.type === 'template_interpolation' ? childOf(node, 'expression') : null;
    // `${~` takes blanks away around it, which nothing here evaluates.
    const strips = /^\$\{~|~\}$/.test(node.text);
    if (inner !== null && !strips) return expression(inner);
    return { at: at(node), kind: 'other', what: 'a template', parts: partsIn(node) };
  }

  function heredocRange(node: Node): readonly [number, number] {
    const start = text.indexOf('\n', node.startIndex) + 1;
    const close = node.namedChildren.at(-1);
    const last = close?.startIndex ?? node.endIndex;
    return [start, text.lastIndexOf('\n', last) + 1];
  }

  return { body };
}

/** The value of a number, `true`, `false` or `null`; undefined for a form that JSON does not have. */
function scalar(text: string): Json | undefined {
  try {
    return parseExact(text) as Json;
  } catch {
    return undefined;
  }
}
