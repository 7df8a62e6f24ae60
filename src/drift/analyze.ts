/** The analysis of a plan: which resources drifted, in which direction, and what an apply would do. Pure. */
import {
  holdsSecret,
  type JudgedRow,
  judgeAttributes,
  judgeHiddenCause,
  showAttribute,
} from './attributes.ts';
import { checksOf, lateReadsOf } from './checks.ts';
import { type Configuration, codeOf, configKey, readConfiguration } from './configuration.ts';
import { countsOf } from './counts.ts';
import { Echoes, isBookkeeping } from './echo.ts';
import type { Analysis, AttributeDrift, Finding, Json, Origin, OutputDrift } from './finding.ts';
import { findingFingerprint } from './fingerprint.ts';
import { field, hasUnknown, isObject } from './json-value.ts';
import type { PlanDocument } from './plan-document.ts';
import { type PlanParts, planParts } from './plan-parts.ts';
import { pathOf, type Scrubber } from './redact.ts';
import { pairResources, type Resource, withoutTwins } from './resource.ts';
import type { Schema } from './schema.ts';
import { collectSecrets, scrubberFor } from './secrets.ts';

interface Context {
  readonly key: string;
  readonly plan: PlanParts;
  readonly configuration: Configuration;
  readonly echoes: Echoes;
  readonly scrub: Scrubber;
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
  },
): Analysis {
  const plan = planParts(document);
  const secrets = collectSecrets(document, plan, options.secrets);
  const resources = pairResources(plan);
  const configuration = readConfiguration(plan);
  const context: Context = {
    key: options.key,
    plan,
    configuration,
    echoes: new Echoes(resources, configuration),
    scrub: scrubberFor(secrets),
  };
  const judgements = resources
    // Skips most of a plan: resources that did not change and that the plan does not touch.
    .filter((resource) => resource.drift !== undefined || resource.action !== 'none')
    .map((resource) => judgeResource(resource, context))
    .filter((judgement) => judgement !== undefined);
  const findingsOfKind = (is: Judgement['kind']): Finding[] =>
    judgements
      .filter((judgement) => judgement.kind === is)
      .map((judgement) => judgement.finding)
      .sort((a, b) => compare(a.address, b.address));
  const findings = findingsOfKind('finding');
  const noise = findingsOfKind('noise');
  const checks = checksOf(document, context.scrub);
  const inputs = lateReadsOf(document);
  return {
    findings,
    outputs: outputsOf(plan),
    noise,
    counts: countsOf(findings, noise),
    secrets,
    ...(checks.length === 0 ? {} : { checks }),
    ...(inputs.length === 0 ? {} : { inputs }),
    changes: [],
    untold: [],
  };
}

function judgeResource(original: Resource, context: Context): Judgement | undefined {
  const resource = withoutTwins(original);
  const { action, drift } = resource;
  const deletedByHand = drift?.actions.includes('delete') === true && drift.after === null;
  const code = codeOf(resource.entry, context.configuration);
  const judged = deletedByHand ? [] : judgeAttributes(resource, code);

  const repeatable = judged.filter((row) => row.set !== true && (row.leftInPlace || row.origin === 'cloud'));
  const untouched = repeatable.filter(
    (row) => row.leftInPlace || row.raw.desired === null || hasUnknown(row.raw.desired),
  );
  const echoed = context.echoes.among(
    resource,
    untouched.map((row) => row.raw),
  );
  let rows = judged.filter((row) => !echoed.has(row.raw));
  if (action === 'none' && rows.every((row) => row.set !== true && isBookkeeping(row.raw.segments)))
    rows = [];

  if (rows.length === 0 && !deletedByHand) {
    if (action === 'none') return differs(resource) ? noiseOf(resource, judged, context) : undefined;
    if (action === 'update' || action === 'replace') {
      const cause = judgeHiddenCause(resource);
      if (cause === undefined) return noiseOf(resource, judged, context);
      rows = cause;
    }
  }
  const origin = deletedByHand ? originOfDeleted(resource, context) : originOf(resource, rows);
  return { kind: 'finding', finding: findingOf(resource, { rows, origin, deletedByHand }, context) };
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
  if (change !== undefined || !context.configuration.known) return 'cloud';
  if (!context.configuration.blocks.has(configKey(entry))) return 'both';
  // The block exists, so the code dropped this instance of it. A refresh-only plan lists no changes at all.
  return entry.indexed && context.plan.changes.length > 0 ? 'both' : 'cloud';
}

interface FindingParts {
  readonly rows: readonly JudgedRow[];
  readonly origin: Origin;
  readonly deletedByHand: boolean;
}

function findingOf(resource: Resource, verdict: FindingParts, context: Context): Finding {
  const { entry, action, change } = resource;
  const { rows, origin, deletedByHand } = verdict;
  const previousAddress = change?.previousAddress ?? resource.drift?.previousAddress;
  const attributes = rows.map((row) => showAttribute(row, resource, context.scrub)).sort(compareAttributes);
  // Rows that may only repeat a sibling's drift are left out: a plan of this resource alone can't identify them.
  const bound = rows.filter((row) => action === 'none' || row.set === true || !leftAsItIs(row, resource));
  return {
    address: entry.address,
    type: entry.type,
    origin,
    action,
    actionable: action !== 'none',
    attributes,
    ...(previousAddress === undefined || previousAddress === entry.address ? {} : { previousAddress }),
    ...(deletedByHand ? { deletedByHand: true as const } : {}),
    ...(change?.actionReason === undefined ? {} : { actionReason: change.actionReason }),
    fingerprint: findingFingerprint(
      {
        address: entry.address,
        previousAddress: previousAddress ?? null,
        action,
        deletedByHand,
        rows: bound.map(({ raw }) => ({
          path: pathOf(raw, (key) => key),
          recorded: raw.recorded,
          actual: raw.actual,
          desired: raw.desired,
          secret: holdsSecret(raw, context.scrub),
        })),
        whole: wholeOf(resource, deletedByHand),
      },
      context.key,
    ),
  };
}

function leftAsItIs(row: JudgedRow, resource: Resource): boolean {
  return row.leftInPlace || (resource.action === 'replace' && hasUnknown(row.raw.desired));
}

/** If attributes are not listed one by one, the fingerprint covers the whole object. */
function wholeOf(resource: Resource, deletedByHand: boolean): Json[] {
  const { action, recorded, actual, desired } = resource;
  if (deletedByHand) return [recorded, desired];
  if (action === 'create') return [desired];
  return action === 'delete' || action === 'forget' ? [recorded, actual] : [];
}

/** True if the drift entry contains a change. Terraform up to 1.0.0 lists unchanged resources too. */
function differs(resource: Resource): boolean {
  return JSON.stringify(resource.drift?.before) !== JSON.stringify(resource.drift?.after);
}

function noiseOf(resource: Resource, judged: readonly JudgedRow[], context: Context): Judgement {
  const rows = judged.length > 0 ? judged : spellings(resource);
  const finding = findingOf(
    resource,
    { rows, origin: originOf(resource, rows), deletedByHand: false },
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
    .sort((a, b) => compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareAttributes(a: AttributeDrift, b: AttributeDrift): number {
  return compare(a.path, b.path) || compare(JSON.stringify(a), JSON.stringify(b));
}
