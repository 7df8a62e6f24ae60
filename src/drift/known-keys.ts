/** Finds what m0 does not know in a plan and what may carry changes. */
import { clip } from '../text/words.ts';
import type { Json } from './finding.ts';
import { isArray, isEmpty, isObject, type JsonObject } from './json-value.ts';
import type { PlanDocument } from './plan-document.ts';
import type { Scrubber } from './redact.ts';

/*
 * The keys that Terraform up to 1.15 and OpenTofu up to 1.13 write: `plan`, `Change`, `ResourceChange` and
 * `ActionInvocation` in internal/command/jsonplan of both, and those of earlier versions.
 */
const PLAN = new Set([
  ...['format_version', 'terraform_version', 'variables', 'planned_values', 'proposed_unknown'],
  ...['resource_drift', 'resource_changes', 'deferred_changes', 'deferred_action_invocations'],
  ...['output_changes', 'action_invocations', 'prior_state', 'configuration', 'relevant_attributes'],
  ...['checks', 'condition_results', 'timestamp', 'applyable', 'complete', 'errored'],
]);
const ENTRY = new Set([
  ...['address', 'previous_address', 'module_address', 'mode', 'type', 'name', 'index', 'index_unknown'],
  ...['provider_name', 'deposed', 'change', 'action_reason'],
]);
const CHANGE = new Set([
  ...['actions', 'before', 'after', 'after_unknown', 'before_sensitive', 'after_sensitive'],
  ...['replace_paths', 'importing', 'generated_config', 'before_identity', 'after_identity'],
]);
const INVOCATION = new Set([
  ...['address', 'type', 'name', 'provider_name', 'config_values', 'config_sensitive', 'config_unknown'],
  ...['lifecycle_action_trigger', 'invoke_action_trigger'],
]);
/** What `mode` may be. Ephemeral resources are in no state, and an apply changes nothing of them. */
const MODES = new Set<Json | undefined>(['managed', 'data', 'ephemeral', undefined]);

/** Words in the name of a plan's key that suggest changes, if its value alone does not tell. */
const SUGGESTS_CHANGES =
  /chang|action|invo|defer|drift|creat|updat|delet|destr|remov|replac|import|mov|forget|appl|partial|complete|target|exclud|error/i;

/** How many unknown keys are named; the others are counted. */
const MOST_NAMED = 10;
/** The longest place in a sentence. */
const MAX_PLACE = 200;

/**
 * One sentence, without a full stop, for each key that m0 does not know and that may carry changes; empty for a plan
 * that m0 knows. Values that are null, false or empty carry none.
 */
export function notUnderstoodOf(document: PlanDocument, scrub: Scrubber): readonly string[] {
  const found = new Found(scrub);
  for (const key in document) {
    if (!PLAN.has(key) && mayCarryChanges(key, document[key])) found.add('', key, '');
  }
  const [entryKeys, changeKeys] = [new KeyCheck(ENTRY), new KeyCheck(CHANGE)];
  for (const list of ['resource_changes', 'resource_drift'] as const) {
    eachEntry(document[list], (entry, i) => {
      for (const key of entryKeys.unknown(entry)) found.add(`${list}[${i}]`, key, list);
      if (!MODES.has(entry.mode)) found.add(`${list}[${i}]`, `mode ${JSON.stringify(entry.mode)}`, list);
      for (const key of changeKeys.unknown(entry.change)) {
        found.add(`${list}[${i}].change`, key, `${list}.change`);
      }
    });
  }
  const outputs = document.output_changes;
  for (const [name, change] of isObject(outputs) ? Object.entries(outputs) : []) {
    for (const key of changeKeys.unknown(change)) found.add(`output_changes.${name}`, key, 'output_changes');
  }
  const invocationKeys = new KeyCheck(INVOCATION);
  eachEntry(document.action_invocations, (entry, i) => {
    for (const key of invocationKeys.unknown(entry)) {
      found.add(`action_invocations[${i}]`, key, 'action_invocations');
    }
  });
  return found.sentences();
}

function mayCarryChanges(key: string, value: Json | undefined): boolean {
  if (value === false || isEmpty(value)) return false;
  return typeof value === 'object' || SUGGESTS_CHANGES.test(key);
}

function eachEntry(list: Json | undefined, visit: (entry: JsonObject, i: number) => void): void {
  if (!isArray(list)) return;
  for (let i = 0; i < list.length; i++) {
    const entry = list[i];
    if (isObject(entry)) visit(entry, i);
  }
}

const NONE: readonly string[] = [];

/**
 * Looks for unknown keys. It runs for every resource of a plan, and nearly all have the same keys in the same order,
 * so an object is first compared with the last one that had no others.
 */
class KeyCheck {
  readonly #known: ReadonlySet<string>;
  #last: readonly string[] = NONE;

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  /** The keys of the object that are not known and whose values may carry changes. */
  unknown(object: Json | undefined): readonly string[] {
    if (!isObject(object)) return NONE;
    const last = this.#last;
    let at = 0;
    for (const key in object) {
      if (key !== last[at]) return this.#compare(object);
      at += 1;
    }
    return NONE;
  }

  #compare(object: JsonObject): readonly string[] {
    const keys = Object.keys(object);
    const unknown = keys.filter((key) => !this.#known.has(key));
    if (unknown.length > 0) return unknown.filter((key) => object[key] !== false && !isEmpty(object[key]));
    this.#last = keys;
    return NONE;
  }
}

/** Unknown keys, each with its first place and the number of its places. */
class Found {
  readonly #scrub: Scrubber;
  readonly #places = new Map<string, { readonly first: string; times: number }>();

  constructor(scrub: Scrubber) {
    this.#scrub = scrub;
  }

  /** `kind`: the place without its index, so that the same key of many resources counts as one. */
  add(place: string, key: string, kind: string): void {
    const id = `${kind}.${key}`;
    const known = this.#places.get(id);
    if (known !== undefined) known.times += 1;
    else this.#places.set(id, { first: place === '' ? key : `${place}.${key}`, times: 1 });
  }

  sentences(): string[] {
    const all = [...this.#places.values()];
    const named = all.slice(0, MOST_NAMED).map(({ first, times }) => {
      const more = times > 1 ? ` and in ${times - 1} more places` : '';
      const place = clip(this.#scrub(first), MAX_PLACE);
      return `the plan has ${place}${more}, which m0 does not know: update m0`;
    });
    const left = all.length - named.length;
    return left > 0 ? [...named, `the plan has ${left} more keys that m0 does not know: update m0`] : named;
  }
}
