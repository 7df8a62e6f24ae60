/** The tables of docs/reference/configuration.md, from the schema of m0.yaml. */
import { configSchema } from '../../src/config/schema.ts';
import { SETTING_NAMES } from '../../src/config/setting-keys.ts';
import { cell, tableOf } from './markdown.ts';

/** The part of JSON Schema that `z.toJSONSchema` writes for m0.yaml. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
}

/** One key of m0.yaml, as the reference shows it. `path` has NAME for names that people choose, and [] for items. */
export interface ConfigKey {
  readonly path: string;
  readonly value: string;
  readonly required: boolean;
  readonly default: unknown;
  readonly help: string | null;
}

const SHARED = SETTING_NAMES as readonly string[];
/** Where a guide says more than the table. */
const GUIDES: Readonly<Record<string, string>> = {
  chat: '[Slack](../how-to/slack.md), [Microsoft Teams](../how-to/teams.md)',
  people: '[People, groups and on-call](../how-to/people.md)',
  groups: '[People, groups and on-call](../how-to/people.md)',
  oncall: '[People, groups and on-call](../how-to/people.md)',
  policies: '[Write and try policies](../how-to/policies.md)',
  credentials: '[Private repositories](../how-to/private-repositories.md)',
  discover: '[Let m0 find the stacks](../how-to/configure.md#discover)',
  retention: '[Retention](../how-to/operate.md#retention)',
};

/** A name that people choose: the key of a record. */
const RECORD_KEY: Readonly<Record<string, string>> = { forges: 'HOST', env: 'VARIABLE' };

/** `{ poll: 30s }`, as people write it in YAML. */
function inYaml(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key}: ${String(each)}`)
    .join(', ')} }`;
}

function literals(schema: Schema): readonly unknown[] {
  return schema.const === undefined ? (schema.enum ?? []) : [schema.const];
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : inYaml(value)}\``;
}

/** What can be written there, in words. */
function writtenAs(schema: Schema): string {
  if (schema.anyOf !== undefined) {
    // A key of `mayOverride` is one of a list, or any text, which the reader of m0.yaml then refuses by name.
    return [...new Set(schema.anyOf.map(writtenAs))].join(', or ');
  }
  const fixed = literals(schema);
  if (fixed.length > 8) return 'text';
  if (fixed.length > 0) return fixed.map(code).join(', ');
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'array') return `list of ${schema.items?.type === 'object' ? 'blocks' : 'text'}`;
  if (schema.type === 'object') return 'block';
  return schema.type === 'string' ? 'text' : 'any value';
}

/** The keys inside of a schema, each with its path below `path`. */
function* inside(schema: Schema, path: string, name: string): Generator<ConfigKey> {
  for (const part of schema.anyOf ?? []) yield* inside(part, path, name);
  if (schema.items !== undefined) yield* inside(schema.items, `${path}[]`, name);
  const named = schema.additionalProperties;
  if (typeof named === 'object' && Object.keys(named).length > 0) {
    const at = `${path}.${RECORD_KEY[name] ?? 'NAME'}`;
    if (!isOnlyBlock(named)) yield keyOf({ ...named, description: named.description ?? '' }, at, false);
    yield* inside(named, at, name);
  }
  const properties = schema.properties ?? {};
  const isDefaults = path === 'defaults';
  const hasSettings = path !== '' && !isDefaults && SHARED.every((key) => key in properties);
  for (const [key, value] of Object.entries(properties)) {
    if (hasSettings && SHARED.includes(key)) continue;
    const at = path === '' ? key : `${path}.${key}`;
    yield keyOf(value, at, schema.required?.includes(key) === true);
    // What is inside of them is listed once, below `settings`.
    if (!isDefaults) yield* inside(value, at, key);
  }
}

/** A block says everything with its keys; other values get a row of their own. */
function isOnlyBlock({ type }: Schema): boolean {
  return type === 'object';
}

function keyOf(schema: Schema, path: string, required: boolean): ConfigKey {
  const value = writtenAs(schema);
  return { path, value, required, default: schema.default, help: schema.description ?? null };
}

const SCHEMA = configSchema() as Schema;

/** Every key of m0.yaml, in the order of the schema. The settings that stacks share are listed once, below `settings`. */
export function configKeys(): readonly ConfigKey[] {
  const stack = SCHEMA.properties?.stacks?.items?.properties ?? {};
  const fallbacks = SCHEMA.properties?.defaults?.properties ?? {};
  const settings = Object.entries(stack)
    .filter(([key]) => SHARED.includes(key))
    .flatMap(([key, value]) => [
      keyOf({ ...value, default: fallbacks[key]?.default }, `settings.${key}`, false),
      ...inside(value, `settings.${key}`, key),
    ]);
  return [...inside(SCHEMA, '', ''), ...settings];
}

function shownDefault({ default: value, required }: ConfigKey): string {
  if (required) return '(required)';
  if (value === undefined || value === '' || ['{}', '[]'].includes(JSON.stringify(value))) return '';
  return code(value);
}

function section(top: string, keys: readonly ConfigKey[], begin: string): string {
  const [own] = keys;
  const rows = keys
    .filter((key) => key.path !== top)
    .map((key) => [code(key.path.slice(begin.length)), key.value, shownDefault(key), cell(key.help ?? '')]);
  const help = own?.path === top && own.help !== null ? `${own.help}.\n\n` : '';
  const isSettings = top === 'environments';
  const value = own?.path === top && rows.length === 0 && !isSettings ? `Value: ${own.value}.\n\n` : '';
  const guide = GUIDES[top] === undefined ? '' : `Guide: ${GUIDES[top]}.\n\n`;
  const table = rows.length === 0 ? '' : tableOf(['key', 'value', 'default', 'what'], rows);
  return `## \`${top}\`\n\n${help}${value}${guide}${table}`;
}

const SETTINGS_INTRO = `## Settings

A stack, an environment (\`environments.NAME\`), an entry of \`discover\` and its \`overrides\` have these keys. The default
counts if no place sets the key, not even \`defaults\`. If several places set a key:
[Which value counts](../how-to/configure.md#which-value-counts).

`;

/** All sections of the page. */
export function configurationText(): string {
  const keys = configKeys();
  const tops = [...new Set(keys.map((key) => key.path.replace(/[.[].*$/, '')))];
  const sections = tops.map((top) => {
    const own = keys.filter(
      (key) => key.path === top || key.path.startsWith(`${top}.`) || key.path.startsWith(`${top}[`),
    );
    if (top !== 'settings') return section(top, own, '');
    return `${SETTINGS_INTRO}${section(top, own, 'settings.').replace(/^.*\n\n/, '')}`;
  });
  const hints = sections.map((text) =>
    /^## `(environments|stacks|discover)`/.test(text)
      ? `${text.trimEnd()}\n\nAlso every key of [Settings](#settings).\n`
      : text,
  );
  return hints.join('\n');
}
