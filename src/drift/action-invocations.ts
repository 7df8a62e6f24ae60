/** Reads the invocations of actions (Terraform 1.14 `action` blocks) from a plan. */
import type { ActionInvocation, Json } from './finding.ts';
import { field, isArray, isObject, type JsonObject, withUnknowns } from './json-value.ts';

/** One entry of `action_invocations`. The last two are as Terraform wrote them, secrets included. */
export interface InvocationEntry extends ActionInvocation {
  readonly configValues: Json;
  /** The mask for `configValues`. */
  readonly configSensitive: Json;
}

/**
 * The invocations that an apply of the plan makes, in the plan's order.
 *
 * @throws the error that `refuse` creates if an entry is malformed.
 */
export function invocationEntries(plan: JsonObject, refuse: (what: string) => Error): InvocationEntry[] {
  const list = plan.action_invocations ?? [];
  if (!isArray(list)) throw refuse('action_invocations is no list, so this is no plan');
  return list.map((raw, i) => {
    const entry = invocationEntry(raw);
    if (entry === undefined) throw refuse(`action_invocations[${i}] has no address and type`);
    return entry;
  });
}

function invocationEntry(raw: Json): InvocationEntry | undefined {
  const [address, type] = [field(raw, 'address'), field(raw, 'type')];
  if (!isObject(raw) || typeof address !== 'string' || typeof type !== 'string') return undefined;
  const trigger = raw.lifecycle_action_trigger;
  const by = field(trigger, 'triggering_resource_address');
  const event = field(trigger, 'action_trigger_event');
  return {
    address,
    type,
    triggeredBy: typeof by === 'string' ? by : null,
    event: typeof event === 'string' ? event : null,
    configValues: withUnknowns(raw.config_values, raw.config_unknown),
    configSensitive: raw.config_sensitive ?? null,
  };
}
