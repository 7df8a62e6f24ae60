/** Finds where in the code an ignored attribute is set, and how `ignore_changes` can name it. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { dotted } from '../drift/address-pattern.ts';
import { type Ignores, ignoresAllInstances } from '../drift/ignore.ts';
import type { IgnoredChange } from '../drift/ignored-plan.ts';
import type { IgnoreEntry } from './ignore-override.ts';

/** A module call as `.terraform/modules/modules.json` lists it. `key` is `net.subnets`; empty: the root module. */
export interface ModuleCall {
  readonly key: string;
  readonly source: string;
  /** Absolute, or relative to the root module; without symbolic links. */
  readonly dir: string;
}

/** An ignored attribute in the code. `dir` is the directory of its module, absolute. */
export interface IgnoredPlace extends IgnoreEntry {
  readonly dir: string;
}

/** How an entry writes its last step: as the key of a map, or as an attribute. */
export type EntryForm = 'key' | 'attribute';

/**
 * The place of an attribute, or the reason why `ignore_changes` can't name it for exactly the instances that the
 * rules cover. `cwd`: the root module's directory.
 */
export function ignoredPlace(
  { address, path }: IgnoredChange,
  form: EntryForm,
  about: { readonly ignores: Ignores; readonly calls: readonly ModuleCall[]; readonly cwd: string },
): IgnoredPlace | string {
  const entry = ignoreEntry(path, form);
  if (entry === null) return `ignore_changes can't name ${path}`;
  const parts = dotted(address);
  const [type, name] = parts.slice(-2).map((part) => part.replace(/\[.*\]$/, ''));
  if (type === undefined || name === undefined) return 'its address is not understood';
  const modules = parts.slice(0, -2).filter((_, i) => i % 2 === 1);
  const key = modules.map((module) => module.replace(/\[.*\]$/, '')).join('.');
  if (!ignoresAllInstances(about.ignores, address, path))
    return 'ignore_changes would hold for all of its instances, and the rule does not';
  const dir = moduleDirectory(key, about.calls, about.cwd);
  if (dir === null) return 'its code is in a module from elsewhere';
  const others = about.calls.filter(
    (call) => call.key !== key && resolve(about.cwd, call.dir) === dir && call.key !== '',
  );
  const resource = parts.slice(-2).join('.');
  const coversOthers = others.every((call) =>
    anyInstances(call.key).every((module) =>
      ignoresAllInstances(about.ignores, `${module}.${resource}`, path),
    ),
  );
  if (!coversOthers) return 'its module is called more than once, and the rule does not hold for all calls';
  return { type, name, entry, dir };
}

/** `module.a.module.b` with each module alone, with a number and with a key. */
function anyInstances(key: string): readonly string[] {
  return key
    .split('.')
    .reduce<readonly string[]>(
      (before, name) =>
        before.flatMap((prefix) =>
          ['', '[0]', '["k"]'].map((index) => `${prefix === '' ? '' : `${prefix}.`}module.${name}${index}`),
        ),
      [''],
    );
}

/** The directory of a module (`net.subnets`) whose code is in the same repository; null if it is from elsewhere. */
export function moduleDirectory(key: string, calls: readonly ModuleCall[], cwd: string): string | null {
  if (key === '') return cwd;
  const names = key.split('.');
  const chain = names.map((_, i) => calls.find((call) => call.key === names.slice(0, i + 1).join('.')));
  // A local module of a module from elsewhere is from elsewhere too.
  const isLocal = (call: ModuleCall | undefined): boolean => /^\.\.?(\/|$)/.test(call?.source ?? '');
  const last = chain.at(-1);
  return last !== undefined && chain.every(isLocal) ? resolve(cwd, last.dir) : null;
}

/** True if the path is the directory or inside it. */
export function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/**
 * A path of a finding as an entry: `tags.Owner` -> `tags["Owner"]` or, as an attribute, `tags.Owner`. Null where
 * `ignore_changes` has no way to name it: an element of a set.
 */
export function ignoreEntry(path: string, form: EntryForm): string | null {
  const steps = [...path.matchAll(STEP)];
  if (steps.map(([all]) => all).join('') !== path) return null;
  let entry = '';
  let isName = false;
  for (const [i, [, name, index, quoted]] of steps.entries()) {
    const key = name ?? (quoted === undefined ? undefined : (JSON.parse(quoted) as string));
    if (index !== undefined) entry += `[${index}]`;
    else if (key === undefined || /[$%]\{/.test(key)) return null;
    else if (i === 0) entry = name ?? '';
    else if (name !== undefined && !(form === 'key' && i === steps.length - 1 && isName)) entry += `.${name}`;
    else entry += `[${JSON.stringify(key)}]`;
    isName = index === undefined;
  }
  return /^[A-Za-z_]/.test(entry) ? entry : null;
}

/** A step of a path as `formatPath` writes it. */
const STEP = /(?:^|\.)([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/gy;
