/** Warns about mistakes in policies that compile. */
import { POLICY_RULES } from '../decisions/decision.ts';
import { nearest } from '../text/nearest.ts';
import { PACKAGES } from './bundle.ts';
import { Inference, ownKey } from './infer.ts';
import { INPUT, PLAN_ACTION, type Shape, type WordShape } from './input-shape.ts';
import { lintMessages } from './lint-messages.ts';
import { type LintWarning, sortWarnings } from './lint-warning.ts';
import { BRIDGES_DOC } from './other-systems.ts';
import { eachTerm, type ParsedFile, type ParsedRule, type Part, ruleName } from './parse.ts';
import { foreignRules } from './reads.ts';
import { type Node, stringsIn } from './syntax-tree.ts';
import { unread } from './unread.ts';

/**
 * Finds rules that never apply, are never evaluated, or mean something else than their text says. A warning
 * is advice and changes no decision. `tests` are read only to see which rules they use.
 */
export function lintPolicy(
  files: readonly ParsedFile[],
  tests: readonly ParsedFile[],
): readonly LintWarning[] {
  const inference = new Inference(files);
  const foreign = foreignRules(files);
  return sortWarnings([
    ...files.flatMap((file) => {
      const own = file.rules.filter((rule) => !foreign.has(rule));
      return [
        ...own.flatMap((rule) => [
          ...lintRule(inference, file, rule),
          ...lintMessages(inference, file, rule),
        ]),
        // An import that only another system's rules use is of that system's input.
        ...(own.length > 0 ? lintImports(file, own) : []),
      ];
    }),
    ...unread(files, tests),
    ...approvalsThatWait(files),
  ]);
}

/** Warns about imports of keys that the input does not have. `rules` are those of the file that see m0's input. */
function lintImports(file: ParsedFile, rules: readonly ParsedRule[]): readonly LintWarning[] {
  return file.imports.flatMap(({ path, alias, location }): readonly LintWarning[] => {
    const [head, ...parts] = path.value as readonly Part[];
    if (head?.value !== 'input') return [];
    const name = alias ?? String(parts.at(-1)?.value);
    const uses = (own: readonly ParsedRule[]): boolean => own.some((rule) => mentions(rule, name));
    if (!uses(rules) && uses(file.rules)) return [];
    let shape: Shape = INPUT;
    for (const part of parts) {
      const key = String(part.value);
      if (shape?.type !== 'object') return [];
      const next = ownKey(shape, key);
      if (next === undefined) {
        return [{ level: 'warning', file: file.file, line: location.row, text: missingText(shape, key) }];
      }
      shape = next;
    }
    return [];
  });
}

function mentions(rule: ParsedRule, name: string): boolean {
  let found = false;
  eachTerm(rule, ({ type, value }) => {
    if (type === 'var' && value === name) found = true;
  });
  return found;
}

const COMPARISONS = new Set(['equal', 'eq', 'neq']);
const MEMBER = 'internal.member_2';

/** Warns about keys that do not exist and values that never occur. */
function lintRule(inference: Inference, file: ParsedFile, rule: ParsedRule): readonly LintWarning[] {
  const warnings: LintWarning[] = [];
  const warn = (row: number, text: string): void => {
    warnings.push({ level: 'warning', file: file.file, line: row || rule.location.row, text });
  };
  const constantsOf = (node: Node | undefined): readonly string[] => {
    const inside = stringsIn(node);
    if (inside.length > 0) return inside;
    const parts = node?.type === 'ref' ? (node.value as readonly Part[]) : [node as Part | undefined];
    const [head, ...rest] = parts;
    if (head?.type !== 'var' || rest.some((p) => p?.type === 'string')) return [];
    return inference.constants(file, String(head.value));
  };

  /** `other` is compared with a value of this shape. */
  const compare = (shape: Shape, other: Node | undefined, row: number): void => {
    const word = shape?.type === 'list' || shape?.type === 'set' ? shape.of : shape;
    if (word?.type !== 'word') return;
    const texts = other?.type === 'string' ? [String(other.value)] : constantsOf(other);
    for (const text of neverMatches(word, texts)) warn(row, text);
  };

  inference.walk(rule, {
    missing: (shape, key, row) => warn(row, missingText(shape, key)),
    called: (name, args, shapes, row) => {
      const [a, b] = args;
      const at = (i: number): Shape => shapes[i] ?? namedAction(args[i]);
      if (COMPARISONS.has(name)) {
        compare(at(0), b, row);
        compare(at(1), a, row);
      } else if (name === MEMBER) {
        compare(at(0), b, row);
        compare(at(1), a, row);
      } else if (args.some((arg) => isText(arg, 'destroy')) && args.some((_, i) => isAction(at(i)))) {
        for (const text of neverMatches(PLAN_ACTION, ['destroy'])) warn(row, text);
      }
    },
  });
  return warnings;
}

function isText(node: Node | undefined, text: string): boolean {
  return node?.type === 'string' && node.value === text;
}

function isAction(shape: Shape): boolean {
  const word = shape?.type === 'list' || shape?.type === 'set' ? shape.of : shape;
  return word?.type === 'word' && word.wrong !== undefined;
}

/**
 * The shape of an action that is known only by its name: it allows every value, and only `wrong` is checked.
 */
const CALLED_ACTION: WordShape = { ...PLAN_ACTION, words: [] };

/** Recognises an action by its name (`actions`, `change.actions[_]`) where nothing else is known of it. */
function namedAction(node: Node | undefined): Shape {
  const parts = node?.type === 'ref' ? (node.value as readonly Part[]) : [node as Part | undefined];
  const names = parts.filter((p, i) => p?.type === 'string' || (i === 0 && p?.type === 'var'));
  return /^actions?$/.test(String(names.at(-1)?.value)) ? CALLED_ACTION : null;
}

/**
 * Why a comparison with these strings is never true. A list that has the right value next to the wrong one is
 * fine.
 */
function neverMatches(word: WordShape, texts: readonly string[]): readonly string[] {
  if (word.othersBeside && texts.some((text) => word.words.includes(text))) return [];
  return texts.flatMap((text) => {
    if (word.words.includes(text)) return [];
    const wrong = word.wrong?.[text];
    if (wrong !== undefined) return texts.includes('delete') ? [] : [`${wrong}: this never matches`];
    if (word.words.length === 0) return [];
    const all = word.words.map((w) => JSON.stringify(w)).join(', ');
    return [`${word.name} is never ${JSON.stringify(text)}; it is one of ${all}`];
  });
}

/** Longer lists of keys are not shown, because they do not help. */
const KEYS_SHOWN = 10;

/** Keys of other systems' input documents, and what m0 has instead. */
const FOREIGN_KEYS: Readonly<Record<string, string>> = {
  tfplan: "Terraform's plan is under input.plan",
  terraform: "Terraform's plan is under input.plan",
  tfrun: "m0 has no document of Scalr's runs",
  run: "m0 has no document of HCP Terraform's runs",
  spacelift: "m0 has no document of Spacelift's",
  costEstimation: 'm0 knows no costs',
};

/** Why a read of `key` is always undefined, with what was probably meant. */
function missingText(shape: Exclude<Shape, null>, key: string): string {
  if (shape.type !== 'object') {
    const name = shape.type === 'list' || shape.type === 'set' ? shape.name : 'it';
    return `${name} is a list and has no key ${key}: this is always undefined; write [_] or "some … in" before it`;
  }
  const text = `${shape.name} has no key ${key}: this is always undefined`;
  const { plan } = INPUT.keys;
  if (shape === INPUT && plan?.type === 'object' && Object.hasOwn(plan.keys, key)) {
    return `${text}; Terraform's plan is under input.plan: write input.plan.${key}`;
  }
  if (shape === INPUT && Object.hasOwn(FOREIGN_KEYS, key)) {
    const bridge = key === 'costEstimation' ? '' : `; ${BRIDGES_DOC} shows how to give it one`;
    return `${text}; ${FOREIGN_KEYS[key]}${bridge}`;
  }
  const keys = Object.keys(shape.keys).sort();
  const [near] = nearest(key, keys, 1);
  if (near !== undefined) return `${text}; did you mean ${near}?`;
  return keys.length <= KEYS_SHOWN ? `${text}; it has ${keys.join(', ')}` : text;
}

/** Titles and messages that sound like an approval. */
const YES =
  /^\W*(?:allow(?:ed|s)?|permit(?:ted)?|approved|ok(?:ay)?|auto(?:matic(?:ally)?)?[- ]?(?:approv|appl|allow)\w*|approves? automatically)\b/i;
const CONDITION = /\b(?:only|must|needs?|requires?|waits?|not|never|unless|until|before)\b/i;

/**
 * Warns about a `pending` rule that sounds like an approval, in a policy without `allow`: it would delay what
 * its author wants to permit.
 */
function approvalsThatWait(files: readonly ParsedFile[]): readonly LintWarning[] {
  const asked = files.filter((f) => f.package.length === 1 && PACKAGES.some((p) => p === f.package[0]));
  const rules = asked.flatMap(({ file, rules: own }) => own.map((rule) => ({ file, rule })));
  if (rules.some(({ rule }) => ruleName(rule) === 'allow' && rule.default !== true)) return [];
  return rules.flatMap(({ file, rule }) => {
    if (ruleName(rule) !== 'pending') return [];
    const approval = wordsOf(rule).find((text) => YES.test(text) && !CONDITION.test(text));
    if (approval === undefined) return [];
    const text = `pending makes a run wait, but ${JSON.stringify(approval)} sounds like a yes; write it as allow`;
    return [{ level: 'warning', file, line: rule.location.row, text }];
  });
}

/** The texts of a rule: its metadata, its head, and what its body assigns. */
function wordsOf(rule: ParsedRule): readonly string[] {
  const notes = (rule.annotations ?? []).flatMap((a) => (a.scope === 'rule' ? [a.title, a.description] : []));
  const words: string[] = notes.filter((n) => n !== undefined);
  const collect = (node: unknown): void => {
    const { type, value } = (node ?? {}) as Node;
    if (type === 'string') words.push(String(value));
    else if (type === 'object') {
      for (const [key, item] of value as readonly (readonly Node[])[]) if (isText(key, 'msg')) collect(item);
    } else if (type === 'call' || type === 'array')
      for (const item of value as readonly Node[]) collect(item);
  };
  collect(rule.head.key);
  for (const expr of (rule.body ?? []) as readonly { readonly terms?: unknown }[]) {
    if (!Array.isArray(expr.terms)) continue;
    const [operator, target, value] = expr.terms as readonly Node[];
    const name = Array.isArray(operator?.value) ? String((operator.value as readonly Part[])[0]?.value) : '';
    if ((name === 'assign' || name === 'eq') && target?.type === 'var') collect(value);
  }
  return words;
}

/** Facts that may be intended, so they are no warnings, but that an author should know. */
export function notesOn(files: readonly ParsedFile[]): readonly string[] {
  const has = (name: string): boolean =>
    files.some(
      (f) =>
        f.package.length === 1 &&
        PACKAGES.some((p) => p === f.package[0]) &&
        f.rules.some((r) => ruleName(r) === name && r.default !== true),
    );
  if (!POLICY_RULES.some(has) || has('allow')) return [];
  if (!has('deny') && !has('pending'))
    return ['it only warns: with mode decide, a person decides on everything'];
  return [
    'it has no allow rule: with mode decide nothing is ever applied by itself; if it is only to object, say mode: guardrail in m0.yaml',
  ];
}
