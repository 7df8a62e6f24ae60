/** Why something was decided: which policy, which rule, with which words, from which commit. */
import { assertNever } from '../base/assert-never.ts';
import type { Reason } from '../decisions/decision.ts';
import { clip, shortCommit } from '../text/words.ts';
import type { Span } from './card.ts';
import { ruleLink } from './links.ts';
import { placeWords } from './reason-words.ts';
import { code, dotted, strong, text } from './spans.ts';
import type { LinkFacts } from './view-links.ts';

/** The most reasons on a card, and the longest one in characters. */
const SHOWN = 6;
const LENGTH = 200;

/** The effect of a rule; empty if its own text says it. */
function leadsTo(rule: Reason['rule']): string {
  switch (rule) {
    case 'allow':
      return ' → apply';
    case 'pending':
    case 'error':
      return ' → a person';
    case 'deny':
      return ' → nobody may apply it';
    case 'warn':
    case 'silent':
    case 'm0':
      return '';
    default:
      return assertNever(rule);
  }
}

/** `approvals@a1b2c3d`; `m0` if the reason is m0's own. */
export function policyName(reason: Reason): string {
  if (reason.policy === null) return 'm0';
  return reason.commit === null ? reason.policy : `${reason.policy}@${shortCommit(reason.commit)}`;
}

/** The text of a reason, without the policy's name. */
export function reasonWords(reason: Reason, max = LENGTH): string {
  const words = clip(reason.text, max);
  // A warning stands apart from the finding that it is about.
  const about = reason.rule === 'warn' && reason.address !== undefined ? `${clip(reason.address, 60)}: ` : '';
  const head = reason.rule === 'error' ? `could not decide: ${words}` : `${about}${words}`;
  return `${head}${leadsTo(reason.rule)}`;
}

/** The rule and where it is defined; null if the reason is not from a rule. */
export function ruleWords(reason: Reason): string | null {
  switch (reason.rule) {
    case 'deny':
    case 'pending':
    case 'allow':
    case 'warn':
      return reason.at === undefined ? reason.rule : `${reason.rule} · ${placeWords(reason.at)}`;
    case 'error':
    case 'silent':
    case 'm0':
      return null;
    default:
      return assertNever(reason.rule);
  }
}

function distinct(reasons: readonly Reason[]): readonly Reason[] {
  const seen = new Set<string>();
  return reasons.filter((r) => {
    const key = JSON.stringify([r.policy, r.commit, r.rule, r.text, r.rule === 'warn' ? r.address : null]);
    return seen.has(key) ? false : Boolean(seen.add(key));
  });
}

/** The places of the rules, each once, as links. */
function ruleLinks(reasons: readonly Reason[], links: LinkFacts | undefined): readonly Span[] {
  const found = reasons.flatMap((reason) => ruleLink(reason, links) ?? []);
  const seen = new Set<string>();
  return found
    .filter((span) => span.type === 'link' && !seen.has(span.url) && Boolean(seen.add(span.url)))
    .flatMap((span) => [text(', '), span]);
}

/**
 * The reasons in one line, without duplicates, grouped by policy: `metadata only → apply · security group → a
 * person (approvals@a1b2c3d, network.rego:12)`. With `links`, the places of the rules are links.
 */
export function reasonSpans(reasons: readonly Reason[], links?: LinkFacts): readonly Span[] {
  const all = distinct(reasons);
  const shown = all.slice(0, SHOWN);
  const names = [...new Set(shown.map(policyName))];
  const groups = names.map((name): readonly Span[] => {
    const own = shown.filter((r) => policyName(r) === name);
    const words = text(own.map((r) => reasonWords(r)).join(' · '));
    if (name === 'm0') return [strong('m0'), text(': '), words];
    return [words, text(' ('), code(name), ...ruleLinks(own, links), text(')')];
  });
  const more = all.length - shown.length;
  return dotted(more > 0 ? [...groups, [text(`and ${more} more`)]] : groups);
}
