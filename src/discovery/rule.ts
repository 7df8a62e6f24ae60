/** What an entry of `discover` in m0.yaml says, as the search for stacks needs it. */
import type { Stack } from '../model/directory.ts';
import { fillName } from './path-glob.ts';

/** A root module in a workspace that a rule takes. */
export interface Root {
  /** Folder in the repository; '' is its root. */
  readonly path: string;
  readonly workspace: string;
  /** What the wildcards of the glob match, from the left. */
  readonly parts: readonly string[];
  /** By the rule's template. A stack that moved may have another name, see names.ts. */
  readonly templateName: string;
  readonly environment: string;
}

/** A stack with what people should know about its settings; `problems`: why it can't be watched. */
export interface BuiltStack {
  readonly stack: Stack;
  readonly problems: readonly string[];
  /** What its `.m0.yaml` sets that it may not, or wrongly: m0.yaml counts instead. */
  readonly refused: readonly string[];
}

export interface Rule {
  /** Its place in m0.yaml: `discover[0]`. */
  readonly place: string;
  readonly source: { readonly git: string; readonly ref: string };
  /** Globs over folders. */
  readonly roots: readonly string[];
  readonly exclude: readonly string[];
  /** True where it takes units of Terragrunt, and not root modules. */
  readonly terragrunt: boolean;
  /** Templates, see path-glob.ts. */
  readonly name: string;
  readonly environment: string;
  /** `none`: the default one; `auto`: those that exist; or these. */
  readonly workspaces: 'none' | 'auto' | readonly string[];
  /** How often m0 looks for pushes, in ms; null: not by itself. */
  readonly pollMs: number | null;
  /** The stack of a root under that name. `ownFile`: the text of its `.m0.yaml`; null if it has none. */
  stackOf(root: Root, name: string, ownFile: string | null): BuiltStack;
}

/** The root of a folder in a workspace, with what the rule's templates give it. */
export function rootOf(
  rule: Pick<Rule, 'name' | 'environment'>,
  path: string,
  parts: readonly string[],
  workspace: string,
): Root {
  const values = { parts, path, workspace };
  const filled = fillName(rule.name, values);
  const needsWorkspace = workspace !== 'default' && !rule.name.includes('{workspace}');
  return {
    ...values,
    templateName: needsWorkspace ? `${filled}-${workspace}` : filled,
    environment: fillName(rule.environment, values),
  };
}
