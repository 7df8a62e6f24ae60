/** Globs over the folders of a repository, the texts that their wildcards match, and templates made of these. */

/** A root that a glob matches: `parts` are what its wildcards match, from the left. */
export interface GlobMatch {
  readonly parts: readonly string[];
}

/** True if the glob goes through any number of folders. */
export function isDeep(glob: string): boolean {
  return glob.split('/').includes('**');
}

/** How many wildcards the glob has. */
export function partsOf(glob: string): number {
  return glob
    .split('/')
    .reduce((n, segment) => n + (segment === '**' ? 1 : segment.split('*').length - 1), 0);
}

/** Why the text is no glob over folders; null if it is one. */
export function globProblem(glob: string): string | null {
  if (/[?[\]{}!\\]/.test(glob))
    return 'must be a path with * and ** for wildcards: ? [ ] { } ! \\ have no meaning';
  const segments = glob.split('/');
  if (glob.startsWith('/') || segments.some((s) => s === '..' || s === '.' || s === '')) {
    return 'must be a path from the top of the repository, without . and .., as in envs/*/*';
  }
  if (segments.some((s) => s.includes('**') && s !== '**'))
    return 'must have ** between slashes, as in envs/**';
  return null;
}

/** Matches a segment like `prod-*`; the texts of its stars, or null. */
function matchSegment(pattern: string, segment: string): readonly string[] | null {
  const literal = pattern.split('*').map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  // Names of folders are at most 255 bytes, so that even many stars match in short time.
  const found = new RegExp(`^${literal.join('([^]*?)')}$`).exec(segment);
  if (found === null) return null;
  return segment === '' ? null : found.slice(1);
}

function match(pattern: readonly string[], path: readonly string[]): readonly string[] | null {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0 ? [] : null;
  if (first !== '**') {
    const [segment, ...deeper] = path;
    const here = segment === undefined ? null : matchSegment(first, segment);
    const below = here === null ? null : match(rest, deeper);
    return here === null || below === null ? null : [...here, ...below];
  }
  for (let taken = 0; taken <= path.length; taken += 1) {
    const below = match(rest, path.slice(taken));
    if (below !== null) return [path.slice(0, taken).join('/'), ...below];
  }
  return null;
}

/**
 * Matches a folder (`envs/prod/network`; '' is the repository's root) with a glob. `*` is any text within one part
 * of the path, also nothing where there is text beside it; `**` is any number of folders, also none. Null where it
 * does not match.
 */
export function matchGlob(glob: string, folder: string): GlobMatch | null {
  const parts = match(glob.split('/'), folder === '' ? [] : folder.split('/'));
  return parts === null ? null : { parts };
}

/** What a template can name. */
export interface TemplateValues {
  readonly parts: readonly string[];
  readonly path: string;
  readonly workspace: string;
}

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** Why the template can't be filled for a glob with so many wildcards; null if it can. */
export function templateProblem(template: string, parts: number): string | null {
  for (const [whole, name = ''] of template.matchAll(PLACEHOLDER)) {
    if (name === 'path' || name === 'folder' || name === 'workspace') continue;
    if (!/^[1-9]$/.test(name)) {
      return `has ${whole}, which names nothing: there is {1} to {9}, {path}, {folder} and {workspace}`;
    }
    if (Number(name) > parts) {
      return `has ${whole}, but a glob of roots has only ${parts} wildcard${parts === 1 ? '' : 's'}`;
    }
  }
  if (/[{}]/.test(template.replace(PLACEHOLDER, ''))) return 'has a brace without its pair';
  return null;
}

/** The template with its values. */
export function fillTemplate(template: string, values: TemplateValues): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    if (name === 'path') return values.path;
    if (name === 'folder') return values.path.split('/').at(-1) ?? '';
    if (name === 'workspace') return values.workspace;
    return values.parts[Number(name) - 1] ?? '';
  });
}

/** The same for a name: slashes become hyphens, and hyphens at its ends and double ones that an empty part left go. */
export function fillName(template: string, values: TemplateValues): string {
  return fillTemplate(template, values)
    .replaceAll('/', '-')
    .replace(/-{2,}/g, '-')
    .replace(/^-+|-+$/g, '');
}
