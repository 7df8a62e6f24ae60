/** Parses Rego files with opa. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Opa, OpaResult } from './opa.ts';
import { PolicyRefusal } from './refusal.ts';

const Location = z.object({ row: z.number(), col: z.number(), text: z.string().optional() });
const Term = z.object({ type: z.string(), value: z.unknown() });

const Rule = z.object({
  default: z.boolean().optional(),
  location: Location,
  annotations: z
    .array(
      z.object({
        scope: z.string().optional(),
        title: z.string().optional(),
        description: z.string().optional(),
        location: Location.optional(),
      }),
    )
    .optional(),
  head: z.looseObject({
    name: z.string().optional(),
    ref: z.array(Term).optional(),
    key: z.unknown().optional(),
    value: z.unknown().optional(),
    args: z.array(z.unknown()).optional(),
    location: Location.optional(),
  }),
  body: z.unknown().optional(),
  else: z.unknown().optional(),
});

const Parsed = z.object({
  package: z.object({ path: z.array(z.object({ value: z.unknown() })) }),
  imports: z.array(z.object({ path: Term, alias: z.string().optional(), location: Location })).optional(),
  rules: z.array(Rule).optional(),
});

/** One rule in opa's syntax tree; `body`, `else` and the head hold terms of the tree. */
export type ParsedRule = z.infer<typeof Rule>;

/** A `.rego` file in opa's syntax tree. */
export interface ParsedFile {
  /** Path inside the policy's directory. */
  readonly file: string;
  readonly text: string;
  /** Segments of the package's name. */
  readonly package: readonly string[];
  readonly imports: NonNullable<z.infer<typeof Parsed>['imports']>;
  readonly rules: readonly ParsedRule[];
  /** The whole tree as opa gives it, with the place of each node. */
  readonly tree: unknown;
}

/** A file to parse. */
export interface RegoFile {
  readonly file: string;
  readonly text: string;
}

export type Syntax = 'v1' | 'v0';

export function syntaxFlags(syntax: Syntax): readonly string[] {
  return syntax === 'v0' ? ['--v0-compatible'] : [];
}

/** Reads files below `dir` as text, in their order. */
export function readRego(dir: string, files: readonly string[]): Promise<readonly RegoFile[]> {
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(join(dir, file), 'utf8') })));
}

/**
 * Parses the files of a policy that has compiled, in their order, and needs a folder for temporary files. Throws a
 * PolicyRefusal for a file that cannot be parsed.
 */
export async function parseFiles(
  opa: Opa,
  work: string,
  files: readonly RegoFile[],
  syntax: Syntax,
): Promise<readonly ParsedFile[]> {
  await mkdir(work, { recursive: true });
  const trees = new Map<RegoFile, Tree>();
  for (const group of joinable(files)) {
    // One process for hundreds of files: `opa parse` takes one file and most of its time to start.
    const joined = group.length > 1 ? await parseJoined(opa, work, group, syntax) : null;
    for (const file of group)
      trees.set(file, joined?.get(file) ?? (await parseAlone(opa, work, file, syntax)));
  }
  return files.map((file) => {
    const tree = trees.get(file);
    const module = Parsed.parse(tree);
    return {
      ...file,
      package: module.package.path.slice(1).map((part) => String(part.value)),
      imports: module.imports ?? [],
      rules: module.rules ?? [],
      tree,
    };
  });
}

interface Tree {
  readonly package: unknown;
  readonly imports?: readonly Node[];
  readonly rules?: readonly Node[];
}

interface Node {
  readonly location: { row: number };
  annotations?: readonly Node[] | undefined;
}

async function parseAlone(opa: Opa, work: string, { file, text }: RegoFile, syntax: Syntax): Promise<Tree> {
  const result = await runParse(opa, work, text, syntax);
  if (result.exitCode !== 0) {
    throw new PolicyRefusal(`${file}: opa parse: ${result.stderr.split(PARSED).join(file).trim()}`);
  }
  return JSON.parse(result.stdout) as Tree;
}

const PARSED = 'parsed.rego';

async function runParse(opa: Opa, work: string, text: string, syntax: Syntax): Promise<OpaResult> {
  await writeFile(join(work, PARSED), text);
  const include = ['--format', 'json', '--json-include', 'locations,-comments'];
  return opa.run(['parse', ...syntaxFlags(syntax), ...include, PARSED], { cwd: work });
}

/** What stands before and in the package line: comments and blank lines, the keyword, and a plain name. */
const PACKAGE_LINE =
  /^((?:[ \t]*(?:#[^\n]*)?\r?\n)*)([ \t]*package[ \t]+)([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["[^"\\\n]*"\])*)(?=[ \t\r\n;#]|$)/;

/** Files that may be parsed as one, because they use the same dialect of Rego; every other file alone. */
function joinable(files: readonly RegoFile[]): readonly (readonly RegoFile[])[] {
  const groups = new Map<string, RegoFile[]>();
  for (const file of files) {
    const dialect = [...file.text.matchAll(/^[ \t]*import[ \t]+(?:rego|future)\b.*$/gm)].map(([line]) =>
      line.trim(),
    );
    const key = PACKAGE_LINE.test(file.text) ? JSON.stringify(dialect.sort()) : `alone ${file.file}`;
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()];
}

/** Parses files as one, without their package lines. Null where that fails: then each file gets its own error. */
async function parseJoined(
  opa: Opa,
  work: string,
  files: readonly RegoFile[],
  syntax: Syntax,
): Promise<ReadonlyMap<RegoFile, Tree> | null> {
  const starts: number[] = [];
  const texts = ['package m0'];
  let row = 1;
  for (const { text } of files) {
    starts.push(row);
    const body = text.replace(PACKAGE_LINE, (_, before: string, keyword: string, name: string) => {
      const lines = before.replace(/[^\n]+/g, '');
      return `${lines}${' '.repeat(keyword.length + name.length)}`;
    });
    texts.push(body);
    row += body.split('\n').length;
  }
  const result = await runParse(opa, work, texts.join('\n'), syntax);
  if (result.exitCode !== 0) return null;
  const { imports = [], rules = [] } = JSON.parse(result.stdout) as Tree;
  const trees = new Map<RegoFile, Tree>();
  for (const [i, file] of files.entries()) {
    const start = starts[i] as number;
    const end = starts[i + 1] ?? Number.POSITIVE_INFINITY;
    const isInside = ({ location }: Node): boolean => location.row > start && location.row <= end;
    const own = (nodes: readonly Node[]): readonly Node[] => {
      const inside = nodes.filter(isInside);
      // In one file a document's metadata is that of all rules of the name, of whatever package.
      for (const node of inside) node.annotations = node.annotations?.filter(isInside);
      shiftRows(inside, start);
      return inside;
    };
    trees.set(file, { package: packageOf(file), imports: own(imports), rules: own(rules) });
  }
  return trees;
}

/** Makes rows of the joined text rows of the file, everywhere below a node. */
function shiftRows(node: unknown, by: number, done = new Set<object>()): void {
  if (node === null || typeof node !== 'object' || done.has(node)) return;
  done.add(node);
  for (const [key, child] of Object.entries(node)) {
    if (key.endsWith('location') && child !== null) (child as { row: number }).row -= by;
    else shiftRows(child, by, done);
  }
}

/** The package of a file as opa's tree has it. */
function packageOf({ text }: RegoFile): unknown {
  const [, before = '', keyword = '', name = ''] = PACKAGE_LINE.exec(text) ?? [];
  const location = {
    row: before.split('\n').length,
    col: keyword.length + 1,
    text: Buffer.from(/^\w+/.exec(name)?.[0] ?? '').toString('base64'),
  };
  const parts = [...name.matchAll(/(?:^|\.)(\w+)|\["([^"]*)"\]/g)].map(([, word, quoted]) => word ?? quoted);
  const path = [{ type: 'var', value: 'data' }, ...parts.map((value) => ({ type: 'string', value }))];
  return { path: path.map((part) => ({ ...part, location })) };
}

/** The name of a rule: `deny` both for `deny contains …` and for `deny["x"] …`. */
export function ruleName(rule: ParsedRule): string {
  return rule.head.name ?? String(rule.head.ref?.[0]?.value ?? '');
}

/** The source text of a node, which the parser encodes in base64; empty where it has none. */
export function textOf(location: { readonly text?: string | undefined } | undefined): string {
  return Buffer.from(location?.text ?? '', 'base64').toString('utf8');
}

/** A segment of a reference; constant where its type is `string`. */
export interface Part {
  readonly type: string;
  readonly value: unknown;
}

/** Calls `visit` for each reference in a part of the tree, outer ones first, with its row. */
export function eachRef(tree: unknown, visit: (parts: readonly Part[], row: number) => void): void {
  eachTerm(tree, (term) => {
    if (term.type === 'ref' && Array.isArray(term.value)) visit(term.value as readonly Part[], term.row);
  });
}

/** Calls `visit` for each term in a part of the tree, outer ones first. */
export function eachTerm(
  tree: unknown,
  visit: (term: Part & { readonly row: number; readonly raw: object }) => void,
  row = 0,
): void {
  if (tree === null || typeof tree !== 'object') return;
  if (Array.isArray(tree)) {
    for (const item of tree) eachTerm(item, visit, row);
    return;
  }
  const node = tree as Readonly<Record<string, unknown>>;
  const at = (node.location as { readonly row?: number } | undefined)?.row ?? row;
  if (typeof node.type === 'string') visit({ type: node.type, value: node.value, row: at, raw: node });
  for (const [key, child] of Object.entries(node)) {
    // The target of `with input as …` is replaced, not read.
    if (key !== 'location' && key !== 'annotations' && key !== 'target') eachTerm(child, visit, at);
  }
}
