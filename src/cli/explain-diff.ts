/** The output of `m0 explain` for a terminal. */
import { assertNever } from '../base/assert-never.ts';
import { actionReasonWords, isCodeChange, isStateOnly, stateOnlyWords } from '../drift/action-reason.ts';
import { type AlikeGroup, alikeWords, groupAlike } from '../drift/alike.ts';
import { besideLines, invocationText } from '../drift/beside.ts';
import type { Analysis, AttributeDrift, Finding, JsonDifference, ShownValue } from '../drift/finding.ts';
import { type HappenedMark, happenedMark } from '../drift/happened.ts';
import { readableAttributes } from '../drift/readable.ts';
import { wideningAttributes } from '../drift/severity.ts';
import { summarizeAnalysis, worstFirst } from '../drift/summary.ts';
import { longTexts, readableLines, textDiff } from '../drift/text-diff.ts';
import { describeChange } from '../drift/value-change.ts';
import { describeValue, oneLine } from '../drift/value-text.ts';
import { contentLines } from './explain-contents.ts';

/** The longest value in the terminal's diff, and the most lines of a text's. `--json` shows values in full. */
const MAX_VALUE = 400;
const MAX_LINES = 200;
/** Unchanged lines around each changed line of a text. */
const CONTEXT = 2;

type Paint = (style: keyof typeof STYLES, text: string) => string;

const STYLES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

/** The whole analysis as a diff. `name`: the plan's name in the first line. */
export function explainDiff(analysis: Analysis, name: string, withNoise: boolean, color: boolean): string {
  const paint: Paint = (style, text) => (color ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text);
  const actionable = analysis.findings.filter((finding) => finding.actionable);
  const state = analysis.findings.filter((finding) => !finding.actionable && isStateOnly(finding));
  const others = analysis.findings.filter((finding) => !finding.actionable && !isStateOnly(finding));
  const [summary, ...reservations] = summarizeAnalysis(analysis, name);
  const lines = [paint('bold', summary), ...reservations.map((line) => paint('yellow', line))];
  // One by one, because a call can't take all lines of a long text as its arguments.
  const addGroups = (groups: readonly AlikeGroup<Finding>[], ...before: readonly string[]): void => {
    lines.push(...before);
    for (const line of groups.flatMap((group) => findingLines(group, paint))) lines.push(line);
  };
  const ordered = worstFirst(actionable).map(({ finding }) => finding);
  for (const group of groupAlike(ordered, itself)) addGroups([group], '');
  if (others.length > 0) {
    lines.push(
      '',
      paint('dim', `An apply would change nothing of ${others.length === 1 ? 'this' : 'these'}:`),
    );
    addGroups(groupAlike(others, itself));
  }
  if (state.length > 0) {
    lines.push(
      '',
      paint('dim', `An apply would only write the state of ${state.length === 1 ? 'this' : 'these'}:`),
    );
    addGroups(groupAlike(state, itself));
  }
  if (analysis.outputs.length > 0) {
    lines.push('', 'Outputs that would change:');
    for (const output of analysis.outputs)
      lines.push(`  ${painted(OUTPUT_MARK[output.action], paint)} ${oneLine(output.name)}`);
  }
  lines.push(...asideLines(analysis));
  const count = analysis.counts.noise;
  if (count > 0 && !withNoise) {
    lines.push('', paint('dim', `${count} more that nobody changed (--noise lists them)`));
  }
  if (count > 0 && withNoise) {
    lines.push('', paint('dim', `Noise (${count}):`));
    addGroups(groupAlike(analysis.noise, itself));
  }
  return `${lines.join('\n')}\n`;
}

/** What is not drift: failed conditions of the code, and data sources that only an apply reads. */
function asideLines(analysis: Analysis): string[] {
  const failing = (analysis.checks ?? []).filter((check) => check.status !== 'unknown');
  const failures = failing.map(({ address, problems }) =>
    oneLine([address, ...problems].join(': ').slice(0, MAX_VALUE)),
  );
  const beside = besideLines(analysis.changes, analysis.findings);
  const reads = (analysis.inputs ?? []).map(({ address }) => oneLine(address));
  return [
    ...beside.flatMap(({ words, items }) => ['', `${words}: ${items.join('; ')}`]),
    ...(failures.length > 0 ? ['', `No drift, but the code's own checks fail: ${failures.join('; ')}`] : []),
    ...(reads.length > 0 ? ['', `Read only while applying: ${reads.join(', ')}`] : []),
  ];
}

const ORIGIN_WORDS = {
  cloud: 'changed in the cloud',
  code: 'changed in the code',
  both: 'changed in the cloud and in the code',
};

const itself = (finding: Finding): Finding => finding;

/** One finding, or all that read the same. */
function findingLines(group: AlikeGroup<Finding>, paint: Paint): string[] {
  const [finding] = group.items;
  const alike = alikeWords(group, itself);
  const head = `${painted(happenedMark(finding), paint)} ${paint('bold', oneLine(group.address))}  ${paint('dim', headWords(finding))}`;
  const instances = alike === null ? [] : [paint('dim', `    ${oneLine(alike)} (--json lists each)`)];
  const was =
    finding.previousAddress === undefined || isStateOnly(finding)
      ? []
      : [paint('dim', `    was ${oneLine(finding.previousAddress)}`)];
  const contents = contentLines(finding, MAX_VALUE).map(({ mark, text, widens }) =>
    mark === ' ' ? `    ${text}` : `  ${paint(mark === '+' && !widens ? 'green' : 'red', `${mark} ${text}`)}`,
  );
  const readable = readableAttributes(finding.attributes);
  const widening = wideningAttributes(finding, readable);
  // What was opened is never green.
  const alarm: Paint = (style, text) => paint(style === 'green' ? 'red' : style, text);
  const attributes = readable.flatMap((attribute) =>
    attributeLines(attribute, widening.has(attribute) ? alarm : paint),
  );
  return [head, ...instances, ...was, ...attributes, ...contents, ...sideLines(finding, paint)];
}

/** What comes with the change: actions that are invoked, and values that follow. */
function sideLines({ invokes = [], follows = [] }: Finding, paint: Paint): string[] {
  const more = follows.length === 1 ? '1 computed value follows' : `${follows.length} computed values follow`;
  return [
    ...invokes.map((one) => `    ${paint('yellow', `an apply invokes ${invocationText(one)}`)}`),
    ...(follows.length === 0
      ? []
      : [`    ${paint('dim', `and ${more}: ${follows.map(oneLine).join(', ')}`)}`]),
  ];
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

const OUTPUT_MARK = { create: '+', update: '~', delete: '-' } as const;
const MARK_STYLE = { '+': 'green', '-': 'red', '~': 'yellow', '!': 'dim' } as const;

function painted(mark: HappenedMark, paint: Paint): string {
  return paint(MARK_STYLE[mark], mark);
}

function attributeLines(attribute: AttributeDrift, paint: Paint): string[] {
  const notes = [
    ...(attribute.origin === 'both' ? ['both moved'] : [attribute.origin]),
    ...(isLeftInPlace(attribute) ? ['an apply keeps it'] : []),
    ...(attribute.inputs ? [`from ${attribute.inputs.map(oneLine).join(', ')}`] : []),
    ...(attribute.forcesReplacement ? ['forces replacement'] : []),
    ...(attribute.orderOnly ? ['only the order differs'] : []),
    ...(attribute.unsteady ? ['computed anew in every plan, so no approval of it can hold'] : []),
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
  const { decoded } = place;
  const [recorded, actual, desired] = (['recorded', 'actual', 'desired'] as const).map(
    (name) => decoded?.[name] ?? place[name],
  ) as [ShownValue, ShownValue, ShownValue];
  const from = place.kind === 'added' ? null : recorded;
  const to = place.kind === 'removed' ? null : origin === 'code' ? desired : actual;
  const { before, after, hint } = describeChange(from, to, MAX_VALUE);
  const hints = [hint, decoded === undefined ? null : 'decoded from base64'].filter((one) => one !== null);
  const texts = longTexts(from, to);
  const wanted = origin === 'both' && texts === null ? wantedWords(desired, paint) : '';
  const tail = `${wanted}${hints.map((one) => paint('dim', `  (${one})`)).join('')}${note}`;
  if (texts !== null) {
    const lines = textLines(texts, `${indent}    `, paint);
    const third = origin === 'both' ? longTexts(recorded, desired) : null;
    const coded =
      third === null
        ? []
        : [`${indent}    ${paint('dim', 'the code wants:')}`, ...textLines(third, `${indent}    `, paint)];
    return [`${indent}${paint('yellow', `~ ${path}:`)}${tail}`, ...lines, ...coded];
  }
  switch (place.kind) {
    case 'added':
      return [`${indent}${paint('green', `+ ${path}: ${describeValue(to, MAX_VALUE)}`)}${tail}`];
    case 'removed':
      return [`${indent}${paint('red', `- ${path}: ${describeValue(from, MAX_VALUE)}`)}${tail}`];
    case 'changed':
      return [
        `${indent}${paint('yellow', `~ ${path}:`)} ${paint('red', before)} → ${paint('green', after)}${tail}`,
      ];
    default:
      return assertNever(place.kind);
  }
}

function wantedWords(desired: ShownValue, paint: Paint): string {
  return ` ${paint('dim', `code wants ${describeValue(desired, MAX_VALUE)}`)}`;
}

/** The changed lines of a text with their neighbours, each part under the number of its first line. */
function textLines(
  { before, after }: { readonly before: string; readonly after: string },
  indent: string,
  paint: Paint,
): string[] {
  const { hunks, lineEnds } = textDiff(before, after, CONTEXT);
  const lines = hunks.flatMap((hunk) => [
    paint('dim', `line ${hunk.line}:`),
    ...readableLines(hunk.lines, MAX_VALUE).map(({ sign, text }) => {
      const line = `${sign} ${oneLine(text)}`.trimEnd();
      return sign === ' ' ? line : paint(sign === '+' ? 'green' : 'red', line);
    }),
  ]);
  const more = lines.length - MAX_LINES;
  const shown =
    more > 1 ? [...lines.slice(0, MAX_LINES), paint('dim', `and ${more} more lines of this diff`)] : lines;
  const ends = lineEnds ? [paint('dim', 'the line ends differ')] : [];
  return [...ends, ...shown].map((line) => `${indent}${line}`);
}
