/** Looks whether the workspaces that stacks name exist. */
import { join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/load.ts';
import type { Stack } from '../model/directory.ts';
import type { Row } from '../setup/inspect.ts';
import type { createRunner } from '../terraform/runner.ts';
import { listed } from '../text/words.ts';
import { createSideRunner } from './side-runner.ts';

/** How long the tool may take for one root, `init` included. */
const LIMIT_MS = 5 * 60_000;
const DEFAULT = 'default';

/** Stacks of one root that differ in their workspaces. Others than `default` are looked for: that one always exists. */
function rootsOf(stacks: readonly Stack[]): readonly (readonly [Stack, ...Stack[]])[] {
  const named = stacks.filter((stack) => stack.workspace !== DEFAULT && stack.terragrunt !== true);
  const roots = Map.groupBy(named, ({ source, env }) => JSON.stringify([source, env]));
  return [...roots.values()].flatMap(([first, ...rest]) => (first ? [[first, ...rest] as const] : []));
}

/**
 * One row for each root with named workspaces, by `workspace list` of the tool, with the stack's plan identity. It
 * works in a folder of its own, apart from the m0 that may be running, and changes nothing. Never rejects.
 */
export async function workspaceRows(
  config: Pick<Config, 'credentials'>,
  env: Environment,
  stacks: readonly Stack[],
): Promise<readonly Row[]> {
  const roots = rootsOf(stacks);
  if (roots.length === 0) return [];
  try {
    const dataDir = join(env.dataDir, 'cli');
    const { runner } = await createSideRunner(config, env, { dataDir, key: '' });
    const rows: Row[] = [];
    for (const root of roots) rows.push(...(await rowsOf(root, runner)));
    return rows;
  } catch (error) {
    return [{ what: 'workspaces', state: 'missing', found: errorText(error), todo: 'run `npm start` once' }];
  }
}

async function rowsOf(
  root: readonly [Stack, ...Stack[]],
  runner: Pick<ReturnType<typeof createRunner>, 'workspaces'>,
): Promise<readonly Row[]> {
  const [first] = root;
  const what = `workspaces of ${first.source.path}`;
  try {
    const there = await runner.workspaces(first, AbortSignal.timeout(LIMIT_MS));
    const lost = root.filter(({ workspace }) => !there.includes(workspace));
    if (lost.length === 0) return [{ what, state: 'ok', found: listed(there) }];
    return lost.map(({ name, workspace }) => ({
      ...{ what: name, state: 'missing' as const },
      found: `there is no workspace ${workspace} in ${first.source.path}, only ${listed(there)}`,
      todo: 'correct workspace in m0.yaml, or make it with `workspace new`',
    }));
  } catch (error) {
    const todo = 'm0 checks this stack with the same access: see what the tool says';
    return [{ what, state: 'missing', found: errorText(error), todo }];
  }
}
