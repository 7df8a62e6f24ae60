/** The analysis of a plan: which resources drifted, in which direction, and what an apply would do. Pure. */
import { compareTexts } from '../text/words.ts';
import { type JudgedRow, judgeAttributes } from './attributes.ts';
import { equal } from './canonical.ts';
import type { TypedSchema } from './change-hash.ts';
import { checksOf, lateReadsOf } from './checks.ts';
import { withoutClocks } from './computed.ts';
import { type Configuration, codeOf, configKey, readConfiguration, writtenAt } from './configuration.ts';
import { untoldChanges } from './conservation.ts';
import { countsOf } from './counts.ts';
import { coupledFindings } from './coupled.ts';
import { Echoes } from './echo.ts';
import type { Analysis, Finding, Json, Origin, OutputDrift, PlannedChange } from './finding.ts';
import { type FindingContext, findingOf, type PlannedResource, shownInvocation } from './finding-of.ts';
import { NO_REST, type ResourceViews, type Rest, restOf, rowOfPlace } from './follows.ts';
import type { Ignores } from './ignore.ts';
import { field, hasUnknown, isObject } from './json-value.ts';
import { judgeOrder } from './judge-order.ts';
import { notUnderstoodOf } from './known-keys.ts';
import { partialOf } from './partial.ts';
import type { PlanDocument } from './plan-document.ts';
import { type PlanParts, planParts } from './plan-parts.ts';
import {
  hashOfAddress,
  otherPlanned,
  ownerOf,
  type PlannedOptions,
  type PlannedWithPlaces,
  plannedOf,
} from './planned-change.ts';
import { pairResources, type Resource, withoutTwins } from './resource.ts';
import type { Schema } from './schema.ts';
import { collectSecrets, scrubberFor } from './secrets.ts';
import { resourcesInState } from './state-size.ts';
import { isUnsteady } from './unsteady.ts';

interface Context extends FindingContext {
  readonly configuration: Configuration;
  readonly echoes: Echoes;
}

type Judgement = { readonly kind: 'finding' | 'noise'; readonly finding: Finding };

/**
 * Analyses a plan. The same plan always gives the same result. `findings`, `outputs` and `noise` contain no
 * secrets; `secrets` does. `key` is the HMAC key for secrets in fingerprints: fingerprints are comparable only if
 * it stays the same. Throws an Error if a part of the plan is malformed.
 */
export function analyzePlan(
  document: PlanDocument,
  options: {
    readonly key: string;
    /** Secrets from elsewhere (the stack's environment), which the plan's masks may not cover. */
    readonly secrets?: readonly string[];
    /** What the providers' schemas say; left out where they are not known. */
    readonly schema?: Schema;
    /**
     * Whether m0.yaml ignores an attribute. Where an apply leaves such an attribute as it is, it is no part of a
     * fingerprint, because it may move all the time. Left out: none.
     */
    readonly ignores?: Ignores;
  },
): Analysis {
  const plan = planParts(document);
  const { schema } = options;
  const secrets = collectSecrets(document, plan, options.secrets, schema);
  const resources = pairResources(plan, schema);
  const configuration = readConfiguration(plan);
  const scrub = scrubberFor(secrets);
  const planning: PlannedOptions = { key: options.key, schema, scrub };
  const context: Context = {
    key: options.key,
    plan,
    configuration,
    echoes: new Echoes(resources, configuration, schema),
    scrub,
    options: planning,
    ignores: options.ignores ?? (() => false),
  };
  const touched = resources.flatMap((resource): PlannedResource[] => {
    const planned = plannedOf(resource, planning);
    // Skips most of a plan: resources that did not change and that the plan does not touch.
    return resource.drift === undefined && planned === undefined ? [] : [{ resource, planned }];
  });
  const changes = [...touched.flatMap((one) => one.planned?.planned ?? []), ...otherPlanned(plan, planning)];
  const byAddress = Map.groupBy(changes, ownerOf);
  const judgements = touched.flatMap((one) => {
    const judged = judgeResource(one, context);
    if (judged === undefined) return [];
    const { address } = judged.finding;
    const change = hashOfAddress(byAddress.get(address) ?? [], options.key);
    return [{ ...judged, finding: { ...judged.finding, ...(change === null ? {} : { change }) } }];
  });
  const findingsOfKind = (is: Judgement['kind']): Finding[] =>
    judgements
      .filter((judgement) => judgement.kind === is)
      .map((judgement) => judgement.finding)
      .sort((a, b) => compareTexts(a.address, b.address));
  const findings = findingsOfKind('finding');
  const noise = findingsOfKind('noise');
  const withFinding = new Set(findings.map((finding) => finding.address));
  const invocations = plan.invocations
    .filter(({ triggeredBy }) => triggeredBy === null || !withFinding.has(triggeredBy))
    .map(shownInvocation);
  const coupled = coupledFindings(document, findings);
  const checks = checksOf(document, context.scrub);
  const inputs = lateReadsOf(document);
  const partial = partialOf(document, plan, context.scrub);
  const notUnderstood = notUnderstoodOf(document, context.scrub);
  return {
    findings,
    outputs: outputsOf(plan),
    noise,
    counts: countsOf(findings, noise),
    secrets,
    ...(checks.length === 0 ? {} : { checks }),
    resourcesInState: resourcesInState(plan),
    ...(coupled.length === 0 ? {} : { coupled }),
    ...(inputs.length === 0 ? {} : { inputs }),
    ...(invocations.length === 0 ? {} : { invocations }),
    changes: changes.sort(compareChanges),
    untold: [
      ...new Set([...untoldChanges(changes, { findings, invocations }), ...contradictions(touched)]),
    ].sort(),
    ...(partial.length === 0 ? {} : { partial }),
    ...(notUnderstood.length === 0 ? {} : { notUnderstood }),
  };
}

/**
 * The addresses whose change starts from other values than the refresh found. The findings tell what the refresh
 * found, so they would not tell what an apply changes.
 */
function contradictions(touched: readonly PlannedResource[]): string[] {
  return touched.flatMap(({ resource: { drift, change, action, entry } }) => {
    if (drift === undefined || drift.after === null || (action !== 'update' && action !== 'replace'))
      return [];
    return equal(drift.after, change?.before ?? null, 'keys', 'fixed') ? [] : [entry.address];
  });
}

function compareChanges(a: PlannedChange, b: PlannedChange): number {
  return compareTexts(a.address, b.address) || compareTexts(a.deposed ?? '', b.deposed ?? '');
}

function judgeResource(
  { resource: original, planned }: PlannedResource,
  context: Context,
): Judgement | undefined {
  const resource = withoutTwins(original);
  const { action, drift } = resource;
  const deletedByHand = drift?.actions.includes('delete') === true && drift.after === null;
  const code = codeOf(resource.entry, context.configuration);
  const { schema } = context.options;
  const typed: TypedSchema | undefined = schema && { schema, type: resource.entry.type };
  const judged = deletedByHand
    ? []
    : [...judgeAttributes(resource, code), ...judgeOrder(resource, code, typed)];

  const repeatable = judged.filter((row) => row.set !== true && (row.leftInPlace || row.origin === 'cloud'));
  const untouched = repeatable.filter(
    (row) => row.leftInPlace || row.raw.desired === null || hasUnknown(row.raw.desired),
  );
  const echoed = context.echoes.among(
    resource,
    untouched.map((row) => row.raw),
  );
  let rows = withoutClocks(
    resource.entry.type,
    judged.filter((row) => !echoed.has(row.raw)),
    schema,
  );

  const rest = restOfUpdate({ whole: original, merged: resource }, planned, rows, { code, typed });
  rows = [
    ...rows.map((row) => (rest.coded.has(row.raw) ? { ...row, origin: 'both' as const } : row)),
    ...rest.rows.map((row) => ({ ...row, leftInPlace: false, set: undefined })),
  ];
  rows = rows.map((row) => ({ ...row, unsteady: isUnsteadyRow(row, code, context.plan) }));
  const writesState = planned?.planned.effect === 'state';
  if (rows.length === 0 && !deletedByHand && !writesState) {
    const nothing = action === 'none' || planned?.planned.effect === 'spelling';
    if (nothing && planned === undefined && !differs(resource)) return undefined;
    if (nothing) return noiseOf({ resource, planned }, judged, context);
  }
  const origin = deletedByHand ? originOfDeleted(resource, context) : originOf(resource, rows);
  const parts = { rows, origin, deletedByHand, follows: rest.follows };
  return { kind: 'finding', finding: findingOf({ resource, planned }, parts, context) };
}

/** True if an apply writes a value there that is another one in every plan. */
function isUnsteadyRow(row: JudgedRow, code: ReturnType<typeof codeOf>, plan: PlanParts): boolean {
  const { desired, segments } = row.raw;
  return !row.leftInPlace && isUnsteady(desired, writtenAt(code, segments), plan.timestamp);
}

/** What an update or a replace changes besides the rows. */
function restOfUpdate(
  views: ResourceViews,
  planned: PlannedWithPlaces | undefined,
  rows: readonly JudgedRow[],
  { code, typed }: { readonly code: ReturnType<typeof codeOf>; readonly typed: TypedSchema | undefined },
): Rest {
  const { action } = views.whole;
  const updates = action === 'update' || action === 'replace';
  if (planned === undefined || !updates) return NO_REST;
  const rest = restOf(views, planned.places, rows, code, typed);
  if (rows.length + rest.rows.length > 0 || planned.planned.effect === 'spelling') return rest;
  // Computed values follow from something. Where nothing else is visible, they are all there is to tell.
  const unknown = action === 'update' ? rest.follows.filter(({ after }) => hasUnknown(after)) : [];
  return {
    ...rest,
    rows: unknown.map((place) => rowOfPlace(place, views.whole, typed)),
    follows: rest.follows.filter((place) => !unknown.includes(place)),
  };
}

function originOf(resource: Resource, rows: readonly JudgedRow[]): Origin {
  const goes = resource.action === 'delete' || resource.action === 'forget';
  if (goes) return rows.length > 0 ? 'both' : 'code';
  // Attributes that an apply leaves unchanged decide the origin only if there are no others.
  const touched = rows.filter((row) => !row.leftInPlace);
  const origins = new Set((touched.length > 0 ? touched : rows).map((row) => row.origin));
  if (origins.size === 1) return [...origins][0] ?? 'code';
  return origins.size === 0 ? 'code' : 'both';
}

/** Deleted by hand: the cloud changed. The code changed too if it no longer wants the object. */
function originOfDeleted(resource: Resource, context: Context): Origin {
  const { action, change, entry } = resource;
  if (action === 'create' || action === 'replace' || action === 'update') return 'cloud';
  if (action === 'delete' || action === 'forget') return 'both';
  // Terraform lists an object that is gone already as a no-op, with the reason for which it would delete it.
  if (change?.actionReason?.startsWith('delete_because') === true) return 'both';
  if (change !== undefined || !context.configuration.known) return 'cloud';
  if (!context.configuration.blocks.has(configKey(entry))) return 'both';
  // The block exists, so the code dropped this instance of it. A refresh-only plan lists no changes at all.
  return entry.indexed && context.plan.changes.length > 0 ? 'both' : 'cloud';
}

/** True if the drift entry contains a change. Terraform up to 1.0.0 lists unchanged resources too. */
function differs(resource: Resource): boolean {
  return JSON.stringify(resource.drift?.before) !== JSON.stringify(resource.drift?.after);
}

function noiseOf(one: PlannedResource, judged: readonly JudgedRow[], context: Context): Judgement {
  const { resource } = one;
  const rows = judged.length > 0 ? judged : spellings(resource);
  const finding = findingOf(
    one,
    { rows, origin: originOf(resource, rows), deletedByHand: false, follows: [] },
    context,
  );
  return { kind: 'noise', finding: { ...finding, actionable: false } };
}

/** Attributes whose values are equal but written differently, each as a whole. */
function spellings(resource: Resource): JudgedRow[] {
  const { recorded, actual, desired, masks } = resource;
  if (!isObject(recorded) || !isObject(actual)) return [];
  return Object.keys({ ...recorded, ...actual }).flatMap((key) => {
    const [r, a, d] = [recorded, actual, desired].map((place) => field(place, key) ?? null) as [
      Json,
      Json,
      Json,
    ];
    if (JSON.stringify(r) === JSON.stringify(a) && JSON.stringify(a) === JSON.stringify(d)) return [];
    const raw = {
      segments: [key],
      recorded: r,
      actual: a,
      desired: d,
      masks: masks.flatMap((m) => field(m, key) ?? []),
    };
    return [{ raw, origin: 'cloud' as const, leftInPlace: true, set: undefined }];
  });
}

function outputsOf(plan: PlanParts): OutputDrift[] {
  return plan.outputs
    .flatMap(({ name, actions, sensitive }) => {
      if (actions.every((action) => action === 'no-op')) return [];
      const [only] = actions;
      const single = actions.length === 1 && (only === 'create' || only === 'delete') ? only : 'update';
      return [{ name, action: single, sensitive } as const];
    })
    .sort((a, b) => compareTexts(a.name, b.name));
}
