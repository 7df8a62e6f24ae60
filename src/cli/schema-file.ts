/** The option `--schema FILE`: a document of `terraform providers schema -json`. */
import { errorText } from '../base/error-text.ts';
import type { Analysis, Json } from '../drift/finding.ts';
import { PlanError } from '../drift/read-plan.ts';
import type { Schema } from '../drift/schema.ts';
import { digestsOf, SchemaError, schemaOf } from '../drift/schema-digest.ts';
import { oneLine } from '../drift/value-text.ts';

const HOW = 'write it with `terraform providers schema -json`';

/** Arguments without the option, and what it names. `problem`: the option is used wrongly. */
export interface SchemaOption {
  readonly rest: readonly string[];
  readonly file: string | undefined;
  readonly problem: string | undefined;
}

/** Takes `--schema FILE` or `--schema=FILE` out of the arguments. */
export function takeSchemaOption(args: readonly string[]): SchemaOption {
  const rest: string[] = [];
  const files: string[] = [];
  let problem: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg.startsWith('--schema=')) files.push(arg.slice('--schema='.length));
    else if (arg === '--schema') {
      i += 1;
      files.push(args[i] ?? '');
    } else rest.push(arg);
  }
  if (files.length > 1) problem = 'more than one --schema';
  else if (files.some((file) => file === '' || file.startsWith('-'))) problem = '--schema names no file';
  return { rest, file: files[0], problem };
}

/**
 * Reads the schemas from the bytes of a file. `where` names it in errors.
 *
 * @throws PlanError if it is something else, or damaged.
 */
export function readSchema(bytes: Uint8Array, where: string): Schema {
  let document: Json;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
  } catch (cause) {
    throw new PlanError(`${where}: holds no complete JSON (${errorText(cause)}); ${HOW}`, { cause });
  }
  try {
    const digests = digestsOf(document);
    if (digests.length === 0) throw new SchemaError('has no provider');
    return schemaOf(digests);
  } catch (cause) {
    if (cause instanceof SchemaError) throw new PlanError(`${where}: ${cause.message}; ${HOW}`, { cause });
    throw cause;
  }
}

/** True if the schema has every resource type in the analysis. */
export function knowsSchema(analysis: Analysis, schema: Schema | undefined): boolean {
  return schema !== undefined && missingTypes(analysis, schema).length === 0;
}

function missingTypes(analysis: Analysis, schema: Schema): readonly string[] {
  const types = new Set([...analysis.findings, ...analysis.noise].map(({ type }) => type));
  return [...types].filter((type) => schema.at(type, []) === undefined).sort();
}

/** The output for a terminal, with a last line about a schema that is missing. */
export function withSchemaNote(
  output: string,
  analysis: Analysis,
  schema: Schema | undefined,
  color: boolean,
): string {
  const note = schemaNote(analysis, schema);
  if (note === undefined) return output;
  return `${output}\n${color ? `\u001b[2m${note}\u001b[0m` : note}\n`;
}

function schemaNote(analysis: Analysis, schema: Schema | undefined): string | undefined {
  const consequence = 'what is a list, a set or computed is judged by the rules of m0';
  if (schema === undefined)
    return `Without the provider's schema: ${consequence} (--schema FILE takes that of \`terraform providers schema -json\`).`;
  const types = missingTypes(analysis, schema);
  if (types.length === 0) return undefined;
  const named = types.slice(0, 5).map(oneLine).join(', ');
  const more = types.length > 5 ? ` and ${types.length - 5} more` : '';
  return `Without the provider's schema of ${named}${more}: ${consequence} there.`;
}
