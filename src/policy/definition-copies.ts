/**
 * Which definition of a rule said a message. A rule is one value, however many definitions it has, so a second
 * module is built in which each definition stands once more under a name of its own. It decides nothing: what
 * is decided comes from the policy as it is, and where the second module can't be had no line is named.
 */
import { canonical } from '../drift/canonical.ts';
import type { Json } from '../drift/finding.ts';
import type { Bundle, RuleDefinition } from './bundle.ts';
import type { Evaluation } from './evaluate.ts';
import { type ParsedFile, type ParsedRule, textOf } from './parse.ts';
import { askedRules } from './rules.ts';

/** What the definitions say each, by their place in the bundle's rules; undefined: nothing. */
export type SpokenValues = ReadonlyMap<number, unknown>;

/** The copies of definitions, to be built as a module of their own. */
export interface Copies {
  /** Rego to stand at the end of each file. */
  readonly append: ReadonlyMap<string, string>;
  /** Place in the bundle's rules -> reference to its copy. */
  readonly refs: ReadonlyMap<number, string>;
}

/** The definitions of a rule that can say something, with their places in `rules`. */
export function speaking(
  name: RuleDefinition['package'],
  rule: RuleDefinition['rule'],
  rules: readonly RuleDefinition[],
): readonly (readonly [number, RuleDefinition])[] {
  return [...rules.entries()].filter(([, r]) => r.package === name && r.rule === rule && !r.mute);
}

/** Where a rule has one definition there is nothing to ask. */
function isAlone(definition: RuleDefinition, rules: readonly RuleDefinition[]): boolean {
  return speaking(definition.package, definition.rule, rules).length < 2;
}

/**
 * Copies of all definitions whose rule has several; null where no rule has. A `default` can't be copied: it
 * speaks only where no other does.
 */
export function copyDefinitions(files: readonly ParsedFile[]): Copies | null {
  const asked = askedRules(files);
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
    if (parsed.default === true || definition.mute || isAlone(definition, definitions)) continue;
    if (!new RegExp(`^${definition.rule}\\b`).test(text)) continue;
    const notes = (parsed.annotations ?? []).filter((a) => a.scope === 'rule').map((a) => textOf(a.location));
    const copy = [...notes, `${prefix}_${i}${text.slice(definition.rule.length)}`].join('\n');
    append.set(definition.file, `${append.get(definition.file) ?? ''}\n\n${copy}\n`);
    refs.set(i, `data.${definition.package}.${prefix}_${i}`);
  }
  return refs.size === 0 ? null : { append, refs };
}

/** A beginning of names that no rule of the policy has. */
function freePrefix(files: readonly ParsedFile[]): string {
  const names = files.flatMap((f) => f.rules.map((r) => String(r.head.ref?.[0]?.value ?? r.head.name ?? '')));
  let prefix = 'm0_spoke';
  while (names.some((name) => name.startsWith(prefix))) prefix += '_';
  return prefix;
}

/** What stands in front of a definition's body, `if` included. */
function headOf(text: string, rule: ParsedRule): string {
  const head = textOf(rule.head.location);
  return /^\s*if\b/.test(text.slice(head.length)) ? `${head} if ` : `${head} `;
}

/**
 * Asks the copies what each of them says, where a value may have been said by more than one definition. Null:
 * nobody needed to be asked, or none could answer. `ask` evaluates a bundle on the input of `values`.
 */
export async function whoSpoke(
  bundle: Bundle,
  values: Readonly<Record<string, unknown>>,
  ask: (bundle: Bundle) => Promise<Evaluation>,
): Promise<SpokenValues | null> {
  const { spoken, rules } = bundle;
  const ambiguous = rules.some((r) => {
    const value = values[`${r.package}.${r.rule}`];
    return (value === true || (Array.isArray(value) && value.length > 0)) && !isAlone(r, rules);
  });
  if (spoken === null || !ambiguous) return null;
  const evaluated = await ask({ ...bundle, module: spoken.module });
  // What was decided stands all the same; only the line that is named is less exact.
  if (!evaluated.ok) return null;
  return new Map(spoken.copied.map((i) => [i, evaluated.values[keyOfCopy(i)]]));
}

/** Key of a copy in the document of its module. */
export function keyOfCopy(index: number): string {
  return `spoken ${index}`;
}

/**
 * Who said an item of a rule's value: every definition whose copy says the same. What no copy says can only
 * come from one that has none, where there is just one such. Empty: it can't be told.
 *
 * `definitions`: all of the rule that can speak, as `speaking` has them.
 */
export function speakersOf(
  definitions: readonly (readonly [number, RuleDefinition])[],
  spoken: SpokenValues | null,
): (item: unknown) => readonly RuleDefinition[] {
  if (definitions.length === 1) return () => definitions.map(([, d]) => d);
  if (spoken === null) return () => [];
  const said = new Map<string, RuleDefinition[]>();
  for (const [i, definition] of definitions) {
    const value = spoken.get(i);
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === undefined) continue;
      const key = canonical(item as Json, 'json');
      said.set(key, [...(said.get(key) ?? []), definition]);
    }
  }
  const uncopied = definitions.filter(([i]) => !spoken.has(i)).map(([, d]) => d);
  const rest = uncopied.length === 1 ? uncopied : [];
  return (item) => said.get(canonical(item as Json, 'json')) ?? rest;
}
