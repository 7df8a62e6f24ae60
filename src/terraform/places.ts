/** Finds the lines of the code on which resources are declared, for links. */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { dotted } from '../drift/address-pattern.ts';
import { blockAddress } from '../drift/alike.ts';
import type { Finding } from '../drift/finding.ts';
import type { CodePlace } from '../model/links/forge.ts';
import { resourceBlocks } from './hcl-blocks.ts';
import { isConfiguration } from './ignore-override.ts';
import { isInside, type ModuleCall, moduleDirectory } from './ignored-places.ts';
import { moduleCalls } from './keep-ignored.ts';
import type { WorkTree } from './work-tree.ts';

/** The most blocks that are looked for: more findings than that have no links of their own on any card. */
const MOST = 500;

interface Declared extends CodePlace {
  readonly type: string;
  readonly name: string;
}

/**
 * Where each resource is declared, by the address of its block (`module.net.aws_subnet.a`, without the keys of
 * instances), with files relative to the root of the repository. Resources in modules from elsewhere, and in files that
 * m0 does not understand, are left out. Never rejects: a link is no reason for a check to fail.
 */
export async function resourcePlaces(
  findings: readonly Pick<Finding, 'address'>[],
  tree: Pick<WorkTree, 'cwd' | 'root' | 'dataDir'>,
  tool: 'terraform' | 'tofu',
): Promise<Readonly<Record<string, CodePlace>>> {
  const blocks = [...new Set(findings.map(({ address }) => blockAddress(address)))].slice(0, MOST);
  if (blocks.length === 0) return {};
  const calls = await moduleCalls(tree);
  const byDirectory = new Map<string, Promise<readonly Declared[]>>();
  const places: [string, CodePlace][] = [];
  for (const block of blocks) {
    const parts = dotted(block);
    const [type, name] = parts.slice(-2);
    const dir = directoryOf(parts.slice(0, -2), calls, tree.cwd);
    if (dir === null) continue;
    const declared = byDirectory.get(dir) ?? declaredIn(dir, tree.root, tool);
    byDirectory.set(dir, declared);
    const found = (await declared).find((one) => one.type === type && one.name === name);
    if (found !== undefined) places.push([block, { file: found.file, line: found.line }]);
  }
  return Object.fromEntries(places);
}

/** `steps`: `module`, NAME, `module`, NAME … */
function directoryOf(steps: readonly string[], calls: readonly ModuleCall[], cwd: string): string | null {
  return moduleDirectory(steps.filter((_, i) => i % 2 === 1).join('.'), calls, cwd);
}

async function declaredIn(
  dir: string,
  root: string,
  tool: 'terraform' | 'tofu',
): Promise<readonly Declared[]> {
  try {
    const real = await realpath(dir);
    // A symbolic link could lead out of the checkout.
    if (!isInside(real, root)) return [];
    // A file of the same name with .tofu replaces the one with .tf, so it comes first.
    const names = (await readdir(real)).filter((name) => isConfiguration(name, tool)).sort(tofuFirst);
    const files = await Promise.all(
      names.map(async (name) => {
        const blocks = resourceBlocks(name, await readFile(join(real, name), 'utf8')) ?? [];
        const file = relative(root, join(real, name)).split(sep).join('/');
        const isOverride = /(^|_)override\.(tf|tofu)(\.json)?$/.test(name);
        return {
          isOverride,
          blocks: blocks.map(({ type, name: own, line }) => ({ type, name: own, file, line })),
        };
      }),
    );
    const primary = files.filter(({ isOverride }) => !isOverride);
    return primary.flatMap(({ blocks }) => blocks);
  } catch {
    // Without the files there are no links; the tool itself reports what it can't read.
    return [];
  }
}

function tofuFirst(a: string, b: string): number {
  const rank = (name: string): number => (name.includes('.tofu') ? 0 : 1);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}
