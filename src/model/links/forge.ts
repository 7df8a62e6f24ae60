/** Pages of Git hosts: a commit, a line of a file, a pull request. */
import { assertNever } from '../../base/assert-never.ts';
import { webUrl } from './web-url.ts';

/** The kinds of Git hosts whose pages m0 knows. `gitea` is Forgejo as well; `bitbucket-server` is run by oneself. */
export const FORGE_KINDS = ['github', 'gitlab', 'bitbucket', 'bitbucket-server', 'azure', 'gitea'] as const;
export type ForgeKind = (typeof FORGE_KINDS)[number];

/** A repository on a Git host. `path`: the steps of its own page. */
export interface Forge {
  readonly kind: ForgeKind;
  readonly host: string;
  readonly path: readonly string[];
}

/** A line in a repository. `line` is null if only the file is known. */
export interface CodePlace {
  readonly file: string;
  readonly line: number | null;
}

const KNOWN: Readonly<Record<string, ForgeKind>> = {
  'github.com': 'github',
  'gitlab.com': 'gitlab',
  'bitbucket.org': 'bitbucket',
  'dev.azure.com': 'azure',
  'codeberg.org': 'gitea',
  'gitea.com': 'gitea',
};
/** Hosts that only speak SSH, and those with the pages. */
const PAGES_OF: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
  'ssh.dev.azure.com': 'dev.azure.com',
};
/** What the first part of a host's name says: `gitlab.acme.dev`. */
const NAMED: Readonly<Record<string, ForgeKind>> = {
  github: 'github',
  gitlab: 'gitlab',
  gitea: 'gitea',
  forgejo: 'gitea',
  bitbucket: 'bitbucket-server',
};

const STEP = /^[A-Za-z0-9_~][A-Za-z0-9_.~ -]*$/;

/**
 * The repository at a Git address, in any form that git takes; null if its host is of no known kind. `kinds`: the hosts
 * of m0.yaml. User, password and port of the address are dropped; only the port of http on this machine stays.
 */
export function forgeOf(git: string, kinds: Readonly<Record<string, ForgeKind>>): Forge | null {
  const place = placeOf(git);
  if (place === null) return null;
  const host = own(PAGES_OF, place.host) ?? place.host;
  const kind =
    own(kinds, host.replace(/:\d+$/, '')) ?? own(KNOWN, host) ?? own(NAMED, host.split('.')[0] ?? '');
  const path = place.path.replace(/\.git$/, '').split('/');
  if (kind === undefined || !path.every((step) => STEP.test(step))) return null;
  const pages = pagesPath(kind, path);
  return pages === null ? null : { kind, host, path: pages };
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function placeOf(git: string): { readonly host: string; readonly path: string } | null {
  const local = /^http:\/\/(?:[^/@]*@)?127\.0\.0\.1:(\d{1,5})\//.exec(git)?.[1];
  const url = /^(?:https?|ssh|git):\/\/(?:[^/@]*@)?([A-Za-z0-9.-]+)(?::\d+)?\/+([^?#]+?)\/*$/.exec(git);
  const scp = /^[A-Za-z0-9_.-]+@([A-Za-z0-9.-]+):\/?([^?#]+?)\/*$/.exec(git);
  const [, host, path] = url ?? scp ?? [];
  if (host === undefined || path === undefined) return null;
  try {
    const named = local === undefined ? host.toLowerCase() : `${host}:${local}`;
    return { host: named, path: decodeURIComponent(path) };
  } catch {
    // A malformed escape: git may take it, a page can't be named.
    return null;
  }
}

/** The steps of the repository's page; null if the path is none of a repository. */
function pagesPath(kind: ForgeKind, path: readonly string[]): readonly string[] | null {
  switch (kind) {
    case 'github':
    case 'bitbucket':
    case 'gitea':
      return path.length === 2 ? path : null;
    case 'gitlab':
      return path.length >= 2 ? path : null;
    case 'bitbucket-server': {
      const [project, repository, ...more] = path[0] === 'scm' ? path.slice(1) : path;
      if (project === undefined || repository === undefined || more.length > 0) return null;
      const [folder, name] = project.startsWith('~') ? ['users', project.slice(1)] : ['projects', project];
      return [folder ?? '', name ?? '', 'repos', repository];
    }
    case 'azure': {
      // Over SSH the path is v3/ORGANISATION/PROJECT/REPOSITORY, over HTTPS ORGANISATION/PROJECT/_git/REPOSITORY.
      const [organisation, project, repository, ...more] =
        path[0] === 'v3' ? path.slice(1) : path.filter((step) => step !== '_git');
      if (organisation === undefined || project === undefined || more.length > 0) return null;
      return [organisation, project, '_git', repository ?? project];
    }
    default:
      return assertNever(kind);
  }
}

const COMMIT = /^[0-9a-f]{7,64}$/;

/** The page of a commit; null if the commit is none. */
export function commitUrl({ kind, host, path }: Forge, commit: string): string | null {
  if (!COMMIT.test(commit)) return null;
  const steps = { gitlab: ['-', 'commit'], bitbucket: ['commits'], 'bitbucket-server': ['commits'] };
  const [first, ...more] = own(steps, kind) ?? ['commit'];
  return webUrl({ host, path: [...path, first ?? '', ...more, commit] });
}

/** The page of a file in a commit, at a line. `file` is relative to the root of the repository. */
export function fileUrl({ kind, host, path }: Forge, commit: string, place: CodePlace): string | null {
  const { file } = place;
  const line = place.line !== null && Number.isSafeInteger(place.line) && place.line > 0 ? place.line : null;
  const steps = file.split('/');
  if (!COMMIT.test(commit) || file === '' || steps.some((step) => step === '')) return null;
  const at = (before: readonly string[], hash: string): string | null =>
    webUrl({ host, path: [...path, ...before, ...steps], ...(line === null ? {} : { hash }) });
  switch (kind) {
    case 'github':
      return at(['blob', commit], `L${line}`);
    case 'gitlab':
      return at(['-', 'blob', commit], `L${line}`);
    case 'bitbucket':
      return at(['src', commit], `lines-${line}`);
    case 'gitea':
      return at(['src', 'commit', commit], `L${line}`);
    case 'bitbucket-server':
      return webUrl({
        ...{ host, path: [...path, 'browse', ...steps], query: [['at', commit]] },
        ...(line === null ? {} : { hash: String(line) }),
      });
    case 'azure':
      return webUrl({
        ...{ host, path },
        query: [
          ['path', `/${file}`],
          ['version', `GC${commit}`],
          ...(line === null
            ? []
            : ([
                ['line', String(line)],
                ['lineEnd', String(line + 1)],
                ['lineStartColumn', '1'],
                ['lineEndColumn', '1'],
              ] as const)),
        ],
      });
    default:
      return assertNever(kind);
  }
}

/** A pull request, or what the host calls it, with its page. */
export interface PullRequest {
  /** `PR #123`, `MR !12`. */
  readonly name: string;
  readonly url: string;
}

/** How each host writes a number into the subject of a merge or of a squashed commit. */
const NUMBER: Readonly<Record<ForgeKind, RegExp>> = {
  github: /\(#(\d{1,9})\)$|^Merge pull request #(\d{1,9})\b/,
  gitea: /\(#(\d{1,9})\)(?:$| from )/,
  gitlab: /\(!(\d{1,9})\)$|^See merge request \S*!(\d{1,9})$/,
  bitbucket: /\(pull request #(\d{1,9})\)$/,
  'bitbucket-server': /^(?:Merge )?[Pp]ull request #(\d{1,9})\b/,
  azure: /^Merged PR (\d{1,9}):/,
};

/** The pull request that a commit's subject names; null if it names none. Only the number is taken from the subject. */
export function pullRequestOf({ kind, host, path }: Forge, subject: string): PullRequest | null {
  const [, one, other] = NUMBER[kind].exec(subject.trim()) ?? [];
  const number = one ?? other;
  if (number === undefined) return null;
  const steps: Readonly<Record<ForgeKind, readonly string[]>> = {
    github: ['pull', number],
    gitea: ['pulls', number],
    gitlab: ['-', 'merge_requests', number],
    bitbucket: ['pull-requests', number],
    'bitbucket-server': ['pull-requests', number, 'overview'],
    azure: ['pullrequest', number],
  };
  const url = webUrl({ host, path: [...path, ...steps[kind]] });
  return url === null ? null : { name: kind === 'gitlab' ? `MR !${number}` : `PR #${number}`, url };
}

/** What a commit tells of its pull request: its own subject, and a line of the merge that brought it. */
interface OfPullRequest {
  readonly subject: string;
  readonly merge?: string | undefined;
}

/** The pull request of a commit. Null if it names none, or if the host writes it in another way. */
export function pullRequestOfCommit(forge: Forge, { subject, merge }: OfPullRequest): PullRequest | null {
  return pullRequestOf(forge, subject) ?? (merge === undefined ? null : pullRequestOf(forge, merge));
}

/** The name alone, for a repository whose host is not known: `PR #123`, `MR !12`; null if the commit names none. */
export function pullRequestNameOf({ subject, merge }: OfPullRequest): string | null {
  for (const told of [subject, merge ?? '']) {
    const [, one, other] = NUMBER.github.exec(told.trim()) ?? [];
    if (one !== undefined || other !== undefined) return `PR #${one ?? other}`;
    const [, mine, theirs] = NUMBER.gitlab.exec(told.trim()) ?? [];
    if (mine !== undefined || theirs !== undefined) return `MR !${mine ?? theirs}`;
  }
  return null;
}
