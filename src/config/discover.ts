/** Reads `discover` of m0.yaml: the rules by which m0 finds stacks in a repository. */
import { fillTemplate, partsOf, templateProblem } from '../discovery/path-glob.ts';
import type { BuiltStack, Root, Rule } from '../discovery/rule.ts';
import type { PolicySource } from '../model/directory.ts';
import { globCovers } from '../text/glob.ts';
import { NAME, NAME_RULE } from './formats.ts';
import { readOwnFile } from './own-file.ts';
import type { RawDiscover } from './schema.ts';
import { SETTING_NAMES } from './setting-keys.ts';
import { mergeSettings, readSettings, type Settings, type SettingsReader, settle } from './settings.ts';
import { type Path, pathText } from './source.ts';
import { suggestion } from './suggestion.ts';
import { isInsideRepository, VAR_FILE_INSIDE } from './var-files.ts';

export const NO_CHANNEL = 'has no channel, so nobody would see its drift: name one, here or in defaults';

/** What the entries of `discover` need of the rest of m0.yaml. */
export interface DiscoverParts {
  readonly read: SettingsReader & { git(path: Path, address: string): string };
  /** The same reader, with its problems reported elsewhere. */
  readonly readerWith: (report: (path: Path, problem: string) => void) => SettingsReader;
  readonly policies: ReadonlyMap<string, PolicySource>;
  /** The settings of `defaults` and of the environment, the weakest first. */
  readonly belowStack: (environment: string) => readonly Settings[];
  readonly mayOverride: readonly string[];
}

/** Checks that each name is a key of a stack. */
export function readMayOverride(
  names: readonly string[],
  path: Path,
  report: (path: Path, problem: string) => void,
): readonly string[] {
  names.forEach((key, i) => {
    if (!(SETTING_NAMES as readonly string[]).includes(key)) {
      report([...path, i], `"${key}" can't be set by .m0.yaml${suggestion(key, SETTING_NAMES)}`);
    }
  });
  return names;
}

function checkTemplates(raw: RawDiscover, path: Path, report: DiscoverParts['read']['report']): void {
  const parts = Math.min(...raw.roots.map(partsOf));
  const check = (at: Path, template: string): void => {
    const problem = templateProblem(template, parts);
    if (problem !== null) report(at, problem);
  };
  check([...path, 'name'], raw.name);
  check([...path, 'environment'], raw.environment);
  raw.varFiles.forEach((file, i) => {
    check([...path, 'varFiles', i], file);
  });
  raw.overrides.forEach((override, i) => {
    override.varFiles?.forEach((file, j) => {
      check([...path, 'overrides', i, 'varFiles', j], file);
    });
  });
}

/** Reads the entry with that index, and reports its problems. */
export function readDiscover(raw: RawDiscover, index: number, parts: DiscoverParts): Rule {
  const path: Path = ['discover', index];
  const { read, policies, belowStack } = parts;
  checkTemplates(raw, path, read.report);
  const entry = readSettings(raw, path, read);
  const overrides = raw.overrides.map((override, i) => ({
    match: override.match,
    varFiles: override.varFiles,
    settings: readSettings(override, [...path, 'overrides', i], read),
  }));
  const source = { ...raw.source, git: read.git([...path, 'source', 'git'], raw.source.git) };
  const { pollMs, tool } = mergeSettings([...belowStack(''), entry]);

  function stackOf(root: Root, name: string, ownFile: string | null): BuiltStack {
    const problems: string[] = [];
    // By the name that the folder gives it: a stack that moved must not keep rules that are meant for another folder.
    const matching = overrides.filter(({ match }) => globCovers(match, root.templateName));
    const own = ownFile === null ? null : readOwnFile(ownFile, parts.mayOverride, parts.readerWith);
    const above = mergeSettings([
      entry,
      ...matching.map((override) => override.settings),
      ...(own === null ? [] : [own.settings]),
    ]);
    const merged = mergeSettings([...belowStack(root.environment), above]);
    const files = matching.findLast((override) => override.varFiles !== undefined)?.varFiles ?? raw.varFiles;
    const varFiles = files.map((file) => fillTemplate(file, root));
    if (!NAME.test(root.templateName)) problems.push(`name "${root.templateName}" ${NAME_RULE}`);
    if (!NAME.test(root.environment)) problems.push(`environment "${root.environment}" ${NAME_RULE}`);
    if ((merged.channels ?? []).length === 0) problems.push(NO_CHANNEL);
    for (const file of varFiles) {
      if (!isInsideRepository(root.path, file)) problems.push(`var file ${file} ${VAR_FILE_INSIDE}`);
    }
    const { environment, workspace } = root;
    const placed = { name, environment, source: { ...source, path: root.path }, workspace, varFiles };
    const settled = settle({ name, merged, own: above, path: [] }, policies, {
      ...read,
      // What lacks a part of its identity is not watched: its tool would work with another one.
      report: (at, problem) => problems.push(`${pathText(at)}: ${problem}`),
    });
    return { stack: { ...placed, ...settled }, problems, refused: own?.refused ?? [] };
  }

  return {
    place: `discover[${index}]`,
    source,
    roots: raw.roots,
    exclude: raw.exclude,
    terragrunt: tool === 'terragrunt',
    name: raw.name,
    environment: raw.environment,
    workspaces: raw.workspaces,
    pollMs: pollMs ?? null,
    stackOf,
  };
}
