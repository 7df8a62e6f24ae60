import { z } from 'zod';
import { parseExact } from '../base/exact-json.ts';
import type { Alert, NewAlert, PostedMessage, Subscription } from '../model/alert.ts';
import type { Exemption } from '../model/exemption.ts';
import { type Actor, RUN_STATES, type Run, TRIGGERS } from '../model/run.ts';
import type { OutboxEntry, OutboxMessage } from '../ports/outbox.ts';
import { StoreError } from '../ports/store-error.ts';
import type { Tables } from './access.ts';

/*
 * Converts database rows to domain objects and back. Rows are checked only partly: a damaged row gives a clear error,
 * and the full shape is guaranteed by the code that wrote it.
 */

export const actor = z.looseObject({
  person: z.string().nullable(),
  platform: z.enum(['slack', 'teams', 'm0']),
  userId: z.string(),
  name: z.string(),
});
const finding = z.looseObject({
  address: z.string(),
  fingerprint: z.string(),
  attributes: z.array(z.unknown()),
});
export const scopeEntry = z.looseObject({
  address: z.string(),
  fingerprint: z.string(),
  change: z.string().optional(),
});

const runData = z.looseObject({
  trigger: z.enum(TRIGGERS),
  requestedBy: actor,
  forceHuman: z.string().nullable(),
  code: z.looseObject({ commit: z.string() }).nullable(),
  plan: z.looseObject({ artifact: z.string() }).nullable(),
  findings: z.array(finding),
  outputs: z.array(z.unknown()),
  fingerprint: z.string().nullable(),
  decision: z.looseObject({ findings: z.array(z.unknown()) }).nullable(),
  scope: z.array(scopeEntry),
  approvals: z.array(z.looseObject({ by: actor, at: z.number(), scope: z.array(scopeEntry) })),
  applied: z.array(z.looseObject({ scope: z.array(scopeEntry), at: z.number() })),
  relatedRun: z.number().nullable(),
});

const delivery = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('card'), alertId: z.number() }),
  z.looseObject({ type: z.literal('thread'), alertId: z.number(), text: z.string() }),
  z.looseObject({ type: z.literal('dm'), alertId: z.number(), person: z.string(), why: z.string() }),
  z.looseObject({
    type: z.literal('nudge'),
    alertId: z.number(),
    person: z.string().nullable(),
    text: z.string(),
  }),
  z.looseObject({
    type: z.literal('answer'),
    platform: z.enum(['slack', 'teams']),
    channel: z.string(),
    messageId: z.string(),
  }),
  z.looseObject({
    type: z.literal('post'),
    place: z.looseObject({ platform: z.string() }),
    card: z.unknown(),
  }),
]);

const runState = z.enum(Object.keys(RUN_STATES) as [Run['state'], ...Run['state'][]]);
const alertKind = z.enum([
  'drift',
  'failure',
  'empty-state',
  'conditions',
  'policy',
  'fleet',
  'reach',
  'pause',
  'config',
  'first-checks',
]);
const policyDetails = z.object({
  error: z.string(),
  inUse: z.string().nullable(),
  seen: z.object({ by: actor, at: z.number() }).nullable(),
});
const place = z.union([
  z.object({ platform: z.enum(['slack', 'teams']), channel: z.string() }),
  z.object({ platform: z.enum(['slack', 'teams']), user: z.string() }),
]);
const fleetDetails = z.object({
  of: z.enum(['drift', 'failure', 'empty-state', 'conditions']),
  place,
  person: z.string().nullable(),
  why: z.string().nullable(),
  members: z.array(z.number()),
  began: z.number().optional(),
});
const escalation = z.object({ escalated: z.array(z.number()) });
const unreachableDetails = z.object({ problems: z.array(z.string()), stacks: z.array(z.string()) });
const pauseDetails = z.object({ by: actor, reason: z.string() });
const configDetails = z.object({
  what: z.enum(['refused', 'restart']),
  problems: z.array(z.string()),
  inUse: z.object({ since: z.number(), commit: z.string().nullable() }),
  places: z.array(fleetDetails.shape.place),
});
const firstChecksDetails = z.object({
  place,
  stacks: z.array(z.string()),
  since: z.number(),
  before: z.number(),
});
const alertState = z.enum(['open', 'resolved', 'superseded']);
const exemptionKind = z.enum(['snooze', 'accept', 'codify']);
export const platform = z.enum(['slack', 'teams']);
const role = z.enum(['root', 'dm']);

/** The value, checked against the schema. Throws a StoreError that names `what` if it does not match. */
export function check<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its top'}: ${issue.message}`;
  throw new StoreError(`${what} in the database is not what m0 wrote${where}`, { problem: 'corrupt' });
}

/** The parsed JSON of a column, checked against the schema. Throws a StoreError that names `what`. */
export function json<T>(what: string, schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    throw new StoreError(`${what} in the database is not JSON`, { problem: 'corrupt', cause: error });
  }
  return check(what, schema, value);
}

function readActor(what: string, text: string): Actor {
  return json(what, actor, text);
}

/** The columns of a run, without its id. */
export function runColumns(run: Omit<Run, 'id'>): Omit<Tables['runs']['$inferInsert'], 'id'> {
  const { stack, environment, state, version, createdAt, updatedAt, ...rest } = run;
  // Callers may pass a whole Run: its id has its own column and must not be in the JSON.
  const data = JSON.stringify({ ...rest, id: undefined });
  return { stack, environment, state, version, createdAt, updatedAt, data };
}

/** The run of a row. Throws a StoreError if it is damaged. */
export function toRun(row: Tables['runs']['$inferSelect']): Run {
  const what = `run #${row.id}`;
  const data = json(what, runData, row.data) as unknown as Omit<
    Run,
    'id' | 'stack' | 'environment' | 'state' | 'version' | 'createdAt' | 'updatedAt'
  >;
  return {
    ...data,
    id: row.id,
    stack: row.stack,
    environment: row.environment,
    state: check(what, runState, row.state),
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

/** The columns of an alert, without its id and its version. */
export function alertColumns(alert: NewAlert): Omit<Tables['alerts']['$inferInsert'], 'id' | 'version'> {
  const { kind, subject, fingerprint, state, firstSeenAt, lastSeenAt, seenCount, runId, outcome } = alert;
  const escalated =
    'escalated' in alert && alert.escalated !== undefined ? { escalated: alert.escalated } : null;
  const data = alert.details ?? escalated;
  const details = data === null ? null : JSON.stringify(data);
  return {
    kind,
    subject,
    fingerprint,
    state,
    firstSeenAt,
    lastSeenAt,
    seenCount,
    runId,
    outcome,
    details,
  };
}

/** The alert of a row. Throws a StoreError if it is damaged. */
export function toAlert(row: Tables['alerts']['$inferSelect']): Alert {
  const what = `alert ${row.id}`;
  const { details: data, runId, ...rest } = row;
  const kind = check(what, alertKind, row.kind);
  const state = check(what, alertState, row.state);
  const details = data ?? '';
  if (kind === 'policy') {
    return { ...rest, kind, state, runId: null, details: json(what, policyDetails, details) };
  }
  if (kind === 'fleet')
    return { ...rest, kind, state, runId: null, details: json(what, fleetDetails, details) };
  if (kind === 'reach')
    return { ...rest, kind, state, runId: null, details: json(what, unreachableDetails, details) };
  if (kind === 'pause')
    return { ...rest, kind, state, runId: null, details: json(what, pauseDetails, details) };
  if (kind === 'config')
    return { ...rest, kind, state, runId: null, details: json(what, configDetails, details) };
  if (kind === 'first-checks')
    return { ...rest, kind, state, runId: null, details: json(what, firstChecksDetails, details) };
  return {
    ...{ ...rest, kind, state, runId: check(what, z.number(), runId), details: null },
    ...(data === null ? {} : json(what, escalation, data)),
  };
}

/** The posted message of a row. Throws a StoreError if it is damaged. */
export function toMessage(row: Tables['messages']['$inferSelect']): PostedMessage {
  const what = `message ${row.id}`;
  return { ...row, platform: check(what, platform, row.platform), role: check(what, role, row.role) };
}

/** The columns of an exemption, without its id. */
export function exemptionColumns(
  exemption: Omit<Exemption, 'id'>,
): Omit<Tables['exemptions']['$inferInsert'], 'id'> {
  const { kind, stack, address, fingerprint, until, at, reason, runId, endedAt } = exemption;
  return {
    ...{ kind, stack, address, fingerprint, until, at, reason, runId, endedAt },
    by: JSON.stringify(exemption.by),
    endedBy: exemption.endedBy === null ? null : JSON.stringify(exemption.endedBy),
  };
}

/** The exemption of a row. Throws a StoreError if it is damaged. */
export function toExemption(row: Tables['exemptions']['$inferSelect']): Exemption {
  const what = `exemption ${row.id}`;
  return {
    ...row,
    kind: check(what, exemptionKind, row.kind),
    by: readActor(what, row.by),
    endedBy: row.endedBy === null ? null : readActor(what, row.endedBy),
  };
}

/** The outbox entry of a row. Throws a StoreError if it is damaged. */
export function toOutboxEntry(row: Tables['outbox']['$inferSelect']): OutboxEntry {
  const { id, key, createdAt, attempts, nextAttemptAt, lastError } = row;
  const parsed = json(`delivery ${id}`, delivery, row.message) as OutboxMessage;
  return { id, key, message: parsed, createdAt, attempts, nextAttemptAt, lastError };
}

/** The subscription of a row. Throws a StoreError if it is damaged. */
export function toSubscription(row: Tables['subscriptions']['$inferSelect']): Subscription {
  const what = `subscription ${row.id}`;
  const { channel, target, at } = row;
  return { platform: check(what, platform, row.platform), channel, target, by: readActor(what, row.by), at };
}
