/** The output of `m0 explain` for a terminal. */
import { assertNever } from '../base/assert-never.ts';
import { actionReasonWords, isCodeChange, isStateOnly, stateOnlyWords } from '../drift/action-reason.ts';
import type { Action, Analysis, AttributeDrift, Finding, JsonDifference } from '../drift/finding.ts';
import { summarize, worstFirst } from '../drift/summary.ts';
import { describeValue, oneLine } from '../drift/value-text.ts';
import { contentLines } from './explain-contents.ts';

/** The longest value in the terminal's diff. `--json` shows values in full. */
const MAX_VALUE = 400;

type Paint = (style: keyof typeof STYLES, text: string) => string;

const STYLES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

/** The whole analysis as a diff. `name`: the plan's name in the first line. */
export function explainDiff(analysis: Analysis, name: string, withNoise: boolean, color: boolean): string {
  const paint: Paint = (style, text) => (color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text);
  const actionable = analysis.findings.filter((finding) => finding.actionable);
  const state = analysis.findings.filter((finding) => !finding.actionable && isStateOnly(finding));
  const others = analysis.findings.filter((finding) => !finding.actionable && !isStateOnly(finding));
  const lines = [paint('bold', summarize(analysis.findings, name))];
  for (const { finding } of worstFirst(actionable)) lines.push('', ...findingLines(finding, paint));
  if (others.length > 0) {
    lines.push(
      '',
      paint('dim', `An apply would change nothing of ${others.length === 1 ? 'this' : 'these'}:`),
    );
    for (const finding of others) lines.push(...findingLines(finding, paint));
  }
  if (state.length > 0) {
    lines.push(
      '',
      paint('dim', `An apply would only write the state of ${state.length === 1 ? 'this' : 'these'}:`),
    );
    for (const finding of state) lines.push(...findingLines(finding, paint));
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
  const head = `${actionMark(finding.action, paint)} ${paint('bold', oneLine(finding.address))}  ${paint('dim', headWords(finding))}`;
  const was =
    finding.previousAddress === undefined || isStateOnly(finding)
      ? []
      : [paint('dim', `    was ${oneLine(finding.previousAddress)}`)];
  const contents = contentLines(finding, MAX_VALUE).map(({ mark, text }) =>
    mark === ' ' ? `    ${text}` : `  ${paint(mark === '+' ? 'green' : 'red', `${mark} ${text}`)}`,
  );
  const attributes = finding.attributes.flatMap((attribute) => attributeLines(attribute, paint));
  return [head, ...was, ...attributes, ...contents];
}

/** Who moved, and what an apply does, with Terraform's reason. */
function headWords(finding: Finding): string {
  const state = stateOnlyWords(finding);
  if (state !== null) return oneLine(state);
  const reason = actionReasonWords(finding);
  const because = reason === null ? '' : ` ${reason}`;
  const doing =
    finding.action === 'none' ? 'no change by an apply' : `an apply would ${finding.action} it${because}`;
  const imports = finding.importing === true ? 'an apply imports it into the state, ' : '';
  if (finding.deletedByHand) return `deleted by hand, ${doing}`;
  const outside =
    finding.origin === 'cloud' &&
    finding.attributes.length > 0 &&
    finding.attributes.every((attribute) => attribute.computed === true);
  const origin = outside ? 'changed outside of the code' : ORIGIN_WORDS[finding.origin];
  return finding.origin === 'code' && !isCodeChange(finding) ? doing : `${imports}${origin}, ${doing}`;
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
