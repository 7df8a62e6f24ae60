/** What an apply does, in the few words of a button: `close SSH again`, `put the tags back`. */
import { assertNever } from '../base/assert-never.ts';
import type { Finding } from '../drift/finding.ts';
import { readableAttributes } from '../drift/readable.ts';
import { shortNames } from '../drift/resource-name.ts';
import { undoneByApply } from '../drift/severity.ts';
import { worstFirst } from '../drift/summary.ts';
import { clip, withSeparators } from '../text/words.ts';
import { labelOf } from './rows.ts';
import { sameValue } from './values.ts';

/** The longest name of a resource, in characters: a phone shows about 35 of a button. */
const NAME = 40;

/** What an apply does to a finding. */
type ApplyKind =
  | 'revert'
  | 'remove'
  | 'recreate'
  | 'code'
  | 'overwrite'
  | 'create'
  | 'delete'
  | 'replace'
  | 'forget';

function applyKindOf(finding: Finding): ApplyKind {
  switch (finding.action) {
    case 'create':
      return finding.deletedByHand === true ? 'recreate' : 'create';
    case 'delete':
      return 'delete';
    case 'replace':
      return 'replace';
    case 'forget':
      return 'forget';
    case 'update':
    case 'none': {
      if (finding.origin === 'code') return 'code';
      if (finding.origin === 'both') return 'overwrite';
      const moved = finding.attributes.filter((a) => !sameValue(a.actual, a.desired));
      return moved.length > 0 && moved.every((a) => a.kind === 'added') ? 'remove' : 'revert';
    }
    default:
      return assertNever(finding.action);
  }
}

/** What people call the attributes, e.g. `the rule`, `the tags`; null if there is no better word than the resource. */
function nounOf(findings: readonly Finding[]): string | null {
  const isLeft = (f: Finding, path: string): boolean =>
    f.leavesIgnored?.some((left) => left.path === path) === true;
  const paths = findings.flatMap((f) =>
    readableAttributes(f.attributes)
      .filter((a) => !isLeft(f, a.path))
      .map((a) => labelOf(a.path)),
  );
  const plural = paths.length > 1;
  if (paths.length === 0) return null;
  if (paths.every((p) => p === 'tags' || p.startsWith('tags.') || p.startsWith('tags['))) {
    return plural ? 'the tags' : 'the tag';
  }
  if (paths.every((p) => /^(ingress|egress)\b/.test(p))) return plural ? 'the rules' : 'the rule';
  return null;
}

/**
 * What an apply of the findings does, as an order in small letters: `delete and recreate prod-db`. What is lost is said
 * first.
 */
export function applyWords(findings: readonly Finding[]): string {
  const lost = findings.filter(({ action }) => action === 'delete' || action === 'replace');
  const others = findings.length - lost.length;
  if (lost.length > 0 && others > 0) {
    return `${wordsOf(lost)}, and ${withSeparators(others)} more ${others === 1 ? 'change' : 'changes'}`;
  }
  return wordsOf(findings);
}

function wordsOf(findings: readonly Finding[]): string {
  const kinds = [...new Set(findings.map(applyKindOf))];
  // Removing what was added and restoring what was removed both put the code's values back.
  const back = kinds.every((kind) => kind === 'revert' || kind === 'remove');
  const [first] = findings;
  const kind = kinds.length > 1 && back ? 'revert' : kinds[0];
  if (kind === undefined || first === undefined) return 'apply';
  const [undone] = findings.length === 1 ? [undoneByApply(first)] : [null];
  if (undone !== null) return clip(withoutPort(undone), NAME + 20);
  const codeOnly = kinds.every((one) => one === 'code' || one === 'create');
  if (kinds.length > 1 && !back) {
    if (kinds.every((one) => one === 'delete' || one === 'replace')) return `delete ${these(findings)}`;
    return codeOnly ? 'apply the code' : `apply ${these(findings)} changes`;
  }
  return orderOf(kind, findings);
}

function orderOf(kind: ApplyKind, findings: readonly Finding[]): string {
  const name = nameOf(findings);
  const noun = nounOf(findings);
  switch (kind) {
    case 'revert':
      return noun === null ? `revert ${name}` : `put ${noun} back`;
    case 'remove':
      return noun === null ? `remove what was added to ${name}` : `remove ${noun}`;
    case 'recreate':
      return `create ${name} again`;
    case 'code':
      return 'apply the code';
    case 'overwrite':
      return `overwrite ${name} with the code`;
    case 'create':
      return `create ${name}`;
    case 'delete':
      return `delete ${name}`;
    case 'replace':
      return `delete and recreate ${name}`;
    case 'forget':
      return `forget ${name} (it keeps running)`;
    default:
      return assertNever(kind);
  }
}

/** `web`, or `these 3`. */
function nameOf(findings: readonly Finding[]): string {
  const [only] = findings;
  if (only === undefined || findings.length > 1) return these(findings);
  return clip(shortNames([only])(only), NAME);
}

function these(findings: readonly Finding[]): string {
  const [worst] = worstFirst(findings);
  return worst === undefined ? '' : `these ${withSeparators(findings.length)}`;
}

/** `SSH (22)` is `SSH` where there is little room. */
function withoutPort(words: string): string {
  return words.replace(/ \(\d+\)/, '');
}
