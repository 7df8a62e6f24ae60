/** What of m0.yaml a proof depends on, to tell right before a push whether it still holds. */
import { createHmac } from 'node:crypto';
import type { Stack } from '../model/directory.ts';
import type { PullRequest } from '../model/pull-request.ts';
import type { CodeChanges } from '../ports/code-changes.ts';
import type { CodifyParts } from './parts.ts';

/** What decides which code is planned, in which cloud and how. What only says whom m0 tells and asks is left out. */
function definitionOf(stack: Stack): unknown {
  const { name, source, tool, terragrunt = false, toolVersion, workspace, varFiles, env, ignore } = stack;
  const { git, ref, path } = source;
  const { aws = null, azure = null, google = null } = stack;
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  const how = [tool, terragrunt, toolVersion, workspace, varFiles, variables, ignore];
  return [name, git, ref, path, ...how, aws, azure, google];
}

/**
 * A keyed hash (hex) of what m0.yaml says of the stack and of all others that are made from the same branch: those are
 * what a proof plans. Keyed, because the environment may hold secrets. Null if the stack is not watched any more.
 */
export function provenFor(
  { directory, code, key }: Pick<CodifyParts, 'directory' | 'code' | 'key'>,
  name: string,
): string | null {
  const stack = directory.stacks.find((each) => each.name === name);
  if (stack === undefined) return null;
  const { git, ref } = stack.source;
  const others = directory.stacks.filter(
    (each) => each !== stack && each.source.ref === ref && code.keyOf(each.source.git) === code.keyOf(git),
  );
  const defined = [stack, ...others.toSorted((a, b) => (a.name < b.name ? -1 : 1))].map(definitionOf);
  return createHmac('sha256', key).update(JSON.stringify(defined)).digest('hex');
}

/** Why a pull request can't be for the stack any more, in one sentence without its full stop; null: it can. */
export function elsewhere(
  { git, base }: Pick<PullRequest, 'git' | 'base'>,
  { source }: Pick<Stack, 'source'>,
  code: Pick<CodeChanges, 'keyOf'>,
): string | null {
  if (base === source.ref && code.keyOf(git) === code.keyOf(source.git)) return null;
  return 'by m0.yaml as it is now the code of the stack comes from another branch or repository';
}
