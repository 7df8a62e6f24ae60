/** What the rules of a policy read of each other, and which of them never see m0's input. */
import { POLICY_RULES } from '../decisions/decision.ts';
import { PACKAGES } from './bundle.ts';
import { type ParsedFile, type ParsedRule, type Part, ruleName } from './parse.ts';

/** A reference to a rule or to data. */
export interface Read {
  /** Its path below `data`; null for a computed part. */
  readonly path: readonly (string | null)[];
  /** True where `with input as …` gives what is read another input. */
  readonly withInput: boolean;
}

/** True for the packages whose rules m0 evaluates. */
export function isAsked(path: readonly string[]): boolean {
  return path.length === 1 && PACKAGES.some((p) => p === path[0]);
}

/** The beginning of a path up to its first computed part. */
export function constantPath(path: Read['path']): readonly string[] {
  const computed = path.indexOf(null);
  return (computed === -1 ? path : path.slice(0, computed)) as readonly string[];
}

/** Everything that a file's rules read of rules and data. Local variables count as rules of their name. */
export function readsOf(file: ParsedFile): readonly Read[] {
  return file.rules.flatMap((rule) => readsOfRule(file, rule));
}

function readsOfRule(file: ParsedFile, rule: ParsedRule): readonly Read[] {
  const reads: Read[] = [];
  const aliases = aliasesOf(file);
  const read = (parts: readonly Part[], withInput: boolean): void => {
    const [head, ...rest] = parts;
    const path = rest.map((p) => (p.type === 'string' ? String(p.value) : null));
    const name = String(head?.value);
    if (name === 'data') reads.push({ path, withInput });
    else reads.push({ path: [...(aliases.get(name) ?? [...file.package, name]), ...path], withInput });
  };
  for (const tree of bodiesOf(rule)) {
    eachName(tree, false, (parts, withInput) => {
      if (parts[0]?.type === 'var') read(parts, withInput);
    });
  }
  return reads;
}

/** The names that a file's imports of data define, with their paths below `data`. */
function aliasesOf(file: ParsedFile): ReadonlyMap<string, readonly string[]> {
  return new Map(
    file.imports.flatMap(({ path, alias }) => {
      const parts = (path.value as readonly Part[]).map((p) => String(p.value));
      return parts[0] === 'data' ? [[alias ?? parts.at(-1) ?? '', parts.slice(1)] as const] : [];
    }),
  );
}

interface With {
  readonly target: Part;
  readonly value: unknown;
}

/** Visits each reference and each variable that is no part of one. */
function eachName(
  tree: unknown,
  withInput: boolean,
  visit: (parts: readonly Part[], withInput: boolean) => void,
): void {
  if (tree === null || typeof tree !== 'object') return;
  if (Array.isArray(tree)) {
    for (const item of tree) eachName(item, withInput, visit);
    return;
  }
  const node = tree as Readonly<Record<string, unknown>>;
  if (Array.isArray(node.with)) {
    const replaced = node.with as readonly With[];
    for (const { value } of replaced) eachName(value, withInput, visit);
    eachName(node.terms, withInput || replaced.some(({ target }) => headOf(target) === 'input'), visit);
    return;
  }
  if (node.type === 'var') visit([node as unknown as Part], withInput);
  if (node.type === 'ref' && Array.isArray(node.value)) {
    const parts = node.value as readonly Part[];
    visit(parts, withInput);
    eachName(parts[0]?.type === 'var' ? parts.slice(1) : parts, withInput, visit);
    return;
  }
  for (const [key, child] of Object.entries(node)) {
    if (key !== 'location' && key !== 'annotations') eachName(child, withInput, visit);
  }
}

function headOf(target: Part): string {
  return String(target.type === 'ref' ? (target.value as readonly Part[])[0]?.value : target.value);
}

/** The paths below `data` that `with data.… as …` replaces somewhere in these files. */
export function replacedData(files: readonly ParsedFile[]): readonly (readonly string[])[] {
  const paths: (readonly string[])[] = [];
  const collect = (tree: unknown): void => {
    if (tree === null || typeof tree !== 'object') return;
    const node = tree as Readonly<Record<string, unknown>>;
    if (Array.isArray(node.with)) {
      for (const { target } of node.with as readonly With[]) {
        if (target.type !== 'ref' || headOf(target) !== 'data') continue;
        paths.push((target.value as readonly Part[]).slice(1).map((p) => String(p.value)));
      }
    }
    for (const child of Object.values(node)) collect(child);
  };
  for (const file of files) collect(file.rules);
  return paths;
}

/** All parts of a rule except its name. */
function bodiesOf(rule: ParsedRule): readonly unknown[] {
  const { head } = rule;
  const rest = rule.else as ParsedRule | undefined | null;
  return [
    ...[head.key, head.value, head.args, head.ref?.slice(1), rule.body],
    ...(rest === undefined || rest === null ? [] : bodiesOf(rest)),
  ];
}

/**
 * How a rule is read from the rules that m0 evaluates: by its name with m0's input, with another input, or only as
 * a part of its whole package.
 */
type Reach = 'ours' | 'foreign' | 'package';

/**
 * The rules that are read only under `with input as …`, as those of another system's policy: what they read of
 * `input` is not m0's.
 */
export function foreignRules(files: readonly ParsedFile[]): ReadonlySet<ParsedRule> {
  const rules = files.flatMap((file) =>
    file.rules.map((rule) => ({ file, rule, path: [...file.package, ruleName(rule)] })),
  );
  const reads = new Map(rules.map(({ file, rule }) => [rule, readsOfRule(file, rule)]));
  const reached = new Map<ParsedRule, Set<Reach>>();
  const queue = rules
    .filter(({ file, rule }) => isAsked(file.package) && POLICY_RULES.some((r) => r === ruleName(rule)))
    .map(({ rule }) => ({ rule, reach: 'ours' as Reach }));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const known = reached.get(next.rule) ?? new Set<Reach>();
    if (known.has(next.reach)) continue;
    reached.set(next.rule, known.add(next.reach));
    for (const { path, withInput } of reads.get(next.rule) ?? []) {
      for (const target of rules) {
        const match = matchOf(path, target.path);
        if (match === null) continue;
        const reach = withInput ? 'foreign' : next.reach === 'ours' ? match : next.reach;
        queue.push({ rule: target.rule, reach });
      }
    }
  }
  const isForeign = (how: ReadonlySet<Reach> | undefined): boolean =>
    how?.has('foreign') === true && !how.has('ours');
  const packages = new Set(
    rules.filter(({ rule }) => isForeign(reached.get(rule))).map(({ file }) => file.package.join('.')),
  );
  // A rule that nothing reads belongs to the others of its package.
  return new Set(
    rules
      .filter(({ file, rule }) =>
        reached.has(rule)
          ? isForeign(reached.get(rule))
          : !isAsked(file.package) && packages.has(file.package.join('.')),
      )
      .map(({ rule }) => rule),
  );
}

/** How a reference reads a rule; null where it does not. */
function matchOf(read: Read['path'], rule: readonly string[]): 'ours' | 'package' | null {
  if (!read.every((part, i) => i >= rule.length || part === null || part === rule[i])) return null;
  return read.length >= rule.length && read[rule.length - 1] !== null ? 'ours' : 'package';
}
