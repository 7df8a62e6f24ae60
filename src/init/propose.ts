/** Proposes what m0.yaml should say of a repository, and proves it with the rules by which m0 watches. */
import { posix } from 'node:path';
import type { Config } from '../config/load.ts';
import type { Snapshot } from '../discovery/folder.ts';
import { matchGlob } from '../discovery/path-glob.ts';
import { type Survey, sourceOf, survey } from '../discovery/survey.ts';
import { scrubUrl } from '../git/address.ts';
import { repositoryKey } from '../git/remote.ts';
import { type Entry, entriesFor, type ListedStack, listedStacks } from './entries.ts';
import type { RepositoryFacts } from './read-repository.ts';
import { findInitRoots, type InitRoot } from './roots.ts';
import type { Proposal } from './write-config.ts';

export interface ProposeParts {
  readonly facts: RepositoryFacts;
  readonly address: string;
  readonly ref: string;
  /** The m0.yaml that exists; null: there is none. */
  readonly existing: Config | null;
  /** The configuration as it would be with the proposal. Rejects with a ConfigError where it can't be loaded. */
  readonly configWith: (proposal: Proposal) => Promise<Config>;
}

export interface Proposed {
  readonly proposal: Proposal;
  /** All roots, with those that the m0.yaml that exists takes already. */
  readonly roots: readonly InitRoot[];
  /** Roots that are watched already, or left out by a rule. */
  readonly covered: number;
}

/** What the configuration makes of the repository. */
function surveyOf(config: Config, { facts, address, ref }: ProposeParts): Survey {
  const snapshot: Snapshot = facts;
  return survey({
    ...{ rules: config.discover, written: config.directory.stacks, known: [], gone: [] },
    snapshots: new Map([[sourceOf({ git: address, ref }, repositoryKey), snapshot]]),
    ...{ keyOf: repositoryKey, shown: scrubUrl, unreadable: new Map(), movedTo: () => undefined },
    workspacesOf: () => null,
  });
}

/** The roots that the configuration watches or leaves out by a rule, each as its path and its workspace. */
function coveredBy(config: Config, parts: ProposeParts): ReadonlySet<string> {
  const { watching } = surveyOf(config, parts);
  const repository = repositoryKey(parts.address);
  const isOurs = (one: { readonly repository: string; readonly ref: string }): boolean =>
    repositoryKey(one.repository) === repository && one.ref === parts.ref;
  return new Set(
    [
      ...watching.stacks.filter(isOurs).map(({ path }) => (path === '.' ? '' : posix.normalize(path || '.'))),
      ...watching.left.filter((root) => isOurs(root) && root.status === 'excluded').map(({ path }) => path),
    ].map((path) => (path === '.' ? '' : path)),
  );
}

const EXAMPLE_FOLDERS = ['examples', 'example', 'tests', 'fixtures', 'testdata', 'template', 'templates'];

/** Globs that leave out the examples and no root. */
function exampleGlobs(examples: readonly string[], roots: readonly InitRoot[]): readonly string[] {
  return EXAMPLE_FOLDERS.map((name) => `**/${name}/**`).filter(
    (glob) =>
      examples.some((path) => matchGlob(glob, path) !== null) &&
      roots.every((root) => matchGlob(glob, root.path) === null),
  );
}

function withExcludes(entry: Entry, globs: readonly string[]): Entry {
  return { ...entry, exclude: [...new Set([...entry.exclude, ...globs])] };
}

/** What no glob over folders can name. */
const NO_GLOB = /[?*[\]{}!\\]/;
/** How often the proposal is put right: each time leaves fewer roots to the entries. */
const MOST_TRIES = 4;

/** Rejects where no proposal takes exactly the roots. */
export async function propose(parts: ProposeParts): Promise<Proposed> {
  const { facts, existing, address, ref } = parts;
  const found = findInitRoots(facts);
  const covered = existing === null ? new Set<string>() : coveredBy(existing, parts);
  const roots = found.roots.filter((root) => !covered.has(root.path));
  const wanted = new Set(found.roots.map((root) => root.path));
  const listed = new Set(
    roots.filter((root) => root.tool === 'terragrunt' || root.path === '' || NO_GLOB.test(root.path)),
  );
  let entries: readonly Entry[] = entriesFor(
    roots.filter((root) => !listed.has(root)),
    facts.folders,
  );
  const globs = exampleGlobs(found.examples, found.roots);
  entries = entries.map((entry, i) =>
    i === 0 || entry.roots.some((glob) => glob.includes('**')) ? withExcludes(entry, globs) : entry,
  );
  if (roots.length === 0) {
    const nothing = { entries: [], stacks: [], notes: found.notes };
    return {
      proposal: { address, ref, commit: facts.commit, ...nothing },
      roots: found.roots,
      covered: found.roots.length,
    };
  }
  const firstNew = existing?.discover.length ?? 0;

  for (let tries = 0; ; tries += 1) {
    const taken = new Set(existing?.directory.stacks.map((stack) => stack.name) ?? []);
    const stacks: readonly ListedStack[] = [...listed].flatMap((root) => listedStacks(root, taken));
    const used = entries.filter((entry) => entry.takes.length > 0);
    const proposal: Proposal = {
      ...{ address, ref, commit: facts.commit, stacks, notes: found.notes },
      entries: used,
    };
    const result = surveyOf(await parts.configWith(proposal), parts);
    const watched = new Set(result.watching.stacks.map(({ path }) => (path === '.' ? '' : path)));
    const missing = roots.filter((root) => !watched.has(root.path));
    const extra = result.watching.stacks.filter(({ path, by }) => isNew(by, firstNew) && !wanted.has(path));
    if (missing.length === 0 && extra.length === 0) {
      return { proposal, roots: found.roots, covered: found.roots.length - roots.length };
    }
    if (tries === MOST_TRIES) {
      const names = [...missing, ...extra].map(({ path }) => path || 'the top folder');
      throw new Error(
        `no m0.yaml could be found that takes exactly the roots: ${names.join(', ')} did not fit`,
      );
    }
    for (const root of missing) listed.add(root);
    const without = [
      ...extra.map(({ path }) => path),
      // Else an entry would also watch their default workspace.
      ...[...listed].flatMap((root) => (root.workspaces === null ? [] : [root.path])),
    ].filter((path) => !NO_GLOB.test(path));
    entries = used.map((entry) => ({
      ...withExcludes(
        entry,
        without.filter((path) => entry.roots.some((glob) => matchGlob(glob, path) !== null)),
      ),
      takes: entry.takes.filter((root) => !listed.has(root)),
    }));
  }
}

/** True if the stack is by an entry of `discover` that the proposal adds. */
function isNew(by: string, firstNew: number): boolean {
  const index = /^discover\[(\d+)\]/.exec(by)?.[1];
  return index !== undefined && Number(index) >= firstNew;
}
