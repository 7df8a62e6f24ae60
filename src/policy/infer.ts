/**
 * Infers the types of a policy's variables, so that the lint can distinguish `finding.adress` from a name
 * that the policy defines. A shape is reported only where it is certain; otherwise it is null.
 */

import { INPUT, type ListShape, type ObjectShape, type Shape } from './input-shape.ts';
import type { ParsedFile, ParsedRule, Part } from './parse.ts';
import { ruleName } from './parse.ts';
import {
  declared,
  type Every,
  type Expression,
  type Node,
  operatorOf,
  type Some,
  stringsIn,
} from './syntax-tree.ts';

/** Callbacks for what is found in a policy. */
export interface Callbacks {
  /** A reference reads a key that `shape` does not have. */
  missing(shape: Exclude<Shape, null>, key: string, row: number): void;
  /** A call of an operator or function, with its arguments and their shapes. */
  called(name: string, args: readonly Node[], shapes: readonly Shape[], row: number): void;
  /** An object literal: its keys and values, and the shapes of the values. */
  object?(pairs: readonly (readonly Node[])[], shapes: readonly Shape[], row: number): void;
  /** The key (`contains KEY`) or value (`:= VALUE`) of a rule's head. */
  head?(part: 'key' | 'value', node: Node, shape: Shape): void;
}

/** Callbacks that ignore everything. */
export const SILENT: Callbacks = { missing: () => undefined, called: () => undefined };

/** Names in a body: with a known shape, or declared with an unknown one (null). */
type Scope = Map<string, Shape>;

/** How many levels of calls from function to function are followed. */
const ROUNDS = 3;

/** A policy's rules by full name (`m0.deny`), and the shapes of its functions' arguments. */
export class Inference {
  readonly #rules = new Map<string, ParsedRule[]>();
  readonly #files = new Map<ParsedRule, ParsedFile>();
  readonly #known = new Map<string, Shape>();
  readonly #data: Shape;
  /** Shapes of a function's arguments over all calls; null where two calls differ. */
  #params = new Map<string, readonly Shape[]>();

  /** `data`: the shape of the data documents; null: unknown. */
  constructor(files: readonly ParsedFile[], data: Shape = null) {
    this.#data = data;
    for (const file of files) {
      for (const rule of file.rules) {
        const name = fullName(file, ruleName(rule));
        this.#rules.set(name, [...(this.#rules.get(name) ?? []), rule]);
        this.#files.set(rule, file);
      }
    }
    for (let round = 0; round < ROUNDS; round++) {
      const calls = new Map<string, readonly Shape[]>();
      for (const [rule, file] of this.#files) {
        this.walk(rule, {
          ...SILENT,
          called: (name, _args, shapes) => {
            const key = this.#resolve(file, name);
            const before = calls.get(key);
            calls.set(
              key,
              before === undefined ? shapes : shapes.map((s, i) => (s === before[i] ? s : null)),
            );
          },
        });
      }
      this.#params = calls;
    }
  }

  /** Visits one rule and reports what it finds. */
  walk(rule: ParsedRule, findings: Callbacks): void {
    const file = this.#files.get(rule);
    if (file === undefined) return;
    new Walk(this, file, findings).rule(rule, this.#params.get(fullName(file, ruleName(rule))) ?? []);
  }

  /** The shape of a name outside all bodies: an import, or a rule of the same package. */
  global(file: ParsedFile, name: string): Shape {
    if (name === 'input') return INPUT;
    if (name === 'data') return this.#data;
    for (const { path, alias } of file.imports) {
      const parts = path.value as readonly Part[];
      const root = parts[0]?.value;
      if ((alias ?? String(parts.at(-1)?.value)) !== name || (root !== 'input' && root !== 'data')) continue;
      let shape: Shape = this.global(file, root);
      for (const part of parts.slice(1))
        shape = shape?.type === 'object' ? (ownKey(shape, String(part.value)) ?? null) : null;
      return shape;
    }
    const key = fullName(file, name);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Stops the recursion of a rule that refers to itself.
    this.#known.set(key, null);
    const shape = this.#shapeOfRule(file, key);
    this.#known.set(key, shape);
    return shape;
  }

  #shapeOfRule(file: ParsedFile, key: string): Shape {
    const [rule, ...others] = this.#rules.get(key) ?? [];
    if (rule === undefined || others.length > 0 || rule.default === true) return null;
    if (rule.else !== undefined || rule.head.args !== undefined) return null;
    return new Walk(this, this.#files.get(rule) ?? file, SILENT).headOf(rule);
  }

  /** The strings of a rule in the same package that is a plain collection of strings. */
  constants(file: ParsedFile, name: string): readonly string[] {
    const [rule, ...others] = this.#rules.get(fullName(file, name)) ?? [];
    if (rule === undefined || others.length > 0) return [];
    return stringsIn(rule.head.value as Node | undefined);
  }

  /** True for names that are defined outside all bodies. */
  isGlobal(file: ParsedFile, name: string): boolean {
    const imported = file.imports.some(
      ({ path, alias }) => (alias ?? String((path.value as readonly Part[]).at(-1)?.value)) === name,
    );
    return imported || name === 'input' || name === 'data' || this.#rules.has(fullName(file, name));
  }

  /** Full name of a function that a file calls. */
  #resolve(file: ParsedFile, name: string): string {
    if (name.startsWith('data.')) return name.slice('data.'.length);
    const [head = '', ...rest] = name.split('.');
    for (const { path, alias } of file.imports) {
      const parts = (path.value as readonly Part[]).map((p) => String(p.value));
      if (parts[0] === 'data' && (alias ?? parts.at(-1)) === head)
        return [...parts.slice(1), ...rest].join('.');
    }
    return fullName(file, name);
  }
}

function fullName(file: ParsedFile, name: string): string {
  return [...file.package, name].join('.');
}

function elementOf(shape: Shape): Shape {
  return shape?.type === 'list' || shape?.type === 'set' || shape?.type === 'map' ? shape.of : null;
}

/** The shape of a key; undefined where the object has none of that name. */
export function ownKey({ keys }: ObjectShape, key: string): Shape | undefined {
  return Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** Visits one body and the bodies inside it. The first pass infers shapes, the second reports. */
class Walk {
  readonly #inference: Inference;
  readonly #file: ParsedFile;
  #findings: Callbacks;
  /** True inside an expression with `with`, where nothing is known of the input, of data and of rules. */
  #isReplaced = false;

  constructor(inference: Inference, file: ParsedFile, findings: Callbacks) {
    this.#inference = inference;
    this.#file = file;
    this.#findings = findings;
  }

  rule(rule: ParsedRule, params: readonly Shape[]): void {
    const scope: Scope = new Map();
    for (const [i, arg] of ((rule.head.args ?? []) as readonly Node[]).entries()) {
      if (arg.type === 'var') scope.set(String(arg.value), params[i] ?? null);
    }
    this.#definition(rule, scope);
  }

  #definition(
    rule: Pick<ParsedRule, 'body' | 'else'> & { readonly head?: ParsedRule['head'] },
    scope: Scope,
  ): void {
    const inner = this.#body(rule.body, scope);
    for (const part of ['key', 'value'] as const) {
      const node = rule.head?.[part] as Node | undefined;
      const shape = this.#term(node, inner);
      if (node !== undefined) this.#findings.head?.(part, node, shape);
    }
    if (rule.else !== undefined && rule.else !== null) this.#definition(rule.else as ParsedRule, scope);
  }

  /** The shape of a rule's value, where its head determines it. */
  headOf(rule: ParsedRule): Shape {
    const scope = this.#body(rule.body, new Map());
    const key = rule.head.key as Node | undefined;
    const value = rule.head.value as Node | undefined;
    if (key !== undefined && value === undefined) return set(this.#term(key, scope));
    return key === undefined ? this.#term(value, scope) : null;
  }

  #body(body: unknown, outer: Scope): Scope {
    const scope: Scope = new Map(outer);
    const exprs = (Array.isArray(body) ? body : []) as readonly Expression[];
    const findings = this.#findings;
    this.#findings = SILENT;
    for (const { terms } of exprs) {
      // Declared here, so it hides the outer name.
      for (const name of declared(terms)) scope.set(name, null);
    }
    // A name may depend on one that is defined further down.
    for (let round = 0; round < 2; round++) for (const expr of exprs) this.#infer(expr, scope);
    this.#findings = findings;
    for (const expr of exprs) this.#report(expr, scope);
    return scope;
  }

  #infer(expr: Expression, scope: Scope): void {
    const outer = this.#isReplaced;
    this.#isReplaced ||= expr.with !== undefined;
    this.#inferTerms(expr, scope);
    this.#isReplaced = outer;
  }

  #inferTerms({ terms }: Expression, scope: Scope): void {
    if (Array.isArray(terms)) {
      const [operator, a, b] = terms as readonly Node[];
      const name = operatorOf(operator);
      if (name !== 'assign' && name !== 'eq') return;
      this.#bind(a, this.#term(b, scope), scope);
      if (name === 'eq') this.#bind(b, this.#term(a, scope), scope);
      return;
    }
    for (const symbol of (terms as Some | undefined)?.symbols ?? []) {
      if (symbol.type !== 'call') continue;
      const parts = symbol.value as readonly Node[];
      this.#bind(parts.at(-2), elementOf(this.#term(parts.at(-1), scope)), scope);
    }
  }

  /** Gives a name its shape, unless it has one already or is defined outside the body. */
  #bind(node: Node | undefined, shape: Shape, scope: Scope): void {
    if (node?.type !== 'var' || shape === null) return;
    const name = String(node.value);
    const isUnset = scope.has(name) ? scope.get(name) === null : !this.#inference.isGlobal(this.#file, name);
    if (isUnset) scope.set(name, shape);
  }

  #report(expr: Expression, scope: Scope): void {
    for (const { value } of expr.with ?? []) this.#term(value, scope);
    const outer = this.#isReplaced;
    this.#isReplaced ||= expr.with !== undefined;
    this.#reportTerms(expr, scope);
    this.#isReplaced = outer;
  }

  #reportTerms({ terms }: Expression, scope: Scope): void {
    if (terms === undefined) return;
    if (Array.isArray(terms)) {
      this.#call(terms as readonly Node[], scope);
      return;
    }
    const { symbols, domain, body, key, value } = terms as Some & Every;
    if (symbols !== undefined) {
      for (const symbol of symbols) {
        if (symbol.type === 'call') this.#term((symbol.value as readonly Node[]).at(-1), scope);
      }
      return;
    }
    if (domain !== undefined) {
      const element = elementOf(this.#term(domain, scope));
      const inner: Scope = new Map(scope);
      if (key?.type === 'var') inner.set(String(key.value), null);
      if (value?.type === 'var') inner.set(String(value.value), element);
      this.#body(body, inner);
      return;
    }
    this.#term(terms as Node, scope);
  }

  #call(nodes: readonly Node[], scope: Scope): Shape {
    const [operator, ...args] = nodes;
    const shapes = args.map((arg) => this.#term(arg, scope));
    const name = operatorOf(operator);
    const row = operator?.location?.row ?? 0;
    this.#findings.called(name, args, shapes, row);
    const [shape = null] = shapes;
    if (name !== 'object.get' || args[1]?.type !== 'string') return null;
    // The default is there because the data may be missing.
    if (shape?.type === 'object' && shape.isData) return ownKey(shape, String(args[1].value)) ?? null;
    return this.#step(shape, args[1] as Part, row);
  }

  #term(node: Node | undefined | null, scope: Scope): Shape {
    if (node === undefined || node === null) return null;
    const { type, value } = node;
    switch (type) {
      case 'var':
        return this.#name(String(value), scope);
      case 'ref':
        return this.#ref(value as readonly Node[], scope);
      case 'call':
        return this.#call(value as readonly Node[], scope);
      case 'arraycomprehension':
      case 'setcomprehension': {
        const { term, body } = value as { readonly term: Node; readonly body: unknown };
        const of = this.#term(term, this.#body(body, scope));
        return type === 'setcomprehension'
          ? set(of)
          : of === null
            ? null
            : { type: 'list', name: 'the list', of };
      }
      case 'objectcomprehension': {
        const of = value as { readonly key: Node; readonly value: Node; readonly body: unknown };
        const inner = this.#body(of.body, scope);
        this.#term(of.key, inner);
        this.#term(of.value, inner);
        return null;
      }
      case 'array':
      case 'set':
        for (const item of value as readonly Node[]) this.#term(item, scope);
        return null;
      case 'object': {
        const pairs = value as readonly (readonly Node[])[];
        for (const [key] of pairs) this.#term(key, scope);
        const shapes = pairs.map(([, item]) => this.#term(item, scope));
        this.#findings.object?.(pairs, shapes, node.location?.row ?? 0);
        return null;
      }
      default:
        return null;
    }
  }

  #name(name: string, scope: Scope): Shape {
    if (scope.has(name)) return scope.get(name) ?? null;
    return this.#isReplaced ? null : this.#inference.global(this.#file, name);
  }

  #ref(parts: readonly Node[], scope: Scope): Shape {
    const [head, ...rest] = parts;
    let shape = head?.type === 'call' ? this.#term(head, scope) : this.#name(String(head?.value), scope);
    for (const part of rest) {
      if (part.type === 'ref' || part.type === 'call') this.#term(part, scope);
      // `findings[f]` of a set makes `f` one of its elements.
      if (shape?.type === 'set') this.#bind(part, shape.of, scope);
      shape = this.#step(shape, part, part.location?.row ?? head?.location?.row ?? 0);
    }
    return shape;
  }

  #step(shape: Shape, part: Node, row: number): Shape {
    if (shape === null || shape.type === 'word' || shape.type === 'text') return null;
    if (shape.type !== 'object') {
      if (shape.type === 'list' && part.type === 'string')
        this.#findings.missing(shape, String(part.value), row);
      return shape.type === 'list' && part.type === 'string' ? null : shape.of;
    }
    if (part.type !== 'string') return null;
    const key = String(part.value);
    const known = ownKey(shape, key);
    if (known !== undefined) return known;
    this.#findings.missing(shape, key, row);
    return null;
  }
}

function set(of: Shape): ListShape | null {
  return of === null ? null : { type: 'set', name: 'the set', of };
}
