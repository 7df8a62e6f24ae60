/** Which folders of a repository the rules take, and why they don't take the others. Pure. */
import { type Folder, looksLikeRoot } from './folder.ts';
import { isDeep, matchGlob } from './path-glob.ts';
import type { Rule } from './rule.ts';

/** A folder that a rule takes. */
export interface TakenFolder {
  readonly rule: Rule;
  readonly folder: Folder;
  readonly glob: string;
  readonly parts: readonly string[];
}

/** A root that no rule takes. `excluded`: a rule says so; `unwatched`: nothing says so. */
export interface LeftFolder {
  readonly folder: Folder;
  readonly status: 'excluded' | 'unwatched';
  readonly why: string;
}

export interface FoundRoots {
  readonly taken: readonly TakenFolder[];
  readonly left: readonly LeftFolder[];
  /** Globs of `roots` that take no folder, as `discover[0].roots[1] "env/*"`. */
  readonly unused: readonly string[];
}

type Match = Pick<TakenFolder, 'rule' | 'glob' | 'parts'>;

/** True where the folder has what the rule's tool works on. */
function hasCodeFor(rule: Rule, folder: Folder): boolean {
  return rule.terragrunt ? folder.unit : folder.code;
}

/** The first glob that matches the folder. With `**` only what looks like a root counts. */
function matchOf(rule: Rule, folder: Folder): Match | null {
  for (const glob of rule.roots) {
    const found = matchGlob(glob, folder.path);
    const isRoot = rule.terragrunt ? folder.unit : looksLikeRoot(folder);
    if (found !== null && (!isDeep(glob) || isRoot)) return { rule, glob, parts: found.parts };
  }
  return null;
}

function excludeOf(rule: Rule, folder: Folder): string | null {
  const glob = rule.exclude.find((one) => matchGlob(one, folder.path) !== null);
  return glob === undefined ? null : `exclude "${glob}" of ${rule.place}`;
}

/** Applies the rules, which are all for this repository and ref. The first one that takes a folder counts. */
export function findRoots(rules: readonly Rule[], folders: readonly Folder[]): FoundRoots {
  const taken: TakenFolder[] = [];
  const left: LeftFolder[] = [];
  const used = new Set<string>();
  for (const folder of folders) {
    const matches = rules.flatMap((rule) => matchOf(rule, folder) ?? []);
    for (const { rule, glob } of matches) used.add(`${rule.place} ${glob}`);
    const usable = matches.filter(({ rule }) => hasCodeFor(rule, folder));
    const take = usable.find(({ rule }) => excludeOf(rule, folder) === null);
    if (take !== undefined) {
      taken.push({ ...take, folder });
      continue;
    }
    if (usable.length === 0 && !folder.unit && !looksLikeRoot(folder) && folder.own === null) continue;
    const excluded = rules.flatMap((rule) => excludeOf(rule, folder) ?? [])[0];
    if (excluded !== undefined) left.push({ folder, status: 'excluded', why: excluded });
    else if (folder.unit && !folder.code) {
      const why = 'is a unit of Terragrunt, and no entry with tool: terragrunt takes it';
      left.push({ folder, status: 'unwatched', why });
    } else if (!folder.code)
      left.push({ folder, status: 'unwatched', why: 'has a .m0.yaml, but no .tf or .tofu file' });
    else left.push({ folder, status: 'unwatched', why: 'no glob of roots matches it' });
  }
  const unused = rules.flatMap((rule) =>
    rule.roots.flatMap((glob, i) =>
      used.has(`${rule.place} ${glob}`) ? [] : [`${rule.place}.roots[${i}] "${glob}"`],
    ),
  );
  return { taken, left, unused };
}
