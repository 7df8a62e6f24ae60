/** Nodes of the parser's tree, for the lint. */
import type { Part } from './parse.ts';

/** A node of the parser's tree. */
export interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly location?: { readonly row?: number };
}

/** The strings of an array or set that holds only strings; empty otherwise. */
export function stringsIn(node: Node | undefined): readonly string[] {
  if ((node?.type !== 'array' && node?.type !== 'set') || !Array.isArray(node.value)) return [];
  const items = node.value as readonly Node[];
  return items.every((i) => i.type === 'string') ? items.map((i) => String(i.value)) : [];
}

/** The operator of a call as text, such as `internal.member_2`. */
export function operatorOf(node: Node | undefined): string {
  if (node?.type === 'var') return String(node.value);
  return Array.isArray(node?.value)
    ? (node.value as readonly Part[]).map((p) => String(p.value)).join('.')
    : '';
}

/** Names that an expression declares: `x := …`, `some x`, `some x in …`. */
export function declared(terms: unknown): readonly string[] {
  const names = (nodes: readonly (Node | undefined)[]): readonly string[] =>
    nodes.flatMap((n) => (n?.type === 'var' ? [String(n.value)] : []));
  if (Array.isArray(terms)) {
    const [operator, left] = terms as readonly Node[];
    return operatorOf(operator) === 'assign' ? names([left]) : [];
  }
  return ((terms as Some | undefined)?.symbols ?? []).flatMap((symbol) =>
    symbol.type === 'call' ? names((symbol.value as readonly Node[]).slice(1, -1)) : names([symbol]),
  );
}

/** One expression of a body. */
export interface Expression {
  readonly terms?: unknown;
  readonly with?: readonly { readonly value: Node }[];
}

/** `some …` as an expression's terms. */
export interface Some {
  readonly symbols?: readonly Node[];
}

/** `every …` as an expression's terms. */
export interface Every {
  readonly domain?: Node;
  readonly body?: unknown;
  readonly key?: Node | null;
  readonly value?: Node | null;
}
