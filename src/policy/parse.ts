/** Parses Rego files with opa. */
import { z } from 'zod';
import type { Opa } from './opa.ts';
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
  /** Segments of the package's name. */
  readonly package: readonly string[];
  readonly imports: NonNullable<z.infer<typeof Parsed>['imports']>;
  readonly rules: readonly ParsedRule[];
}

/**
 * Parses the files of a policy that has compiled, in their order; `files` are paths below `dir`. Throws a
 * PolicyRefusal for a file that cannot be parsed.
 */
export async function parseFiles(
  opa: Opa,
  dir: string,
  files: readonly string[],
  syntax: 'v1' | 'v0',
): Promise<readonly ParsedFile[]> {
  const flags = syntax === 'v0' ? ['--v0-compatible'] : [];
  const parsed: ParsedFile[] = [];
  for (const file of files) {
    const result = await opa.run(
      ['parse', ...flags, '--format', 'json', '--json-include', 'locations,-comments', file],
      dir,
    );
    if (result.exitCode !== 0) throw new PolicyRefusal(`${file}: opa parse: ${result.stderr.trim()}`);
    const module = Parsed.parse(JSON.parse(result.stdout));
    parsed.push({
      file,
      package: module.package.path.slice(1).map((part) => String(part.value)),
      imports: module.imports ?? [],
      rules: module.rules ?? [],
    });
  }
  return parsed;
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
    if (key !== 'location' && key !== 'annotations') eachTerm(child, visit, at);
  }
}
