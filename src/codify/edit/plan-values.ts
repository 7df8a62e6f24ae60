/** The exact values of a plan: what is in the cloud, and what the code makes of it. */
import type { Json } from '../../drift/finding.ts';
import { field, isArray } from '../../drift/json-value.ts';
import type { PlanDocument } from '../../drift/plan-document.ts';
import { planParts } from '../../drift/plan-parts.ts';
import { pairResources, type Resource } from '../../drift/resource.ts';
import { type Address, configName, type Key, keysOf, parseAddress } from './address.ts';
import { Refusal } from './refusals.ts';

export interface PlanValues {
  /** A managed resource; undefined if the plan has none at this address. */
  resource(address: string): Resource | undefined;
  /** The addresses of all instances of the same resource block. */
  instances(of: Address): readonly Address[];
  /** What a reference to an object gives: a managed resource or a data source. Undefined if it is not known. */
  object(address: string): Json | undefined;
  /** The value of a variable of the root module; undefined if the plan does not say. */
  variable(name: string): Json | undefined;
  /** The provider block of a resource, as `aws` or `aws.west`; undefined if it is passed to a module. */
  provider(of: Address): string | undefined;
  /** True for a plan of OpenTofu; undefined if the plan does not say. */
  readonly tofu: boolean | undefined;
}

/** Reads the plan. Refuses a document that is none. */
export function planValues(document: unknown): PlanValues {
  const parts = planParts(
    document as PlanDocument,
    (what) => new Refusal('unreadable', `the plan can't be read: ${what}`),
  );
  const resources = new Map(pairResources(parts).map((one) => [one.entry.address, one]));
  const objects = priorObjects(parts.priorState);
  const byBlock = Map.groupBy(
    [...resources.keys()].flatMap((address) => parseAddress(address) ?? []),
    configName,
  );
  return {
    resource: (address) => resources.get(address),
    instances: (of) => byBlock.get(configName(of)) ?? [],
    object: (address) => resources.get(address)?.desired ?? objects.get(address),
    variable: (name) => field(field(parts.variables, name), 'value'),
    provider: (of) => providerOf(parts.configuration, of),
    tofu: isTofu(document as PlanDocument),
  };
}

/** The objects of the state, by their addresses. */
function priorObjects(state: Json): ReadonlyMap<string, Json> {
  const found = new Map<string, Json>();
  const visit = (module: Json | undefined): void => {
    for (const one of listAt(module, 'resources')) {
      const address = field(one, 'address');
      if (typeof address === 'string') found.set(address, field(one, 'values') ?? null);
    }
    for (const child of listAt(module, 'child_modules')) visit(child);
  };
  visit(field(field(state, 'values'), 'root_module'));
  return found;
}

function listAt(value: Json | undefined, key: string): readonly Json[] {
  const found = field(value, key);
  return isArray(found) ? found : [];
}

function providerOf(configuration: Json, of: Address): string | undefined {
  let module = field(configuration, 'root_module');
  for (const { name } of of.modules) module = field(field(field(module, 'module_calls'), name), 'module');
  const block = listAt(module, 'resources').find(
    (one) =>
      field(one, 'type') === of.type && field(one, 'name') === of.name && field(one, 'mode') === 'managed',
  );
  const key = field(block, 'provider_config_key');
  const provider = typeof key === 'string' ? field(field(configuration, 'provider_config'), key) : undefined;
  const [name, alias] = [field(provider, 'name'), field(provider, 'alias')];
  if (typeof name !== 'string' || field(provider, 'module_address') !== undefined) return undefined;
  return typeof alias === 'string' ? `${name}.${alias}` : name;
}

function isTofu(document: PlanDocument): boolean | undefined {
  const providers = listAt(document, 'resource_changes').map((one) => String(field(one, 'provider_name')));
  if (providers.some((one) => one.startsWith('registry.opentofu.org/'))) return true;
  return providers.some((one) => one.startsWith('registry.terraform.io/')) ? false : undefined;
}

/** How many different keys the instances have at each step of the way, modules first. */
export function keyCounts(instances: readonly Address[]): readonly number[] {
  const steps: Set<Key | null>[] = [];
  for (const address of instances) {
    keysOf(address).forEach((key, i) => {
      steps[i] = (steps[i] ?? new Set()).add(key);
    });
  }
  return steps.map((keys) => keys.size);
}
