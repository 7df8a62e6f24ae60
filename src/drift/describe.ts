/** What happened to one resource, in a few words. */
import { actionReasonWords, isStateOnly } from './action-reason.ts';
import type { AttributeDrift, Finding } from './finding.ts';
import { readableAttributes } from './readable.ts';
import { oneLine } from './value-text.ts';

/** What happened to one finding, in a few words with its name: "2 tags removed by hand on aws_s3_bucket.logs". */
export function describeFinding(finding: Finding, name = oneLine(finding.address)): string {
  if (finding.deletedByHand) {
    return finding.action === 'create'
      ? `${name} deleted by hand`
      : `${name} deleted by hand${finding.origin === 'both' ? ' and removed from the code' : ''}`;
  }
  if (isStateOnly(finding)) {
    return finding.importing === true
      ? `${name} to be imported into the state`
      : `${name} moved in the state (was ${oneLine(finding.previousAddress ?? '')})`;
  }
  const reason = actionReasonWords(finding);
  switch (finding.action) {
    case 'create':
      return `${name} new in the code`;
    case 'delete':
      return `${name} would be deleted${reason === null ? '' : ` ${reason}`}${byHandToo(finding)}`;
    case 'forget':
      return `${name} to be forgotten by the code${byHandToo(finding)}`;
    case 'replace':
      return `${name} would be deleted and created anew${whyReplaced(finding)}`;
    default:
      break;
  }
  const moved = finding.previousAddress === undefined ? '' : ` (was ${oneLine(finding.previousAddress)})`;
  const imported = finding.importing === true ? ' (to be imported)' : '';
  return `${changesOf(readableAttributes(finding.attributes))} on ${name}${moved}${imported}`;
}

function changesOf(attributes: readonly AttributeDrift[]): string {
  const parts = (['cloud', 'outside', 'both', 'code', 'input'] as const).flatMap((mover) => {
    const some = attributes.filter((attribute) => moverOf(attribute) === mover);
    return some.length === 0 ? [] : [`${changes(some)} ${CHANGED_BY[mover]}`];
  });
  return parts.length === 0 ? 'changed in the code' : parts.join(' and ');
}

/** Terraform's reason, or the attributes that force the replace and who changed them. */
function whyReplaced(finding: Finding): string {
  const reason = actionReasonWords(finding);
  if (reason !== null) return ` ${reason}`;
  const forcing = finding.attributes.filter((attribute) => attribute.forcesReplacement === true);
  const attributes = readableAttributes(forcing.length > 0 ? forcing : finding.attributes);
  return attributes.length === 0 ? '' : ` (${changesOf(attributes)})`;
}

const CHANGED_BY = {
  // A computed value may have changed without anybody's hand.
  outside: 'outside of the code',
  cloud: 'by hand',
  code: 'in the code',
  both: 'by hand and in the code',
  input: 'in the code or what it reads',
} as const;

/** A value computed from a data source may have changed while the code did not. */
function moverOf({ origin, inputs, computed }: AttributeDrift): keyof typeof CHANGED_BY {
  if (origin === 'cloud' && computed === true) return 'outside';
  return origin === 'code' && inputs !== undefined ? 'input' : origin;
}

function byHandToo(finding: Finding): string {
  return finding.attributes.length > 0 ? ', after a change by hand' : '';
}

/** "2 tags removed", "1 rule added", "retention_in_days changed", "4 attributes changed". */
function changes(attributes: readonly AttributeDrift[]): string {
  const [first] = attributes;
  if (first === undefined) return 'nothing';
  const kinds = new Set(attributes.map((attribute) => attribute.kind));
  const kind = kinds.size === 1 ? first.kind : 'changed';
  const nouns = new Set(attributes.map(nounOf));
  const [noun] = nouns;
  if (nouns.size === 1 && noun !== undefined && noun !== 'attribute') {
    return `${attributes.length} ${noun}${attributes.length === 1 ? '' : 's'} ${kind}`;
  }
  if (attributes.length === 1) return `${oneLine(first.path.replaceAll('[*]', ''))} ${kind}`;
  return `${attributes.length} attributes ${kind}`;
}

function nounOf(attribute: AttributeDrift): string {
  if (/^(tags|labels)[.[]/.test(attribute.path)) return attribute.path.startsWith('tags') ? 'tag' : 'label';
  return /^(ingress|egress)\b/.test(attribute.path) ? 'rule' : 'attribute';
}
