/**
 * Moves a policy into a namespace of its own, so that several policies can be asked in one process. Most policies
 * have the same package, and rules of one name in one package are one rule: one policy's `allow` would answer for
 * all. So every package and every reference to `data` gets a first segment that no other policy has.
 */
import { createHash } from 'node:crypto';
import type { Part } from './parse.ts';
import { PolicyRefusal } from './refusal.ts';

/** A file of a policy with opa's syntax tree of it, with locations. */
export interface TreeOfFile {
  readonly file: string;
  readonly text: string;
  readonly tree: unknown;
}

/** The namespace of whatever `parts` identify: the same for the same parts, and a valid name in Rego. */
export function namespaceOf(parts: readonly string[]): string {
  return `m0_${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)}`;
}

interface Place {
  readonly row: number;
  readonly col: number;
}

interface Located {
  readonly location?: Place & { readonly text?: string };
}

interface Import extends Located {
  readonly path: Part;
  readonly alias?: string;
}

interface Root {
  readonly package: { readonly path: readonly (Located & Part)[] };
  readonly imports?: readonly Import[];
}

/** True for `import input.data` and the like, after which `data.x` is no reference to `data`. */
function namesItselfData({ path, alias }: Import): boolean {
  const parts = path.value as readonly Part[];
  return parts.length > 1 && (alias ?? parts.at(-1)?.value) === 'data';
}

/** The text of the file with its package and its references moved. Lines keep their numbers. */
export function moveText({ file, text, tree }: TreeOfFile, namespace: string): string {
  const lines = text.split('\n').map((line) => [...line]);
  const edits = new Map<string, { at: Place; word: string; by: string }>();
  const edit = (at: Place | undefined, word: string, by: string): void => {
    if (at === undefined) throw new PolicyRefusal(`${file}: opa gives no place for a reference to data`);
    edits.set(`${at.row}:${at.col}`, { at, word, by });
  };
  const root = tree as Root;
  const shadowing = (root.imports ?? []).find(namesItselfData);
  if (shadowing !== undefined) {
    const at = shadowing.location?.row ?? 0;
    throw new PolicyRefusal(
      `${file}:${at}: this import makes "data" something else; give it another name with "as"`,
    );
  }
  const first = root.package.path[1];
  const name = Buffer.from(first?.location?.text ?? '', 'base64').toString('utf8');
  edit(first?.location, name, `${namespace}.${name}`);
  eachDataRef({ ...root, package: null }, (head) => edit(head.location, 'data', `data.${namespace}`));
  // From the end, so that the places of the other edits stay.
  const ordered = [...edits.values()].sort((a, b) => b.at.row - a.at.row || b.at.col - a.at.col);
  for (const { at, word, by } of ordered) {
    const line = lines[at.row - 1];
    const length = [...word].length;
    if (line?.slice(at.col - 1, at.col - 1 + length).join('') !== word) {
      throw new PolicyRefusal(`${file}:${at.row}: m0 cannot read this reference to data; write data.NAME`);
    }
    line.splice(at.col - 1, length, ...by);
  }
  return lines.map((line) => line.join('')).join('\n');
}

/** Calls `visit` for the head of each reference to `data`. */
function eachDataRef(node: unknown, visit: (head: Located & Part) => void): void {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const item of node) eachDataRef(item, visit);
    return;
  }
  const { type, value } = node as { readonly type?: unknown; readonly value?: unknown };
  if (type === 'ref' && Array.isArray(value)) {
    const head = value[0] as (Located & Part) | undefined;
    if (head?.type === 'var' && head.value === 'data') visit(head);
  }
  for (const child of Object.values(node)) eachDataRef(child, visit);
}

/**
 * Proves that a moved file means what it meant: its tree is the first one's, with the namespace in the package and
 * in every reference to `data`, and nothing else changed. Throws a PolicyRefusal.
 */
export function proveMoved(before: TreeOfFile, after: TreeOfFile, namespace: string): void {
  if (JSON.stringify(bare(before.tree, namespace)) === JSON.stringify(bare(after.tree, null))) return;
  throw new PolicyRefusal(`${before.file}: m0 cannot give its packages a namespace of their own`);
}

/** Places (`location`, `alias_location`) and comments. */
const UNIMPORTANT = /location$|^annotations$|^comments$/;

/** The tree without places, with the namespace put in where one is given. */
function bare(node: unknown, namespace: string | null): unknown {
  if (node === null || typeof node !== 'object') return node;
  if (Array.isArray(node)) return node.map((item) => bare(item, namespace));
  const out: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(node)) {
    if (!UNIMPORTANT.test(key)) out[key] = bare(child, namespace);
  }
  if (namespace === null) return out;
  // A package's path is a list of terms of its own, not a reference.
  if (Array.isArray(out.path)) out.path = withNamespace(out.path, namespace);
  if (out.type === 'ref' && Array.isArray(out.value)) out.value = withNamespace(out.value, namespace);
  return out;
}

function withNamespace(terms: readonly unknown[], namespace: string): readonly unknown[] {
  const [head, ...rest] = terms as readonly Part[];
  if (head?.type !== 'var' || head.value !== 'data') return terms;
  return [head, { type: 'string', value: namespace }, ...rest];
}
