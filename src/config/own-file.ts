/** Reads a file `.m0.yaml` in a discovered root: it may set only what m0.yaml allows. */

import { errorText } from '../base/error-text.ts';
import { isRecord } from '../base/is-record.ts';
import { LONGEST_OWN_FILE, OWN_FILE } from '../discovery/folder.ts';
import { ConfigError } from './config-error.ts';
import { hasReference } from './secrets.ts';
import { ownFileShape, type RawSettings, SETTING_NAMES } from './setting-keys.ts';
import { mergeSettings, readSettings, type Settings, type SettingsReader } from './settings.ts';
import { CLOUD_FILES, CLOUDS } from './shared-keys.ts';
import { type Path, parseYaml, pathText } from './source.ts';
import { suggestion } from './suggestion.ts';

/** The authors of the code write this file, so it gets little. */
const FEW_ALIASES = 100;

/** `settings`: what the file sets. `refused`: what it may not set or sets wrongly, and is left out of `settings`. */
export interface OwnSettings {
  readonly settings: Settings;
  readonly refused: readonly string[];
}

/** Every text in the value, with its path. */
function textsIn(value: unknown, path: Path): readonly { readonly path: Path; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((v, i) => textsIn(v, [...path, i]));
  return isRecord(value) ? Object.entries(value).flatMap(([key, v]) => textsIn(v, [...path, key])) : [];
}

/**
 * Reads the file's text. Never throws: what can't be used is refused key by key, and m0.yaml counts there. Whoever can
 * write to the repository can write this file, so it can't refer to m0's variables and files.
 */
export function readOwnFile(
  text: string,
  mayOverride: readonly string[],
  readerWith: (report: (path: Path, problem: string) => void) => SettingsReader,
): OwnSettings {
  const refused: string[] = [];
  const layers: Settings[] = [];
  const none = readSettings(
    {},
    [],
    readerWith(() => {}),
  );
  if (text.length > LONGEST_OWN_FILE) {
    return { settings: none, refused: [`${OWN_FILE}: is longer than 64 KiB and is not read`] };
  }
  let value: unknown;
  let lineOf = (_path: Path): number => 1;
  try {
    const source = parseYaml(OWN_FILE, text, FEW_ALIASES);
    lineOf = (path) => source.position(path, 'value').line;
    value = source.value ?? {};
  } catch (error) {
    const why = error instanceof ConfigError ? (error.problems[0] ?? '') : errorText(error);
    return { settings: none, refused: [why] };
  }
  const refuse = (path: Path, problem: string): void => {
    refused.push(`${OWN_FILE}:${lineOf(path)} ${pathText(path)}: ${problem}`);
  };
  if (!isRecord(value)) {
    return { settings: none, refused: [`${OWN_FILE}:1 must be a block of keys and values`] };
  }
  for (const [key, written] of Object.entries(value)) {
    const before = refused.length;
    const shape = ownFileShape[key];
    if (shape === undefined) {
      refuse([key], `unknown key${suggestion(key, SETTING_NAMES)}`);
      continue;
    }
    if (!mayOverride.includes(key)) {
      const allowed = mayOverride.length === 0 ? 'nothing' : mayOverride.join(', ');
      refuse([key], `may not be set here: mayOverride in m0.yaml allows ${allowed}`);
      continue;
    }
    for (const { path, text: one } of textsIn(written, [key])) {
      if (hasReference(one)) refuse(path, 'may not refer to variables and files of m0');
    }
    for (const name of isRecord(written) && (CLOUDS as readonly string[]).includes(key) ? CLOUD_FILES : []) {
      if (isRecord(written) && name in written) refuse([key, name], 'may not name files of m0');
    }
    const parsed = shape.safeParse(written);
    for (const issue of parsed.error?.issues ?? []) {
      refuse([key, ...issue.path.filter((k) => typeof k !== 'symbol')], issue.message);
    }
    if (refused.length > before) continue;
    const layer = readSettings({ [key]: parsed.data } as RawSettings, [], readerWith(refuse));
    if (refused.length === before) layers.push(layer);
  }
  return { settings: mergeSettings([none, ...layers]), refused };
}
