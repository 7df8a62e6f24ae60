/** Recognises policies that were written for another system, and says how m0 can ask them. */
import type { ParsedFile } from './parse.ts';
import { ruleName } from './parse.ts';

/** The page that shows the bridges: small policies that ask another system's rules. */
export const BRIDGES_DOC = 'docs/how-to/policies-of-other-systems.md';

/** A system whose policies m0 can ask through a bridge. */
interface OtherSystem {
  readonly name: string;
  /** The heading's anchor in docs/how-to/policies-of-other-systems.md. */
  readonly anchor: string;
  /** The shortest bridge: two lines of a file in package m0. The page has the whole one. */
  readonly lines: readonly [string, string];
  matches(file: ParsedFile): boolean;
}

function isBelow(path: readonly string[], ...begin: readonly string[]): boolean {
  return begin.every((part, i) => path[i] === part);
}

function importsInput(file: ParsedFile, ...keys: readonly string[]): boolean {
  return file.imports.some(({ path }) => {
    const [head, key] = path.value as readonly { readonly value: unknown }[];
    return head?.value === 'input' && keys.some((k) => k === key?.value);
  });
}

const PACKAGE = 'package m0';

/** In the order in which they are tried: the first that matches a file is taken. */
const SYSTEMS: readonly OtherSystem[] = [
  {
    name: 'Regula',
    anchor: 'regula',
    lines: [
      PACKAGE,
      'deny contains {"msg": r.rule_name, "address": r.resource_id} if { some r in data.fugue.regula.report.rule_results with input as input.plan; r.rule_result == "FAIL" }',
    ],
    matches: (file) =>
      isBelow(file.package, 'fugue') ||
      (isBelow(file.package, 'rules') && file.rules.some((rule) => ruleName(rule) === 'resource_type')),
  },
  {
    name: 'Spacelift',
    anchor: 'spacelift',
    lines: [
      PACKAGE,
      'deny contains msg if some msg in data.spacelift.deny with input as {"terraform": input.plan}',
    ],
    matches: (file) => isBelow(file.package, 'spacelift'),
  },
  {
    name: 'Scalr',
    anchor: 'scalr',
    lines: [
      PACKAGE,
      'deny contains msg if some msg in data.terraform.deny with input as {"tfplan": input.plan}',
    ],
    matches: (file) =>
      importsInput(file, 'tfplan', 'tfrun') || (file.package.length === 1 && file.package[0] === 'terraform'),
  },
  {
    name: 'HCP Terraform',
    anchor: 'hcp-terraform',
    lines: [PACKAGE, 'deny contains msg if { some name; some msg in data.terraform.policies[name].deny }'],
    matches: (file) => isBelow(file.package, 'terraform'),
  },
  {
    name: 'conftest',
    anchor: 'conftest',
    lines: [
      PACKAGE,
      'deny contains msg if { some name, said in data.main with input as input.plan; regex.match(`^(deny|violation)`, name); some msg in said }',
    ],
    matches: (file) => isBelow(file.package, 'main'),
  },
];

/**
 * For a policy without any rule that m0 evaluates: which system it was written for, and what to add so that m0 can
 * ask it; null where it is none that m0 knows.
 */
export function bridgeFor(files: readonly ParsedFile[]): string | null {
  const system = SYSTEMS.find((s) => files.some((file) => file.rules.length > 0 && s.matches(file)));
  if (system === undefined) return null;
  const file = [system.lines[0], 'import rego.v1', system.lines[1]].join('\n');
  return `it looks like a policy for ${system.name}: docs/how-to/policies-of-other-systems.md#${system.anchor} has the bridge to put beside it; at least a file m0.rego with\n${file}`;
}
