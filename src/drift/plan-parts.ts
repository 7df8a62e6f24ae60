/** Splits a plan document into the parts that the analysis uses, and checks their form. */
import { type InvocationEntry, invocationEntries } from './action-invocations.ts';
import type { Json } from './finding.ts';
import { hasTrue, isArray, isObject, type JsonObject } from './json-value.ts';
import type { PlanDocument } from './plan-document.ts';

/** The fields that m0 uses of one entry of `resource_drift` or `resource_changes`. */
export interface ResourceEntry {
  readonly address: string;
  readonly previousAddress?: string;
  readonly moduleAddress: string;
  readonly mode: string;
  readonly type: string;
  readonly name: string;
  readonly indexed: boolean;
  /** True for an object left over from an earlier replace, in addition to the one at this address. */
  readonly deposed: boolean;
  /** The key of such an object. */
  readonly deposedKey?: string;
  readonly actions: readonly string[];
  readonly before: Json;
  readonly after: Json;
  readonly afterUnknown: Json;
  readonly beforeSensitive: Json;
  readonly afterSensitive: Json;
  readonly replacePaths: readonly Json[];
  readonly importing: boolean;
  /** Terraform's `action_reason`, as it writes it. */
  readonly actionReason?: string;
  /** What the import names: its id or identity. */
  readonly importId?: Json;
}

/** The fields that m0 uses of one entry of `output_changes`. */
export interface OutputEntry {
  readonly name: string;
  readonly actions: readonly string[];
  readonly before: Json;
  readonly after: Json;
  readonly afterUnknown: Json;
  readonly sensitive: boolean;
}

/** The checked parts of a plan. The last four are as Terraform wrote them, secrets included. */
export interface PlanParts {
  readonly drift: readonly ResourceEntry[];
  readonly changes: readonly ResourceEntry[];
  readonly outputs: readonly OutputEntry[];
  /** The actions that an apply invokes (Terraform 1.14). */
  readonly invocations: readonly InvocationEntry[];
  readonly configuration: Json;
  readonly variables: Json;
  readonly plannedValues: Json;
  readonly priorState: Json;
  /** When the plan was made (RFC 3339); null before Terraform 1.5. */
  readonly timestamp: string | null;
}

const ACTIONS = new Set(['no-op', 'create', 'read', 'update', 'delete', 'forget', 'open', 'close', 'renew']);

/** Creates the error for a malformed part. */
type Refuse = (what: string) => Error;

/** Splits a plan into its parts. Throws the error that `refuse` creates if a part is malformed. */
export function planParts(
  plan: PlanDocument,
  refuse: Refuse = (what) => new Error(`taking a plan apart: ${what}`),
): PlanParts {
  return {
    drift: entries(plan, 'resource_drift', refuse),
    changes: entries(plan, 'resource_changes', refuse),
    outputs: outputEntries(plan, refuse),
    invocations: invocationEntries(plan, refuse),
    configuration: plan.configuration ?? null,
    variables: plan.variables ?? null,
    plannedValues: plan.planned_values ?? null,
    priorState: plan.prior_state ?? null,
    timestamp: typeof plan.timestamp === 'string' ? plan.timestamp : null,
  };
}

function entries(plan: JsonObject, part: string, refuse: Refuse): ResourceEntry[] {
  const list = plan[part] ?? [];
  if (!isArray(list)) throw refuse(`${part} is no list, so this is no plan`);
  return list.map((raw, i) => {
    const broken = (what: string): Error => refuse(`${part}[${i}] ${what}`);
    if (!isObject(raw)) throw broken('is no object');
    const change = raw.change;
    if (!isObject(change)) throw broken('has no change');
    const [type, name] = [raw.type, raw.name];
    if (typeof type !== 'string' || typeof name !== 'string') throw broken('has no type and name');
    const moduleAddress = typeof raw.module_address === 'string' ? raw.module_address : '';
    const mode = typeof raw.mode === 'string' ? raw.mode : 'managed';
    const replacePaths = change.replace_paths ?? null;
    return {
      address:
        typeof raw.address === 'string'
          ? raw.address
          : buildAddress(moduleAddress, mode, type, name, raw.index),
      ...(typeof raw.previous_address === 'string' ? { previousAddress: raw.previous_address } : {}),
      moduleAddress,
      mode,
      type,
      name,
      indexed: raw.index !== undefined && raw.index !== null,
      deposed: raw.deposed !== undefined,
      ...(typeof raw.deposed === 'string' ? { deposedKey: raw.deposed } : {}),
      actions: actionsOf(change, broken),
      before: change.before ?? null,
      after: change.after ?? null,
      afterUnknown: change.after_unknown ?? null,
      beforeSensitive: change.before_sensitive ?? null,
      afterSensitive: change.after_sensitive ?? null,
      replacePaths: isArray(replacePaths) ? replacePaths : [],
      importing: isObject(change.importing),
      ...(typeof raw.action_reason === 'string' ? { actionReason: raw.action_reason } : {}),
      ...(isObject(change.importing) ? { importId: change.importing } : {}),
    };
  });
}

/** Terraform up to 1.0.0 lists drift without an address. */
function buildAddress(
  module: string,
  mode: string,
  type: string,
  name: string,
  index: Json | undefined,
): string {
  const key = index === undefined || index === null ? '' : `[${JSON.stringify(index)}]`;
  return [module, mode === 'data' ? 'data' : '', `${type}.${name}${key}`]
    .filter((part) => part !== '')
    .join('.');
}

function actionsOf(change: JsonObject, broken: Refuse): string[] {
  const actions = change.actions;
  if (!isArray(actions) || actions.length === 0) throw broken('has no actions');
  return actions.map((action) => {
    if (typeof action !== 'string' || !ACTIONS.has(action)) {
      throw broken(`has an action unknown here, ${JSON.stringify(action).slice(0, 40)}`);
    }
    return action;
  });
}

function outputEntries(plan: JsonObject, refuse: Refuse): OutputEntry[] {
  const outputs = plan.output_changes ?? {};
  if (!isObject(outputs)) throw refuse(`output_changes is no object, so this is no plan`);
  return Object.entries(outputs).map(([name, change]) => {
    const broken = (what: string): Error => refuse(`output_changes of ${JSON.stringify(name)} ${what}`);
    if (!isObject(change)) throw broken('is no object');
    return {
      name,
      actions: actionsOf(change, broken),
      before: change.before ?? null,
      after: change.after ?? null,
      afterUnknown: change.after_unknown ?? null,
      sensitive: hasTrue(change.before_sensitive) || hasTrue(change.after_sensitive),
    };
  });
}
