/** A unit of Terragrunt: the folder that a stack's file generates, where its module is run, and whose mocks a plan has. */
import { lstat, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { isRecord } from '../base/is-record.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { listed } from '../text/words.ts';
import type { StackTool } from './stack-tool.ts';
import { mockedDependencies } from './terragrunt.ts';

/** The file that describes the units of a folder. */
const STACK_FILE = 'terragrunt.stack.hcl';
/** Where Terragrunt generates units, unless the file says to put them beside it. */
const GENERATED = '.terragrunt-stack';
/** A file in each folder that Terragrunt generated. */
const STACK_MANIFEST = '.terragrunt-stack-manifest';
/** Where Terragrunt keeps the modules of units whose outputs it reads. */
const CACHE = '.terragrunt-cache';
/** A file in the one folder to which Terragrunt copied a unit. */
const UNIT_MANIFEST = '.terragrunt-module-manifest';
const OWN_LIMITS = { limitMs: 5 * 60_000, graceMs: 5_000 };
/** As much of stderr as is read; see tool-process.ts. More may have been cut off. */
const MOST_LOG_BYTES = 60 * 1024;

/**
 * Where to open the checkout `tree` for the unit at `path`: there, or, where a `terragrunt.stack.hcl` generates the unit,
 * at the folder of that file. `keep`: a generated unit that is there already is kept.
 */
export async function unitBase(tree: string, path: string, keep: boolean): Promise<string> {
  const there = await isFolder(join(tree, path));
  if (there && (keep || !(await isGenerated(tree, path)))) return path;
  for (let at = path; at !== '.' && at !== ''; ) {
    at = dirname(at);
    if (await isGenerated(tree, at)) continue;
    if (await isFile(join(tree, at, STACK_FILE))) return at === '.' ? '' : at;
  }
  return path;
}

async function isGenerated(tree: string, path: string): Promise<boolean> {
  const steps = path.split('/');
  if (steps.includes(GENERATED)) return true;
  for (let n = steps.length; n > 0; n -= 1) {
    if (await isFile(join(tree, ...steps.slice(0, n), STACK_MANIFEST))) return true;
  }
  return false;
}

/** Generates the units of the stack file in `folder` anew, without what an earlier run left there. */
export async function generateUnits(folder: string, tool: StackTool, signal: AbortSignal): Promise<void> {
  await eachFolder(folder, async (dir, names) => {
    if (!names.includes(GENERATED) && !(names.includes(STACK_MANIFEST) && dir !== folder)) return;
    const target = names.includes(GENERATED) ? join(dir, GENERATED) : dir;
    await rm(target, { recursive: true, force: true });
  });
  await tool.run('init', ['stack', 'generate'], { ...OWN_LIMITS, signal, ofTerragrunt: true });
}

/** Deletes what Terragrunt keeps of other units in the checkout, so that nothing of an earlier run is read. */
export async function removeCaches(tree: string): Promise<void> {
  await eachFolder(tree, async (dir, names) => {
    if (names.includes(CACHE)) await rm(join(dir, CACHE), { recursive: true, force: true });
  });
}

/** The folders to which Terragrunt has copied units. */
export async function unitCopies(downloadDir: string): Promise<readonly string[]> {
  const found: string[] = [];
  await eachFolder(downloadDir, async (dir, names) => {
    if (names.includes(UNIT_MANIFEST)) found.push(dir);
  });
  return found;
}

/**
 * The folder in which Terragrunt has run the unit's module. Rejects with a RunnerError where it can't be told: then
 * nothing was planned.
 */
export async function moduleFolder(downloadDir: string): Promise<string> {
  const found: string[] = [];
  for (const copy of await unitCopies(downloadDir)) {
    if (await isFolder(join(copy, '.terraform'))) found.push(copy);
  }
  const [folder, ...more] = found;
  if (folder !== undefined && more.length === 0) return realpath(folder);
  const what =
    folder === undefined
      ? 'it ran no module: an exclude block with no_run may keep it from planning'
      : `it ran modules in ${found.length} folders`;
  throw new RunnerError('plan', `running terragrunt plan: ${what}`);
}

/** One dependency of a unit, as `terragrunt render --json` writes it. */
type Rendered = Readonly<Record<string, unknown>>;

/** What is needed to look for mocks. `toolIn` is the stack's Terragrunt in another unit's folder. */
export interface MockParts {
  /** The checkout, and the unit in it. */
  readonly root: string;
  readonly cwd: string;
  readonly tool: StackTool;
  readonly toolIn: (cwd: string) => Promise<StackTool>;
  readonly signal: AbortSignal;
}

/**
 * Why the values of a plan may be made up: it took `mock_outputs` of a dependency, or that can't be ruled out. Null where
 * it took none. `stderr` is that of the plan. Terragrunt logs a dependency that has no outputs, but neither mocks that it
 * merges with outputs nor those of a dependency that is not enabled; these are read from the unit's rendered code.
 */
export async function whyMadeUp(stderr: string, parts: MockParts): Promise<string | null> {
  const logged = mockedDependencies(stderr).map((file) => folderName(file, parts.root));
  if (logged.length > 0) return madeUp(logged);
  if (Buffer.byteLength(stderr) > MOST_LOG_BYTES)
    return 'Terragrunt’s log is too long to rule out that this plan took mock_outputs';
  if (!(await mayMerge(parts.root))) return null;
  try {
    const silent = await silentMocks(parts);
    return silent.length === 0 ? null : madeUp(silent);
  } catch (error) {
    if (parts.signal.aborted) throw error;
    return `it can’t be ruled out that this plan took mock_outputs: ${errorText(error)}`;
  }
}

function madeUp(dependencies: readonly string[]): string {
  return `Terragrunt planned with mock_outputs of ${listed([...new Set(dependencies)])}: values that are made up`;
}

function folderName(file: string, root: string): string {
  const folder = /\.hcl(\.json)?$/.test(file) ? dirname(file) : file;
  const inside = relative(root, folder);
  return inside === '' || inside.startsWith('..') ? folder : inside.split(sep).join('/');
}

/** True if code of the repository may take mocks without a word in the log. */
async function mayMerge(root: string): Promise<boolean> {
  let may = false;
  await eachFolder(root, async (dir, names) => {
    for (const name of names.filter((each) => !may && /\.hcl(\.json)?$/.test(each))) {
      const text = await readFile(join(dir, name), 'utf8').catch(() => '');
      may = /mock_outputs_merge/.test(text) || (/mock_outputs/.test(text) && /\benabled\b/.test(text));
    }
  });
  return may;
}

async function silentMocks(parts: MockParts): Promise<readonly string[]> {
  const call = { ...OWN_LIMITS, signal: parts.signal };
  const rendered = await parts.tool.run('show', ['render', '--json'], { ...call, ofTerragrunt: true });
  const unit: unknown = JSON.parse(rendered.toString('utf8'));
  const dependencies = isRecord(unit) && isRecord(unit.dependency) ? Object.values(unit.dependency) : [];
  const mocked: string[] = [];
  for (const one of dependencies.filter(isRecord)) {
    if (!isRecord(one.mock_outputs)) continue;
    const folder = join(parts.cwd, String(one.config_path));
    const path = folderName(
      String(one.config_path).startsWith('/') ? String(one.config_path) : folder,
      parts.root,
    );
    if (one.enabled === false) mocked.push(path);
    const strategy = mergeStrategy(one);
    if (one.enabled === false || strategy === null) continue;
    const output = await (await parts.toolIn(join(parts.root, path))).run('show', ['output', '-json'], call);
    if (addsMocks(one.mock_outputs, outputValues(output), strategy === 'deep')) mocked.push(path);
  }
  return mocked;
}

/** How a plan merges the dependency's mocks with its outputs; null: it does not. */
function mergeStrategy(dependency: Rendered): 'shallow' | 'deep' | null {
  const allowed = dependency.mock_outputs_allowed_terraform_commands;
  if (Array.isArray(allowed) && allowed.length > 0 && !allowed.includes('plan')) return null;
  const named = dependency.mock_outputs_merge_strategy_with_state ?? null;
  if (named === null) return dependency.mock_outputs_merge_with_state === true ? 'shallow' : null;
  if (named === 'no_merge') return null;
  return named === 'shallow' ? 'shallow' : 'deep';
}

/** `stdout`: the outputs as JSON, after what an `init` wrote that Terragrunt ran first. */
function outputValues(stdout: Buffer): Rendered {
  const text = stdout.toString('utf8');
  const outputs: unknown = JSON.parse(text.slice(text.search(/^\{/m)));
  if (!isRecord(outputs)) return {};
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => [name, isRecord(output) ? output.value : output]),
  );
}

/** True if merging the mocks changes the values. A deep merge also replaces values that are empty. */
export function addsMocks(mocks: Rendered, real: Rendered, deep: boolean): boolean {
  return Object.entries(mocks).some(([key, mock]) => {
    const value = real[key];
    if (!(key in real)) return true;
    if (!deep) return false;
    if (isRecord(mock) && isRecord(value)) return addsMocks(mock, value, true);
    return isEmpty(value) && !isEmpty(mock);
  });
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The folders of the repository's other units that the unit depends on, as Terragrunt reads them, sorted. */
export async function upstreamOf({
  root,
  cwd,
  tool,
  signal,
}: Omit<MockParts, 'toolIn'>): Promise<readonly string[]> {
  const args = ['find', '--json', '--dependencies'];
  const answer = await tool.run('show', args, { ...OWN_LIMITS, signal, ofTerragrunt: true });
  const found: unknown = JSON.parse(answer.toString('utf8'));
  const own = Array.isArray(found) ? found.filter(isRecord).find(({ path }) => path === '.') : undefined;
  const paths = Array.isArray(own?.dependencies) ? own.dependencies.map(String) : [];
  const folders = paths.map((path) => relative(root, path.startsWith('/') ? path : join(cwd, path)));
  return [...new Set(folders.filter((path) => !path.startsWith('..')))]
    .map((p) => p.split(sep).join('/'))
    .sort();
}

/** Calls `visit` with each folder below `top`, itself included, and the names in it. Follows no links. */
async function eachFolder(
  top: string,
  visit: (dir: string, names: readonly string[]) => Promise<void>,
): Promise<void> {
  const entries = await readdir(top, { withFileTypes: true }).catch(() => []);
  await visit(
    top,
    entries.map(({ name }) => name),
  );
  for (const entry of entries) {
    // Of the last two only the names count: providers and modules are large.
    if (!entry.isDirectory() || ['.git', CACHE, '.terraform'].includes(entry.name)) continue;
    await eachFolder(join(top, entry.name), visit);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
