/** Creates the sample repositories. */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { commitAs, DANA, KIM, type SampleCommit, sampleGit } from './sample-git.ts';
import { INFRA_HISTORY } from './sample-infra.ts';

/** Absolute paths of the sample repositories: ordinary repositories with a work tree on branch `main`. */
export interface SampleRepos {
  readonly infra: string;
  readonly policies: string;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Creates the repositories `infra` and `policies` (a copy of `policiesFrom`) under `<dir>/repos`, with a
 * history that ends shortly before `now` (ms since epoch). An existing repository is not changed.
 */
export async function createSampleRepos(options: {
  readonly dir: string;
  readonly policiesFrom: string;
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly now: number;
}): Promise<SampleRepos> {
  const { now, base } = options;
  const repos = { infra: join(options.dir, 'repos/infra'), policies: join(options.dir, 'repos/policies') };
  await makeRepo(repos.infra, base, async () =>
    INFRA_HISTORY.map((chapter) => ({ ...chapter, at: now - chapter.daysAgo * DAY })),
  );
  await makeRepo(repos.policies, base, async () =>
    policyHistory(await filesBelow(options.policiesFrom), now),
  );
  return repos;
}

/** Created in a temporary folder and then moved, so that an existing repository is always complete. */
async function makeRepo(
  dir: string,
  base: Readonly<Record<string, string | undefined>>,
  history: () => Promise<readonly SampleCommit[]>,
): Promise<void> {
  if (await exists(join(dir, '.git'))) return;
  const temporary = `${dir}.making`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await sampleGit(temporary, base).raw(['init', '--quiet', '--initial-branch', 'main', '.']);
  for (const commit of await history()) await commitAs(temporary, base, commit);
  await rename(temporary, dir);
}

function policyHistory(files: Readonly<Record<string, string>>, now: number): readonly SampleCommit[] {
  const part = (isTest: boolean): Record<string, string> =>
    Object.fromEntries(Object.entries(files).filter(([path]) => path.endsWith('_test.rego') === isTest));
  const rules = {
    author: DANA,
    at: now - 40 * DAY,
    message: 'Rules for what may go back by itself',
    files: part(false),
  };
  const tests = { author: KIM, at: now - 37 * DAY, message: 'Test the approval rules', files: part(true) };
  return [rules, tests].filter((commit) => Object.keys(commit.files).length > 0);
}

async function filesBelow(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = relative(dir, join(entry.parentPath, entry.name));
    const hidden = path.split(sep).some((part) => part.startsWith('.'));
    if (entry.isFile() && !hidden) files[path] = await readFile(join(dir, path), 'utf8');
  }
  if (Object.keys(files).length === 0) throw new Error(`copying the policies: ${dir} is empty`);
  return files;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
