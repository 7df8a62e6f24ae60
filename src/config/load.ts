/** Loads m0.yaml and reports every problem with its line. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { errorText } from '../base/error-text.ts';
import { isRecord } from '../base/is-record.ts';
import { ConfigError } from './config-error.ts';
import type { Variables } from './environment.ts';
import { type RawConfig, rawConfigSchema } from './schema.ts';
import { hasReference } from './secrets.ts';
import { type Path, parseYaml, pathText, type YamlSource } from './source.ts';
import { suggestion } from './suggestion.ts';
import { type Config, toValid } from './valid.ts';

export type { Config };

interface Problem {
  readonly path: Path;
  readonly text: string;
  /** Set if the problem is the key itself and not its value. */
  readonly ofKey?: true;
}

/** The keys that the object at `path` may have by the schema. */
function keysAt(path: Path): readonly string[] {
  let schema: z.core.$ZodType = rawConfigSchema;
  const inner = (): void => {
    while (
      schema instanceof z.ZodOptional ||
      schema instanceof z.ZodDefault ||
      schema instanceof z.ZodPrefault
    ) {
      schema = schema.unwrap();
    }
  };
  for (const key of path) {
    inner();
    if (schema instanceof z.ZodObject)
      schema = (schema.shape as Record<string, z.core.$ZodType>)[key] ?? schema;
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodArray) schema = schema.element;
  }
  inner();
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The problems of one schema issue, in plain words. */
function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const keys = keysAt(path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      text: `unknown key${suggestion(key, keys)}`,
      ofKey: true,
    }));
  }
  if (issue.code === 'invalid_key') {
    return [{ path, text: `this name ${issue.issues[0]?.message ?? 'cannot be used'}`, ofKey: true }];
  }
  if (issue.code === 'invalid_type') {
    if (issue.input === undefined && issue.message.includes('received undefined'))
      return [{ path, text: 'is missing' }];
    if (issue.expected === 'object' || issue.expected === 'record') {
      return [{ path, text: 'must be a block of keys and values' }];
    }
    if (issue.expected === 'array') return [{ path, text: 'must be a list' }];
  }
  return [{ path, text: issue.message }];
}

/** The value without its unknown keys, so that the rest can be checked as well. */
function withoutUnknownKeys(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(value);
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    let holder = copy as Record<PropertyKey, unknown> | undefined;
    for (const key of issue.path) holder = holder?.[key] as Record<PropertyKey, unknown> | undefined;
    for (const key of issue.keys) delete holder?.[key];
  }
  return copy;
}

/** A block at the top that only holds anchors: each place that uses one is checked by itself. */
const isHolder = (key: string): boolean => key.startsWith('x-');

function withoutHolders(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !isHolder(key)));
}

/** True in `env` of a stack, of an environment, of the defaults and of `discover`, and in a token for Git. */
function mayRefer(path: Path): boolean {
  const [block, , key] = path;
  if (block === 'credentials') return key === 'token' || (key === 'githubApp' && path[3] === 'privateKey');
  if (block === 'defaults') return path[1] === 'env';
  if (block === 'discover' && key === 'overrides') return path[4] === 'env';
  return (block === 'stacks' || block === 'environments' || block === 'discover') && key === 'env';
}

/**
 * References to secrets at places where they are not allowed. They are allowed in a stack's env and as a token for
 * Git only.
 */
function misplacedReferences(value: unknown, path: Path = []): readonly Problem[] {
  if (typeof value === 'string') {
    const text =
      '${env:…} and ${file:…} are for the env of a stack and the token of credentials only: write the value itself';
    const allowed = mayRefer(path);
    return hasReference(value) && !allowed ? [{ path, text }] : [];
  }
  if (Array.isArray(value)) return value.flatMap((v, i) => misplacedReferences(v, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, v]) => misplacedReferences(v, [...path, key]));
}

function toError(file: string, source: YamlSource, problems: readonly Problem[]): ConfigError {
  const lines = problems.map(({ path, text, ofKey }) => {
    const { line, column } = source.position(path, ofKey ? 'key' : 'value');
    const where = pathText(path);
    return { line, column, text: `${file}:${line}:${column} ${where === '' ? '' : `${where}: `}${text}` };
  });
  lines.sort((a, b) => a.line - b.line || a.column - b.column);
  return new ConfigError([...new Set(lines.map((l) => l.text))]);
}

async function readText(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const text = missing
      ? 'there is no such file: make it with `m0 init`, or say in M0_CONFIG where it is'
      : errorText(error);
    throw new ConfigError([`${file}: ${text}`], { cause: error });
  }
}

/** The text of m0.yaml, and where it comes from. */
export interface WrittenConfig {
  readonly text: string;
  /** Its absolute path, or its address in Git. */
  readonly path: string;
  /** The folder in which relative paths of the file start. */
  readonly base: string;
  /** Its name in problems. */
  readonly shown: string;
}

/**
 * Loads m0.yaml from `path`. `env`: the variables for `${env:NAME}`. `isValidCron`: checks a cron expression.
 * `shownAs`: the file's name in problems. Rejects with a ConfigError that lists all problems, each with its line;
 * it never contains a secret.
 */
export async function loadConfig(
  path: string,
  env: Variables,
  isValidCron: (text: string) => boolean,
  shownAs: string = path,
): Promise<Config> {
  const shown = fileName(shownAs);
  return readConfig(await readText(path, shown), path, env, isValidCron, shownAs);
}

const fileName = (shownAs: string): string => shownAs.replace(/^\.\//, '');

/** The same for a text that is to be the file at `path`. */
export async function readConfig(
  text: string,
  path: string,
  env: Variables,
  isValidCron: (text: string) => boolean,
  shownAs: string = path,
): Promise<Config> {
  const absolute = resolve(path);
  const written = { text, path: absolute, base: dirname(absolute), shown: fileName(shownAs) };
  return parseConfig(written, env, isValidCron);
}

/** Hundreds of stacks may share a few anchors; the file is the operator's own. */
const MANY_ALIASES = 20_000;

/** As `loadConfig`, of a text that was read before. Throws a ConfigError. */
export function parseConfig(
  { text, path, base, shown: file }: WrittenConfig,
  env: Variables,
  isValidCron: (text: string) => boolean,
): Config {
  const source = parseYaml(file, text, MANY_ALIASES);
  const value = withoutHolders(source.value);
  if (value === null || value === undefined) throw new ConfigError([`${file}:1:1 is empty`]);

  const problems: Problem[] = [...misplacedReferences(value)];
  const report = (at: Path, text: string): void => {
    problems.push({ path: at, text });
  };
  const first = rawConfigSchema.safeParse(value);
  const issues = first.success ? [] : first.error.issues;
  problems.push(...issues.flatMap(problemsOf));
  const rest = first.success ? first : rawConfigSchema.safeParse(withoutUnknownKeys(value, issues));
  let config: Config | undefined;
  if (rest.success) {
    const raw: RawConfig = rest.data;
    config = toValid(raw, { path, base, env, isValidCron, report });
  }
  if (problems.length > 0 || config === undefined) throw toError(file, source, problems);
  return config;
}
