/** The command `m0 explain`. */
import { basename } from 'node:path';
import { analyzePlan } from '../drift/analyze.ts';
import type { Analysis } from '../drift/finding.ts';
import { PlanError, readPlan } from '../drift/read-plan.ts';
import { oneLine } from '../drift/value-text.ts';
import type { ExitCode } from './commands.ts';
import { explainJson } from './explain-json.ts';
import { inflate, inputName, STANDARD_INPUT } from './plan-input.ts';
import { knowsSchema, readSchema, takeSchemaOption, withSchemaNote } from './schema-file.ts';

/** The input and output of the explain command. */
export interface ExplainIo {
  out(text: string): void;
  err(text: string): void;
  readonly color: boolean;
  readFile(path: string): Promise<Uint8Array>;
  /** All of standard input, for the file name `-`. Without it, `-` is refused. */
  readStdin?(): Promise<Uint8Array>;
}

const PLAN_HOW = '`terraform show -json PLANFILE`';
const SCHEMA_HOW = '`terraform providers schema -json`';
const USAGE = 'use: m0 explain PLAN.json|- [--json] [--noise] [--schema FILE]';

/**
 * `explain PLAN.json|- [--json] [--noise] [--schema FILE]`: prints the findings of a plan document, as a diff or as
 * JSON. `-` reads standard input. FILE is a document of `terraform providers schema -json`. Both documents may be
 * compressed with gzip.
 *
 * @returns the exit code: 0 if an apply would change nothing; 1 with actionable findings; 2 if the command is wrong
 * or the input can't be read (one line on `err`).
 */
export async function explain(typed: readonly string[], io: ExplainIo): Promise<ExitCode> {
  const { rest: args, file: schemaFile, problem } = takeSchemaOption(typed);
  const isFlag = (arg: string): boolean => arg.startsWith('-') && arg !== STANDARD_INPUT;
  const flags = args.filter(isFlag);
  const files = args.filter((arg) => !isFlag(arg));
  const unknownFlag = flags.find((flag) => flag !== '--json' && flag !== '--noise');
  const [file] = files;
  if (problem !== undefined || unknownFlag !== undefined || file === undefined || files.length > 1) {
    const what =
      problem !== undefined
        ? `explain: ${problem}`
        : unknownFlag !== undefined
          ? `explain: unknown option ${oneLine(unknownFlag)}`
          : file === undefined
            ? 'explain: no plan named'
            : 'explain: more than one plan named';
    io.err(`${what}; ${USAGE}\n`);
    return 2;
  }
  const noise = flags.includes('--noise');
  let analysis: Analysis;
  let output: string;
  try {
    // Fingerprints are not shown here, so the key does not matter.
    const schema =
      schemaFile === undefined ? undefined : readSchema(await read(schemaFile, io, SCHEMA_HOW), schemaFile);
    const options = schema === undefined ? { key: 'explain' } : { key: 'explain', schema };
    analysis = analyzePlan(readPlan(await read(file, io), inputName(file)), options);
    // The output is complete before anything is printed, because half an answer would mislead.
    output = flags.includes('--json')
      ? `${explainJson(analysis, noise, knowsSchema(analysis, schema))}\n`
      : withSchemaNote(
          (await import('./explain-diff.ts')).explainDiff(analysis, nameOf(file), noise, io.color),
          analysis,
          schema,
          io.color,
        );
  } catch (error) {
    if (error instanceof PlanError) io.err(`explain: ${oneLine(error.message)}\n`);
    else if (error instanceof RangeError) {
      io.err(
        `explain: ${oneLine(inputName(file))}: is nested too deeply or too big to be judged; is it a plan?\n`,
      );
    } else throw error;
    return 2;
  }
  io.out(output);
  return analysis.findings.some((finding) => finding.actionable) ? 1 : 0;
}

async function read(file: string, io: ExplainIo, how = PLAN_HOW): Promise<Uint8Array> {
  if (file === STANDARD_INPUT) {
    if (io.readStdin === undefined) throw new PlanError(`standard input: can't be read here; name a file`);
    return inflate(await io.readStdin(), inputName(file));
  }
  let bytes: Uint8Array;
  try {
    bytes = await io.readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why: Record<string, string> = {
      ENOENT: `no such file; name one written by ${how}`,
      EISDIR: `is a directory; name a file written by ${how}`,
      EACCES: 'may not be read; give this user the right to',
    };
    throw new PlanError(`${file}: ${why[code] ?? `could not be read (${code}); check the path`}`);
  }
  return inflate(bytes, file);
}

/** The name of the plan in the sentence: its folder if the file is just `plan.json`. */
function nameOf(file: string): string {
  if (file === STANDARD_INPUT) return inputName(file);
  const parts = file.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  const base = basename(file);
  return /^(plan|tfplan)\.json(\.gz)?$/.test(base) ? (parts.at(-2) ?? base) : base;
}
