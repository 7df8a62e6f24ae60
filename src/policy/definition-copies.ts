/**
 * Determines which definition of a rule produced a message. A rule has a single value, however many
 * definitions it has. So each definition of such a rule has a copy under its own name, which decides nothing. Without
 * it messages name no line.
 */
import { canonical } from '../drift/canonical.ts';
import type { Json } from '../drift/finding.ts';
import { PACKAGES, type RuleDefinition } from './bundle.ts';
import { eachRef, type ParsedFile, type ParsedRule, textOf } from './parse.ts';
import { askedRules } from './rules.ts';

/** The value of each copy, by the definition's index in the bundle's rules; undefined: no value. */
export type CopyValues = ReadonlyMap<number, unknown>;

/** Copies of definitions. */
export interface Copies {
  /** Rego code to append to each file. */
  readonly append: ReadonlyMap<string, string>;
  /** Index in the bundle's rules -> reference to the copy. */
  readonly refs: ReadonlyMap<number, string>;
}

/** The definitions of a rule that can produce messages, with their indexes in `rules`. */
export function activeDefinitions(
  name: RuleDefinition['package'],
  rule: RuleDefinition['rule'],
  rules: readonly RuleDefinition[],
): readonly (readonly [number, RuleDefinition])[] {
  return [...rules.entries()].filter(([, r]) => r.package === name && r.rule === rule && !r.mute);
}

/** True where the rule has only one definition, so that its messages need no copies. */
function hasOneDefinition(definition: RuleDefinition, rules: readonly RuleDefinition[]): boolean {
  return activeDefinitions(definition.package, definition.rule, rules).length < 2;
}

/**
 * Copies the definitions of all rules that have several; null where no rule has, and for a policy that goes through
 * the names of its own package, which must not find the copies there. A `default` cannot be copied, because it
 * applies only where no other definition does.
 */
export function copyDefinitions(files: readonly ParsedFile[]): Copies | null {
  const asked = askedRules(files);
  if (files.some(readsAskedPackage)) return null;
  const definitions = asked.map((a) => a.definition);
  const prefix = freePrefix(files);
  const append = new Map<string, string>();
  const refs = new Map<number, string>();
  let head = '';
  for (const [i, { definition, parsed }] of asked.entries()) {
    const own = textOf(parsed.location);
    // `deny[msg] { … } { … }` is two definitions, and the text of the second one has no head.
    const text = own.startsWith('{') ? `${head}${own}` : own;
    if (!own.startsWith('{')) head = headOf(own, parsed);
    if (parsed.default === true || definition.mute || hasOneDefinition(definition, definitions)) continue;
    if (!new RegExp(`^${definition.rule}\\b`).test(text)) continue;
    const notes = (parsed.annotations ?? []).filter((a) => a.scope === 'rule').map((a) => textOf(a.location));
    const copy = [...notes, `${prefix}_${i}${text.slice(definition.rule.length)}`].join('\n');
    append.set(definition.file, `${append.get(definition.file) ?? ''}\n\n${copy}\n`);
    refs.set(i, `data.${definition.package}.${prefix}_${i}`);
  }
  return refs.size === 0 ? null : { append, refs };
}

/** True where a file may read a package that m0 asks as a whole, or something in it by a computed name. */
function readsAskedPackage({ imports, rules }: ParsedFile): boolean {
  let reads = false;
  eachRef([imports.map((i) => i.path), rules], ([head, ...parts]) => {
    if (head?.type !== 'var' || head.value !== 'data') return;
    const computed = parts.findIndex((p) => p.type !== 'string');
    const path = parts.slice(0, computed === -1 ? parts.length : computed).map((p) => p.value);
    if (PACKAGES.some((name) => path.length === 0 || (path.length === 1 && path[0] === name))) reads = true;
  });
  return reads;
}

/** A prefix that no name of the policy has. */
function freePrefix(files: readonly ParsedFile[]): string {
  const names = files.flatMap((f) => f.rules.map((r) => String(r.head.ref?.[0]?.value ?? r.head.name ?? '')));
  let prefix = 'm0_spoke';
  while (names.some((name) => name.startsWith(prefix))) prefix += '_';
  return prefix;
}

/** The text before a definition's body, including `if`. */
function headOf(text: string, rule: ParsedRule): string {
  const head = textOf(rule.head.location);
  return /^\s*if\b/.test(text.slice(head.length)) ? `${head} if ` : `${head} `;
}

/**
 * Finds the definitions that produced an item of a rule's value: those whose copies have the same item. An
 * item that no copy has comes from the one definition without a copy, if there is exactly one. Empty where it
 * cannot be determined.
 *
 * `definitions` are those of the rule from `activeDefinitions`.
 */
export function sourcesOf(
  definitions: readonly (readonly [number, RuleDefinition])[],
  spoken: CopyValues | null,
): (item: unknown) => readonly RuleDefinition[] {
  if (definitions.length === 1) return () => definitions.map(([, d]) => d);
  if (spoken === null) return () => [];
  const sourcesByItem = new Map<string, RuleDefinition[]>();
  for (const [i, definition] of definitions) {
    const value = spoken.get(i);
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === undefined) continue;
      const key = canonical(item as Json, 'json');
      sourcesByItem.set(key, [...(sourcesByItem.get(key) ?? []), definition]);
    }
  }
  const uncopied = definitions.filter(([i]) => !spoken.has(i)).map(([, d]) => d);
  const rest = uncopied.length === 1 ? uncopied : [];
  return (item) => sourcesByItem.get(canonical(item as Json, 'json')) ?? rest;
}
