/** The command `m0 explain`. */
import { basename } from 'node:path';
import { assertNever } from '../base/assert-never.ts';
import { analyzePlan } from '../drift/analyze.ts';
import type { Action, Analysis, AttributeDrift, Finding, JsonDifference } from '../drift/finding.ts';
import { PlanError, readPlan } from '../drift/read-plan.ts';
import { describeValue, oneLine, summarize } from '../drift/summary.ts';

/** The input and output of the explain command. */
export interface ExplainIo {
  out(text: string): void;
  err(text: string): void;
  readonly color: boolean;
  readFile(path: string): Promise<Uint8Array>;
}

const USAGE = 'use: m0 explain PLAN.json [--json] [--noise]';
/** The longest value in the terminal's diff. `--json` shows values in full. */
const MAX_VALUE = 400;

/**
 * `explain PLAN.json [--json] [--noise]`: prints the findings of a plan document, as a diff or as JSON.
 *
 * @returns the exit code: 0 if an apply would change nothing; 1 with actionable findings; 2 if the command is wrong
 * or the input can't be read (one line on `err`).
 */
export async function explain(args: readonly string[], io: ExplainIo): Promise<number> {
  const flags = args.filter((arg) => arg.startsWith('-'));
  const files = args.filter((arg) => !arg.startsWith('-'));
  const unknownFlag = flags.find((flag) => flag !== '--json' && flag !== '--noise');
  const [file] = files;
  if (unknownFlag !== undefined || file === undefined || files.length > 1) {
    const what =
      unknownFlag !== undefined
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
    analysis = analyzePlan(readPlan(await read(file, io), file), { key: 'explain' });
    // The output is complete before anything is printed, because half an answer would mislead.
    output = flags.includes('--json')
      ? `${explainJson(analysis, noise)}\n`
      : diff(analysis, nameOf(file), noise, io.color);
  } catch (error) {
    if (error instanceof PlanError) io.err(`explain: ${oneLine(error.message)}\n`);
    else if (error instanceof RangeError) {
      io.err(`explain: ${oneLine(file)}: is nested too deeply or too big to be judged; is it a plan?\n`);
    } else throw error;
    return 2;
  }
  io.out(output);
  return analysis.findings.some((finding) => finding.actionable) ? 1 : 0;
}

async function read(file: string, io: ExplainIo): Promise<Uint8Array> {
  try {
    return await io.readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why: Record<string, string> = {
      ENOENT: 'no such file; name one written by `terraform show -json PLANFILE`',
      EISDIR: 'is a directory; name a file written by `terraform show -json PLANFILE`',
      EACCES: 'may not be read; give this user the right to',
    };
    throw new PlanError(`${file}: ${why[code] ?? `could not be read (${code}); check the path`}`);
  }
}

/** The name of the plan in the sentence: its folder if the file is just `plan.json`. */
function nameOf(file: string): string {
  const parts = file.split('/').filter((part) => part !== '' && part !== '.' && part !== '..');
  const base = basename(file);
  return /^(plan|tfplan)\.json$/.test(base) ? (parts.at(-2) ?? base) : base;
}

/** The JSON output. Scripts rely on its keys and their order. */
function explainJson(analysis: Analysis, withNoise: boolean): string {
  return JSON.stringify(
    {
      formatVersion: 1,
      findings: analysis.findings.map(findingJson),
      outputs: analysis.outputs.map(({ name, action, sensitive }) => ({ name, action, sensitive })),
      counts: analysis.counts,
      checks: analysis.checks,
      inputs: analysis.inputs,
      ...(withNoise ? { noise: analysis.noise.map(findingJson) } : {}),
    },
    null,
    2,
  );
}

function findingJson(finding: Finding): object {
  const { address, type, origin, action, actionable, attributes, previousAddress, deletedByHand } = finding;
  return { address, type, origin, action, actionable, attributes, previousAddress, deletedByHand };
}

type Paint = (style: keyof typeof STYLES, text: string) => string;

const STYLES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

function diff(analysis: Analysis, name: string, withNoise: boolean, color: boolean): string {
  const paint: Paint = (style, text) => (color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text);
  const actionable = analysis.findings.filter((finding) => finding.actionable);
  const others = analysis.findings.filter((finding) => !finding.actionable);
  const lines = [paint('bold', summarize(analysis.findings, name))];
  for (const finding of actionable) lines.push('', ...findingLines(finding, paint));
  if (others.length > 0) {
    lines.push(
      '',
      paint('dim', `An apply would change nothing of ${others.length === 1 ? 'this' : 'these'}:`),
    );
    for (const finding of others) lines.push(...findingLines(finding, paint));
  }
  if (analysis.outputs.length > 0) {
    lines.push('', 'Outputs that would change:');
    for (const output of analysis.outputs)
      lines.push(`  ${actionMark(output.action, paint)} ${oneLine(output.name)}`);
  }
  lines.push(...asideLines(analysis));
  const count = analysis.counts.noise;
  if (count > 0 && !withNoise) {
    lines.push('', paint('dim', `${count} more that nobody changed (--noise lists them)`));
  }
  if (count > 0 && withNoise) {
    lines.push('', paint('dim', `Noise (${count}):`));
    for (const finding of analysis.noise) lines.push(...findingLines(finding, paint));
  }
  return `${lines.join('\n')}\n`;
}

/** What is not drift: failed conditions of the code, and data sources that only an apply reads. */
function asideLines(analysis: Analysis): string[] {
  const failing = (analysis.checks ?? []).filter((check) => check.status !== 'unknown');
  const failures = failing.map(({ address, problems }) =>
    oneLine([address, ...problems].join(': ').slice(0, MAX_VALUE)),
  );
  const reads = (analysis.inputs ?? []).map(({ address }) => oneLine(address));
  return [
    ...(failures.length > 0 ? ['', `No drift, but the code's own checks fail: ${failures.join('; ')}`] : []),
    ...(reads.length > 0 ? ['', `Read only while applying: ${reads.join(', ')}`] : []),
  ];
}

const ORIGIN_WORDS = {
  cloud: 'changed in the cloud',
  code: 'changed in the code',
  both: 'changed in the cloud and in the code',
};

function findingLines(finding: Finding, paint: Paint): string[] {
  const doing = finding.action === 'none' ? 'no change by an apply' : `an apply would ${finding.action} it`;
  const origin = finding.deletedByHand ? 'deleted by hand' : ORIGIN_WORDS[finding.origin];
  const head = `${actionMark(finding.action, paint)} ${paint('bold', oneLine(finding.address))}  ${paint('dim', `${origin}, ${doing}`)}`;
  const was =
    finding.previousAddress === undefined
      ? []
      : [paint('dim', `    was ${oneLine(finding.previousAddress)}`)];
  return [head, ...was, ...finding.attributes.flatMap((attribute) => attributeLines(attribute, paint))];
}

function actionMark(action: Action, paint: Paint): string {
  switch (action) {
    case 'create':
      return paint('green', '+');
    case 'delete':
      return paint('red', '-');
    case 'replace':
      return paint('red', '±');
    case 'update':
      return paint('yellow', '~');
    case 'forget':
    case 'none':
      return paint('dim', '!');
    default:
      return assertNever(action);
  }
}

function attributeLines(attribute: AttributeDrift, paint: Paint): string[] {
  const notes = [
    ...(attribute.origin === 'both' ? ['both moved'] : [attribute.origin]),
    ...(isLeftInPlace(attribute) ? ['an apply keeps it'] : []),
    ...(attribute.inputs ? [`from ${attribute.inputs.map(oneLine).join(', ')}`] : []),
    ...(attribute.forcesReplacement ? ['forces replacement'] : []),
  ];
  const note = paint('dim', `  (${notes.join(', ')})`);
  if (attribute.json !== undefined) {
    const head = `  ${paint('yellow', '~')} ${oneLine(attribute.path)}${note}`;
    return [
      head,
      ...attribute.json.flatMap((inner) => valueLines(inner, attribute.origin, '    ', '', paint)),
    ];
  }
  return valueLines(attribute, attribute.origin, '  ', note, paint);
}

/** True if the cloud changed and the plan does not change it back. */
function isLeftInPlace(attribute: AttributeDrift): boolean {
  const { recorded, actual, desired } = attribute;
  const [recordedText, actualText, desiredText] = [recorded, actual, desired].map((value) =>
    JSON.stringify(value),
  );
  return attribute.origin === 'cloud' && actualText === desiredText && recordedText !== actualText;
}

/** Before and after: recorded -> actual if the cloud changed, recorded -> desired if the code changed. */
function valueLines(
  place: AttributeDrift | JsonDifference,
  origin: AttributeDrift['origin'],
  indent: string,
  note: string,
  paint: Paint,
): string[] {
  const path = oneLine(place.path);
  const recorded = describeValue(place.recorded, MAX_VALUE);
  const next = describeValue(origin === 'code' ? place.desired : place.actual, MAX_VALUE);
  const wanted =
    origin === 'both' ? ` ${paint('dim', `code wants ${describeValue(place.desired, MAX_VALUE)}`)}` : '';
  switch (place.kind) {
    case 'added':
      return [`${indent}${paint('green', `+ ${path}: ${next}`)}${wanted}${note}`];
    case 'removed':
      return [`${indent}${paint('red', `- ${path}: ${recorded}`)}${wanted}${note}`];
    case 'changed':
      return [
        `${indent}${paint('yellow', `~ ${path}:`)} ${paint('red', recorded)} → ${paint('green', next)}${wanted}${note}`,
      ];
    default:
      return assertNever(place.kind);
  }
}
