/** Reads what `m0 init` needs of a repository at a commit, without a checkout. */
import { posix } from 'node:path';
import type { Folder } from '../discovery/folder.ts';
import { CODE, filesAt, folderOf, readSnapshot, textsOf } from '../discovery/read-snapshot.ts';
import type { RunGit } from '../git/dependencies.ts';
import { type CodeFacts, codeFacts, joinFacts } from './code-facts.ts';
import { VERSION_FILES, type VersionFiles } from './versions.ts';

const LOCK_FILE = '.terraform.lock.hcl';
const TERRAGRUNT = /\.hcl$/;
const ATLANTIS = ['atlantis.yaml', 'atlantis.yml'];
/** Folders that tools write; somebody committed them by mistake. */
const WRITTEN = /(^|\/)\.(terraform|terragrunt-cache|terragrunt-stack)\//;

/** A folder with code, or with files of Terragrunt. */
export interface CodeFolder extends Folder {
  readonly facts: CodeFacts;
  /** True if its lock file or the names of its files say that it is for OpenTofu. */
  readonly usesTofu: boolean;
}

export interface RepositoryFacts {
  readonly commit: string;
  readonly folders: readonly CodeFolder[];
  readonly varFiles: readonly string[];
  readonly versionFiles: VersionFiles;
  /** The files of Terragrunt, by their paths. */
  readonly terragrunt: ReadonlyMap<string, string>;
  /** The text of `atlantis.yaml`; null if there is none. */
  readonly atlantis: { readonly path: string; readonly text: string } | null;
}

/** Reads the repository at a commit that was fetched before. Rejects where git fails. */
export async function readRepository(git: RunGit, commit: string): Promise<RepositoryFacts> {
  const files = await filesAt(git, commit);
  const snapshot = await readSnapshot(git, commit, files);
  const paths = files.map(({ path }) => path).filter((path) => !WRITTEN.test(path));
  const isVersionFile = (path: string): boolean =>
    (VERSION_FILES as readonly string[]).includes(posix.basename(path));
  const isTerragrunt = (path: string): boolean =>
    TERRAGRUNT.test(path) && posix.basename(path) !== LOCK_FILE && !posix.basename(path).startsWith('.');
  const isLock = (path: string): boolean => posix.basename(path) === LOCK_FILE;
  const wanted = paths.filter(
    (path) =>
      CODE.test(path) || isVersionFile(path) || isTerragrunt(path) || isLock(path) || ATLANTIS.includes(path),
  );
  const texts = await textsOf(git, commit, wanted);
  const ofFolder = Map.groupBy(
    [...texts].filter(([path]) => CODE.test(path)),
    ([path]) => folderOf(path),
  );
  const lockOf = (folder: string): string => texts.get(posix.join(folder, LOCK_FILE)) ?? '';
  const atlantis = ATLANTIS.find((path) => texts.has(path));
  return {
    commit,
    folders: snapshot.folders
      .filter(({ path }) => !WRITTEN.test(`${path}/`))
      .map((folder) => {
        const files = ofFolder.get(folder.path) ?? [];
        return {
          ...folder,
          facts: joinFacts(files.map(([path, text]) => codeFacts(path, text))),
          usesTofu:
            files.some(([path]) => /\.tofu(\.json)?$/.test(path)) ||
            lockOf(folder.path).includes('registry.opentofu.org/'),
        };
      }),
    varFiles: snapshot.varFiles,
    versionFiles: new Map([...texts].filter(([path]) => isVersionFile(path))),
    terragrunt: new Map([...texts].filter(([path]) => isTerragrunt(path))),
    atlantis: atlantis === undefined ? null : { path: atlantis, text: texts.get(atlantis) ?? '' },
  };
}
