/** Says why a plan does not show everything that is due. */
import { clip, count } from '../text/words.ts';
import type { Json } from './finding.ts';
import { field, isArray } from './json-value.ts';
import type { PlanDocument } from './plan-document.ts';
import type { PlanParts } from './plan-parts.ts';
import type { Scrubber } from './redact.ts';
import { managedIn } from './state-size.ts';

/** How many deferred changes are named; the others are counted. */
const MOST_NAMED = 5;
/** The longest address in a sentence. */
const MAX_ADDRESS = 200;

/**
 * One sentence for each reason, without a full stop; empty if the plan is whole. OpenTofu does not write that a plan
 * was made with `-target` or `-exclude`, so such a plan of OpenTofu looks whole.
 */
export function partialOf(document: PlanDocument, parts: PlanParts, scrub: Scrubber): readonly string[] {
  const deferred = [
    ...deferredIn(document.deferred_changes, 'resource_change'),
    ...deferredIn(document.deferred_action_invocations, 'action_invocation'),
  ];
  const named = deferred.slice(0, MOST_NAMED).map(({ address, reason }) => {
    return `${clip(scrub(address), MAX_ADDRESS)} is deferred${scrub(reason)}`;
  });
  const more = deferred.length - named.length;
  return [
    ...named,
    ...(more > 0 ? [`${count(more, 'more change')} ${more === 1 ? 'is' : 'are'} deferred`] : []),
    // Terraform calls a plan incomplete after -target and after deferrals, and for nothing else.
    ...(document.complete === false && deferred.length === 0
      ? ['it was made with -target, so it leaves out everything else']
      : []),
    ...(isRefreshOnly(parts)
      ? ['it was made with -refresh-only, so it leaves out what the code changes']
      : []),
  ];
}

/** Terraform's reasons (`DeferredReason…` in internal/command/jsonplan/plan.go), in words. */
const REASONS: Readonly<Record<string, string>> = {
  instance_count_unknown: 'how many there will be is known only after an apply',
  resource_config_unknown: 'its code is known only after an apply',
  provider_config_unknown: 'the configuration of its provider is known only after an apply',
  deferred_prereq: 'it depends on something that is deferred',
  absent_prereq: 'it depends on something that does not exist yet',
};

function deferredIn(list: Json | undefined, key: string): { address: string; reason: string }[] {
  return (isArray(list) ? list : []).map((entry) => {
    const [address, reason] = [field(field(entry, key), 'address'), field(entry, 'reason')];
    const why = typeof reason === 'string' ? (REASONS[reason] ?? reason) : '';
    return {
      address: typeof address === 'string' ? address : 'a change without an address',
      reason: why === '' || why === 'unknown' ? '' : ` (${clip(why, MAX_ADDRESS)})`,
    };
  });
}

/** Every other plan lists a change for each resource that exists, if only a `no-op`. */
function isRefreshOnly(parts: PlanParts): boolean {
  if (parts.changes.length > 0) return false;
  const exists = parts.drift.some(
    (entry) => entry.mode === 'managed' && !entry.deposed && entry.after !== null,
  );
  return exists || managedIn(field(field(parts.priorState, 'values'), 'root_module')) > 0;
}
