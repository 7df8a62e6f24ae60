/** Builds the finding of one resource from its judged rows. */
import { compareTexts } from '../text/words.ts';
import { type JudgedRow, showAttribute } from './attributes.ts';
import { cloudIdOf, cloudNamesOf, recordedId } from './cloud-id.ts';
import { isComputed } from './computed.ts';
import { contentsOf } from './contents.ts';
import type { ActionInvocation, AttributeDrift, Finding, Json, Origin } from './finding.ts';
import { findingFingerprint } from './fingerprint.ts';
import type { Rest } from './follows.ts';
import type { Ignores } from './ignore.ts';
import { hasUnknown, UNKNOWN } from './json-value.ts';
import type { PlanParts } from './plan-parts.ts';
import { type PlannedOptions, type PlannedWithPlaces, shownPaths } from './planned-change.ts';
import { pathOf, type Scrubber } from './redact.ts';
import type { Resource } from './resource.ts';
import { withoutPlanTime } from './unsteady.ts';

/** A resource with what an apply does to it. */
export interface PlannedResource {
  readonly resource: Resource;
  readonly planned: PlannedWithPlaces | undefined;
}

/** What a finding depends on besides its resource. */
export interface FindingContext {
  readonly key: string;
  readonly plan: PlanParts;
  readonly scrub: Scrubber;
  readonly options: PlannedOptions;
  readonly ignores: Ignores;
}

/** What was judged about a resource. */
export interface FindingParts {
  readonly rows: readonly JudgedRow[];
  readonly origin: Origin;
  readonly deletedByHand: boolean;
  readonly follows: Rest['follows'];
}

/** The finding of a resource, without its change hash. */
export function findingOf(
  { resource, planned }: PlannedResource,
  verdict: FindingParts,
  context: FindingContext,
): Finding {
  const { entry, action, change } = resource;
  const { rows, origin, deletedByHand } = verdict;
  const previousAddress = change?.previousAddress ?? resource.drift?.previousAddress;
  const attributes = rows
    .map((row) => ({
      ...showAttribute(row, resource, context.scrub),
      ...(row.leftInPlace && isComputed(entry.type, row.raw.segments, context.options.schema)
        ? { computed: true as const }
        : {}),
    }))
    .sort(compareAttributes);
  // Rows that may only repeat a sibling's drift are left out: a plan of this resource alone can't identify them.
  const bound = rows.filter(
    (row) =>
      row.order !== 'schema' &&
      (action === 'none' ||
        ((row.set === true || !leftAsItIs(row, resource)) &&
          !(row.leftInPlace && context.ignores(entry.address, pathOf(row.raw, context.scrub))))),
  );
  const contents = contentsOf(resource, context.scrub, context.plan.timestamp);
  const invokes = context.plan.invocations
    .filter(({ triggeredBy }) => triggeredBy === entry.address)
    .map(shownInvocation);
  const cloudId = cloudIdOf(resource);
  const gone = deletedByHand ? recordedId(resource) : undefined;
  const cloudNames = (gone === undefined ? [] : [gone])
    .concat(cloudNamesOf(resource))
    .map((name) => context.scrub(name));
  const follows = shownPaths(verdict.follows, [resource.recorded, resource.actual], context.scrub);
  return {
    address: entry.address,
    type: entry.type,
    origin,
    action,
    actionable: action !== 'none' && planned?.planned.effect !== 'spelling',
    attributes,
    ...(contents.length === 0 ? {} : { contents }),
    ...(follows.length === 0 ? {} : { follows }),
    ...(previousAddress === undefined || previousAddress === entry.address ? {} : { previousAddress }),
    ...(deletedByHand ? { deletedByHand: true as const } : {}),
    ...(change?.actionReason === undefined ? {} : { actionReason: change.actionReason }),
    ...(change?.importing ? { importing: true as const } : {}),
    ...(invokes.length === 0 ? {} : { invokes }),
    ...(cloudId === undefined ? {} : { cloudId: context.scrub(cloudId) }),
    ...(cloudNames.length === 0 || origin === 'code' ? {} : { cloudNames }),
    fingerprint: findingFingerprint(
      {
        address: entry.address,
        previousAddress: previousAddress ?? null,
        action,
        deletedByHand,
        rows: bound.map(({ raw, order, unsteady }) => ({
          path: pathOf(raw, (key) => key),
          recorded: raw.recorded,
          actual: raw.actual,
          // Else the same drift would be new in every check.
          desired: unsteady === true ? UNKNOWN : raw.desired,
          ordered: order !== undefined,
        })),
        whole: wholeOf(resource, deletedByHand, context.plan.timestamp),
        invokes: invokes.map(({ address, event }) => `${event} ${address}`),
      },
      context.key,
    ),
  };
}

function leftAsItIs(row: JudgedRow, resource: Resource): boolean {
  return row.leftInPlace || (resource.action === 'replace' && hasUnknown(row.raw.desired));
}

/** If attributes are not listed one by one, the fingerprint covers the whole object, but for the time of the plan. */
function wholeOf(resource: Resource, deletedByHand: boolean, planTime: string | null): Json[] {
  const { action, recorded, actual } = resource;
  const desired = deletedByHand || action === 'create' ? withoutPlanTime(resource.desired, planTime) : null;
  if (deletedByHand) return [recorded, desired];
  if (action === 'create') return [desired];
  return action === 'delete' || action === 'forget' ? [recorded, actual] : [];
}

/** The invocation as people may see it. */
export function shownInvocation({ address, type, triggeredBy, event }: ActionInvocation): ActionInvocation {
  return { address, type, triggeredBy, event };
}

function compareAttributes(a: AttributeDrift, b: AttributeDrift): number {
  return compareTexts(a.path, b.path) || compareTexts(JSON.stringify(a), JSON.stringify(b));
}
