/** What an apply would do to the cloud, in words: for the confirmation dialog and for the button's label. */
import { assertNever } from '../base/assert-never.ts';
import type { AttributeDrift, Finding } from '../drift/finding.ts';
import { readableAttributes } from '../drift/readable.ts';
import { shortNames } from '../drift/resource-name.ts';
import { openedByApply } from '../drift/severity.ts';
import { worstFirst } from '../drift/summary.ts';
import { describeChange } from '../drift/value-change.ts';
import { describeValue } from '../drift/value-text.ts';
import { capitalize, count, listed } from '../text/words.ts';
import { labelOf, shownAt } from './rows.ts';
import { textSize } from './text-rows.ts';
import { sameValue } from './values.ts';

/** The longest value in a sentence, in characters. */
const VALUE = 60;

type Verb = 'removes' | 'puts back' | 'adds' | 'changes' | 'creates' | 'deletes' | 'replaces' | 'forgets';

interface Change {
  readonly verb: Verb;
  readonly what: string;
  /** The resource that is changed; null if `what` is the resource. */
  readonly on: string | null;
}

/** What an apply does to one attribute of a resource that stays: from actual to desired. */
function attributeChange(attribute: AttributeDrift, address: string): readonly Change[] {
  const label = labelOf(attribute.path);
  const { actual, desired } = attribute;
  const change = (verb: Verb, what: string): readonly Change[] => [{ verb, what, on: address }];
  if (attribute.leftInPlace === true) return [];
  // Two hidden secrets look equal. They differ, because otherwise the attribute would not be listed.
  if (attribute.sensitive) return change('changes', `${label} (sensitive)`);
  if (sameValue(actual, desired)) return [];
  if (attribute.json !== undefined && attribute.json.length > 0) {
    const inner = attribute.json.filter((j) => !sameValue(j.actual, j.desired)).map((j) => j.path);
    return change('changes', inner.length === 0 ? label : `${label} (${inner.join(', ')})`);
  }
  const [now, wanted] = [shownAt(attribute, 'actual'), shownAt(attribute, 'desired')].map(
    (shown) => shown.decoded ?? shown.value,
  ) as [AttributeDrift['actual'], AttributeDrift['desired']];
  const size = textSize(now, wanted);
  const show = (value: typeof now): string => (size === null ? describeValue(value, VALUE) : `(${size})`);
  if (desired === null) return change('removes', `${label} ${show(now)}`);
  if (actual === null)
    return change(attribute.recorded === null ? 'adds' : 'puts back', `${label} ${show(wanted)}`);
  if (size !== null) return change('changes', `${label} (${size})`);
  const { before, after, hint } = describeChange(now, wanted, VALUE);
  return change('changes', `${label} ${before} → ${after}${hint === null ? '' : ` (${hint})`}`);
}

function changesOf(finding: Finding): readonly Change[] {
  const { address } = finding;
  const whole = (verb: Verb, what: string): readonly Change[] => [{ verb, what, on: null }];
  switch (finding.action) {
    case 'create':
      return whole('creates', `${address}${opening(finding)}`);
    case 'delete':
      return whole('deletes', address);
    case 'replace':
      return whole('replaces', `${address} (deletes it and creates it anew)${opening(finding)}`);
    case 'forget':
      return whole('forgets', `${address} (it stays in the cloud)`);
    case 'update': {
      const changes = readableAttributes(finding.attributes).flatMap((a) => attributeChange(a, address));
      return changes.length > 0 ? changes : whole('changes', address);
    }
    case 'none':
      return [];
    default:
      return assertNever(finding.action);
  }
}

/** ` that opens SSH (22) to the world (0.0.0.0/0)`: the worst that the apply opens or allows. */
function opening(finding: Finding): string {
  const opened = openedByApply(finding);
  const more = opened.length > 1 ? ` and ${opened.length - 1} more` : '';
  return opened.length === 0 ? '' : ` that ${opened[0]}${more}`;
}

/** The changes, grouped by resource. */
function resources(changes: readonly Change[]): string {
  const places = [...new Set(changes.map((c) => c.on))];
  return places
    .map((on) => {
      const what = changes.filter((c) => c.on === on).map((c) => c.what);
      return on === null ? what.join(', ') : `${what.join(', ')} on ${on}`;
    })
    .join('; ');
}

function sentences(changes: readonly Change[]): string {
  const verbs = [...new Set(changes.map((c) => c.verb))];
  return verbs
    .map((verb) => {
      const some = changes.filter((c) => c.verb === verb);
      // Rows on the card say what happened, so an arrow in the dialog says which way it points.
      const arrow = some.some((c) => c.what.includes(' → ')) ? ' (now → after)' : '';
      return `${capitalize(verb)}${arrow}: ${resources(some)}.`;
    })
    .join(' ');
}

/** Changes that can't be undone come first, so that they are never the ones left out. */
const BY_SEVERITY: readonly Verb[] = [
  'deletes',
  'replaces',
  'forgets',
  'removes',
  'changes',
  'puts back',
  'adds',
  'creates',
];

/** What opens or allows something comes right after what can't be undone. */
function orderOf({ verb, opens }: { readonly verb: Verb; readonly opens: boolean }): number {
  const at = BY_SEVERITY.indexOf(verb);
  return opens && at > BY_SEVERITY.indexOf('forgets') ? BY_SEVERITY.indexOf('forgets') + 0.5 : at;
}

/**
 * What an apply of the findings would do, as sentences of at most `max` characters together: `Removes: ingress
 * 22/tcp from 203.0.113.7/32 on aws_security_group.web.` Changes that do not fit are counted. If not even one fits,
 * the result is only a count, which may be longer than `max`.
 */
export function describeChanges(findings: readonly Finding[], max: number): string {
  const changes = worstFirst(findings)
    .map(({ finding }) => ({ finding, opens: openedByApply(finding).length > 0 }))
    .flatMap(({ finding, opens }) => changesOf(finding).map((change) => ({ ...change, opens })))
    .sort((a, b) => orderOf(a) - orderOf(b));
  // Each change needs at least one character, so more than `max` of them never fit.
  let shown = Math.min(changes.length, max);
  for (; shown > 0; shown -= 1) {
    const left = changes.length - shown;
    const rest = left === 0 ? '' : ` And ${count(left, 'more change')}: see the full diff.`;
    const text = `${sentences(changes.slice(0, shown))}${rest}`;
    if (text.length <= max) return text;
  }
  const totals = [...new Set(changes.map((c) => c.verb))].map(
    (verb) => `${verb} ${changes.filter((c) => c.verb === verb).length}`,
  );
  return `${capitalize(totals.join(', '))}: see the full diff.`;
}

/**
 * What is so in the cloud now and stays if the finding is accepted: `ingress 22/tcp from 203.0.113.7/32 on web`,
 * `logs without tags.Owner`.
 */
export function keptWords(finding: Finding): string {
  const name = shortNames([finding])(finding);
  if (finding.deletedByHand === true) return `${name}, which was deleted by hand,`;
  if (finding.action === 'create') return `${name}, which the code would create,`;
  const values: string[] = [];
  const missing: string[] = [];
  for (const attribute of readableAttributes(finding.attributes)) {
    if (attribute.leftInPlace === true) continue;
    const label = labelOf(attribute.path);
    const { value } = shownAt(attribute, 'actual');
    if (attribute.sensitive) values.push(`${label} (sensitive)`);
    else if (value === null) missing.push(label);
    else values.push(`${label} ${describeValue(value, VALUE)}`);
  }
  const where = values.length === 0 ? name : `${listed(values)} on ${name}`;
  return missing.length === 0 ? where : `${where} without ${listed(missing)}`;
}

/** True if an apply would open something or allow more than before. */
export function opensAccess(findings: readonly Finding[]): boolean {
  return findings.some((finding) => openedByApply(finding).length > 0);
}

/** True if an apply would delete or replace a resource. */
export function destroys(findings: readonly Finding[]): boolean {
  return findings.some((f) => f.action === 'delete' || f.action === 'replace');
}
