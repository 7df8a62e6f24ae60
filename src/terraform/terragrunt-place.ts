/** Opens a unit of Terragrunt for one plan or apply. */
import { chmod, lchown, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Stack } from '../model/directory.ts';
import { declaredSecrets } from './declared-secrets.ts';
import type { StackTool, ToolPlace } from './stack-tool.ts';
import {
  generateUnits,
  moduleFolder,
  removeCaches,
  unitCopies,
  upstreamOf,
  whyMadeUp,
} from './terragrunt-unit.ts';
import { folderIn, type WorkTree } from './work-tree.ts';

/** A place with its tool. */
export interface Workplace {
  readonly tree: WorkTree;
  readonly tool: StackTool;
}

export interface Unit extends Workplace {
  /** Where the module was planned, with the tool itself; call it after a plan. Rejects where nothing was planned. */
  planned(): Promise<Workplace>;
  /** Why the values of the plan with this stderr may be made up; null if they are not. */
  madeUp(stderr: string): Promise<string | null>;
  /** The folders of the repository's other units that this one depends on. */
  upstream(): Promise<readonly string[]>;
  /** Values of the module's sensitive variables that are written out in code, as far as the module is there. */
  secrets(): Promise<readonly string[]>;
}

/**
 * `tree` and `tool` are those of the folder that `unitBase` named. Unless it opens `asIs`, nothing that an earlier run
 * downloaded or generated is used again: modules are downloaded anew, because the same address may lead to other code
 * now. What a plan has downloaded stays until the next one, since an apply may need files that its plan has created.
 */
export async function openUnit(parts: {
  readonly stack: Stack;
  readonly commit: string;
  readonly tree: WorkTree;
  readonly tool: StackTool;
  readonly asIs: boolean;
  /** True: a plan is preceded by an `init` of its own, the only process that gets credentials for modules. */
  readonly fetchFirst: boolean;
  readonly toolAt: (stack: Stack, place: ToolPlace) => Promise<StackTool>;
  readonly signal: AbortSignal;
}): Promise<Unit> {
  const { stack, asIs, signal, toolAt } = parts;
  const base = parts.tree;
  if (base.user !== null) {
    // For `get_repo_root`: the stack's user may look into m0's `.git`, and change nothing there.
    await lchown(join(base.root, '.git'), 0, base.user.gid);
    await chmod(join(base.root, '.git'), 0o710);
  }
  if (!asIs) {
    await base.reset();
    await removeCaches(base.root);
  }
  const isThere = (await realpath(join(base.root, stack.source.path)).catch(() => null)) === base.cwd;
  if (!isThere) await generateUnits(base.cwd, parts.tool, signal);
  const cwd = await folderIn(base.root, stack.source.path, parts.commit);
  // Terragrunt runs `init` itself, where it has copied the unit to.
  const initialise: WorkTree['initialise'] = async (_, init) => {
    if (parts.fetchFirst && !asIs) await init();
  };
  const tree: WorkTree = { ...base, cwd, initialise };
  const tool = isThere ? parts.tool : await toolAt(stack, tree);
  const mocks = {
    ...{ root: tree.root, cwd, tool, signal },
    toolIn: (folder: string): Promise<StackTool> => toolAt(stack, { ...tree, cwd: folder }),
  };
  let planned: Promise<Workplace> | undefined;

  async function findPlanned(): Promise<Workplace> {
    const module = await moduleFolder(tree.dataDir);
    const root = await realpath(tree.dataDir);
    const place = { ...tree, cwd: module, root, dataDir: join(module, '.terraform') };
    return { tree: place, tool: await toolAt({ ...stack, terragrunt: false }, place) };
  }

  return {
    tree,
    tool,
    planned() {
      // Looked for once: outputs that are read afterwards are read with the same download folder.
      planned ??= findPlanned();
      return planned;
    },
    madeUp: (stderr) => whyMadeUp(stderr, mocks),
    upstream: () => upstreamOf(mocks),
    async secrets() {
      const values = [join(cwd, 'terragrunt.hcl'), ...stack.varFiles.map((name) => resolve(cwd, name))];
      const copies = await unitCopies(tree.dataDir);
      const found = await Promise.all(
        copies.map((copy) => declaredSecrets(copy, { env: stack.env, varFiles: values })),
      );
      return found.flat();
    },
  };
}
