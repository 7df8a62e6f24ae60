/** Writes the changes of a commit, each inside the caller's transaction. */
import { and, desc, eq, isNull } from 'drizzle-orm';
import { assertNever } from '../base/assert-never.ts';
import type { Alert, NewAlert } from '../model/alert.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import { isTerminal, RUN_STATES, type Run, type RunState } from '../model/run.ts';
import type { OutboxMessage } from '../ports/outbox.ts';
import type { Change, NewAlertMessage } from '../ports/store.ts';
import { StoreError } from '../ports/store-error.ts';
import type { Queries } from './access.ts';
import { CHAIN_START, chainHash } from './audit-chain.ts';
import { writeCause } from './cause-tables.ts';
import { writeCodification } from './codify-table.ts';
import { writeHold } from './pause-tables.ts';
import { alertColumns, exemptionColumns, runColumns } from './rows.ts';
import { setLastDigest, setLastTick, setSkippedCheck } from './schedule-tables.ts';
import { refuseApplying, refuseOtherExemptions, refuseTaken, refuseWaiting } from './stack-fences.ts';
import { setSeenState } from './state-tables.ts';

/** Rolls the transaction back: another writer changed the alert first, or opened a second one for the stack. */
export class StaleAlert extends Error {
  readonly id: number;
  constructor(id: number) {
    super(`alert ${id} was changed by somebody else`);
    this.id = id;
  }
}

/** Rolls the transaction back: another writer changed the run first. */
export class StaleRun extends Error {
  readonly id: number;
  constructor(id: number) {
    super(`run #${id} was moved by somebody else`);
    this.id = id;
  }
}

/** The ids of the rows that a commit has inserted, in the order of its changes. */
export interface Inserted {
  readonly runs: number[];
  readonly alerts: number[];
}

/** Throws a StoreError if RUN_STATES forbids the step: a second check after the state machine's own. */
function refuseIllegalStep(run: Run, was: { readonly state: RunState; readonly version: number }): void {
  const move = `run #${run.id} may not go from ${was.state} to ${run.state}`;
  if (isTerminal(was.state)) throw new StoreError(`${move}: ${was.state} is an end`);
  if (!(RUN_STATES[was.state] as readonly RunState[]).includes(run.state)) throw new StoreError(move);
  if (run.version !== was.version + 1) {
    throw new StoreError(
      `${move} with version ${run.version}: after version ${was.version} comes ${was.version + 1}`,
    );
  }
}

async function updateRun(
  tx: Queries,
  run: Run,
  was: { readonly state: RunState; readonly version: number },
): Promise<void> {
  refuseIllegalStep(run, was);
  await replaceRun(tx, run, was);
}

/** Stores the run if the stored one still has that state and version. */
async function replaceRun(
  tx: Queries,
  run: Run,
  was: { readonly state: RunState; readonly version: number },
): Promise<void> {
  const { runs } = tx.tables;
  const { state, version, updatedAt, data } = runColumns(run);
  const changed = await tx
    .update(runs)
    .set({ state, version, updatedAt, data })
    .where(and(eq(runs.id, run.id), eq(runs.state, was.state), eq(runs.version, was.version)))
    .returning({ id: runs.id });
  if (changed.length === 0) throw new StaleRun(run.id);
}

/** Throws StaleAlert if the stack already has an open drift alert. A unique index enforces the same. */
async function refuseSecondDrift(tx: Queries, { kind, state, subject }: NewAlert): Promise<void> {
  if (kind !== 'drift' || state !== 'open') return;
  const { alerts } = tx.tables;
  const open = and(eq(alerts.kind, kind), eq(alerts.state, state), eq(alerts.subject, subject));
  const [other] = await tx.select({ id: alerts.id }).from(alerts).where(open).limit(1);
  if (other !== undefined) throw new StaleAlert(other.id);
}

async function updateAlert(tx: Queries, alert: Alert): Promise<void> {
  const { alerts } = tx.tables;
  const { id, version } = alert;
  const { fingerprint, state, lastSeenAt, seenCount, runId, outcome, details } = alertColumns(alert);
  const changed = await tx
    .update(alerts)
    .set({ version: version + 1, fingerprint, state, lastSeenAt, seenCount, runId, outcome, details })
    .where(and(eq(alerts.id, id), eq(alerts.version, version)))
    .returning({ id: alerts.id });
  if (changed.length > 0) return;
  const [there] = await tx.select({ id: alerts.id }).from(alerts).where(eq(alerts.id, id));
  if (there !== undefined) throw new StaleAlert(id);
  throw new StoreError(`there is no alert ${id}`);
}

async function addMessage(tx: Queries, key: string, message: OutboxMessage, at: number): Promise<void> {
  const { outbox } = tx.tables;
  await tx
    .insert(outbox)
    .values({
      key,
      message: JSON.stringify(message),
      kind: message.type,
      alertId: 'alertId' in message ? message.alertId : null,
      createdAt: at,
      nextAttemptAt: at,
    })
    .onConflictDoNothing({ target: outbox.key });
}

/** Adds the messages of a new alert, with its id in their keys. Each thread line gets its own key. */
async function addNewMessages(
  tx: Queries,
  alertId: number,
  deliveries: readonly NewAlertMessage[],
  at: number,
): Promise<void> {
  let threads = 0;
  for (const delivery of deliveries) {
    switch (delivery.type) {
      case 'card':
        await addMessage(tx, `alert:${alertId}:card`, { type: 'card', alertId }, at);
        break;
      case 'thread': {
        threads += 1;
        const key = threads === 1 ? `alert:${alertId}:thread` : `alert:${alertId}:thread:${threads}`;
        await addMessage(tx, key, { type: 'thread', alertId, text: delivery.text }, at);
        break;
      }
      case 'dm': {
        const { person, why } = delivery;
        await addMessage(tx, `alert:${alertId}:dm:${person}`, { type: 'dm', alertId, person, why }, at);
        break;
      }
      default:
        assertNever(delivery);
    }
  }
}

/** The text without halves of characters, which no database keeps as they are: the hash is over what is stored. */
function wellFormed(entry: AuditEntry): AuditEntry {
  const { stack, detail } = entry;
  return { ...entry, stack: stack.toWellFormed(), detail: detail === null ? null : detail.toWellFormed() };
}

async function appendAudit(tx: Queries, written: AuditEntry): Promise<void> {
  const { audit } = tx.tables;
  const entry = wellFormed(written);
  const [last] = await tx
    .select({ id: audit.id, hash: audit.hash })
    .from(audit)
    .orderBy(desc(audit.id))
    .limit(1);
  const prevHash = last?.hash ?? CHAIN_START;
  const { at, action, stack, runId, fingerprint, commit, detail, place, bundles, scope } = entry;
  const { person, platform, userId, name } = entry.actor;
  await tx.insert(audit).values({
    // A sequence of PostgreSQL would leave gaps.
    id: (last?.id ?? 0) + 1,
    ...{ at, action, stack, runId, fingerprint, commit, detail, prevHash },
    actor: JSON.stringify({ person, platform, userId, name }),
    place: place && JSON.stringify(place),
    bundles: bundles && JSON.stringify(bundles),
    scope:
      scope &&
      JSON.stringify(
        scope.map(({ address, fingerprint: f, change }) => ({ address, fingerprint: f, change })),
      ),
    hash: chainHash(prevHash, entry),
  });
}

/** Stores a named value, inside the caller's transaction. */
export async function setValue(tx: Queries, name: string, value: string): Promise<void> {
  const { kv } = tx.tables;
  await tx.insert(kv).values({ name, value }).onConflictDoUpdate({ target: kv.name, set: { value } });
}

/** The id of the one row that an insert returned. */
function idOf([row]: readonly { readonly id: number }[]): number {
  if (row === undefined) throw new StoreError('the database returned no id');
  return row.id;
}

/**
 * Writes one change inside the caller's transaction, and adds new ids to `inserted`. Throws StaleRun or StaleAlert if
 * another writer changed the row first, StackTaken if another process has taken the stack, StackMoved or StillApplying if
 * a condition about a stack does not hold, HeldBack if a pause or the brake holds an apply back, and a StoreError if the
 * change is not allowed. The caller must roll back.
 */
export async function write(tx: Queries, change: Change, inserted: Inserted): Promise<void> {
  const { runs, alerts, exemptions, subscriptions } = tx.tables;
  switch (change.type) {
    case 'run.insert':
      inserted.runs.push(
        idOf(await tx.insert(runs).values(runColumns(change.run)).returning({ id: runs.id })),
      );
      return;
    case 'run.update':
      await updateRun(tx, change.run, change.was);
      return;
    case 'run.upgrade':
      if (change.run.state !== change.was.state) {
        throw new StoreError(`run #${change.run.id} may not change its state with an upgrade`);
      }
      await replaceRun(tx, change.run, change.was);
      return;
    case 'alert.insert': {
      await refuseSecondDrift(tx, change.alert);
      const id = idOf(
        await tx.insert(alerts).values(alertColumns(change.alert)).returning({ id: alerts.id }),
      );
      inserted.alerts.push(id);
      await addNewMessages(tx, id, change.deliveries, change.alert.lastSeenAt);
      return;
    }
    case 'alert.update':
      await updateAlert(tx, change.alert);
      return;
    case 'exemption.insert':
      await tx.insert(exemptions).values(exemptionColumns(change.exemption));
      return;
    case 'exemption.upgrade':
      await tx
        .update(exemptions)
        .set({ fingerprint: change.fingerprint })
        .where(eq(exemptions.id, change.id));
      return;
    case 'exemption.end': {
      const one = eq(exemptions.id, change.id);
      const ended = await tx
        .update(exemptions)
        .set({ endedBy: JSON.stringify(change.by), endedAt: change.at })
        .where(and(one, isNull(exemptions.endedAt)))
        .returning({ id: exemptions.id });
      if (ended.length > 0) return;
      // If the exemption has ended already, its first end stays. Only an unknown id is an error.
      const known = await tx.select({ id: exemptions.id }).from(exemptions).where(one);
      if (known.length === 0) throw new StoreError(`there is no exemption ${change.id}`);
      return;
    }
    case 'outbox.add':
      await addMessage(tx, change.key, change.delivery, change.at);
      return;
    case 'value.set':
      await setValue(tx, change.name, change.value);
      return;
    case 'value.remove':
      await tx.delete(tx.tables.kv).where(eq(tx.tables.kv.name, change.name));
      return;
    case 'tick.set':
      await setLastTick(tx, change.name, change.at);
      return;
    case 'digest.set':
      await setLastDigest(tx, change);
      return;
    case 'state.seen':
      await setSeenState(tx, change.stack, change.seen);
      return;
    case 'skipped.set':
      await setSkippedCheck(tx, change.stack, change.skipped);
      return;
    case 'subscription.add': {
      const { platform, channel, target, by, at } = change.subscription;
      await tx
        .insert(subscriptions)
        .values({ platform, channel, target, by: JSON.stringify(by), at })
        .onConflictDoNothing();
      return;
    }
    case 'subscription.end': {
      const { platform, channel, target } = change.where;
      await tx
        .delete(subscriptions)
        .where(
          and(
            eq(subscriptions.platform, platform),
            eq(subscriptions.channel, channel),
            eq(subscriptions.target, target),
          ),
        );
      return;
    }
    case 'unless.paused':
    case 'pause.add':
    case 'pause.end':
    case 'heals.add':
    case 'heals.undo':
    case 'heals.seen':
      await writeHold(tx, change);
      return;
    case 'unless.taken':
      await refuseTaken(tx, change.stack, change.fence);
      return;
    case 'unless.applying':
      await refuseApplying(tx, change.stacks);
      return;
    case 'unless.waiting':
      await refuseWaiting(tx, change.stack);
      return;
    case 'if.exemptions':
      await refuseOtherExemptions(tx, change.stack, change.ids);
      return;
    case 'cause.add':
    case 'cause.update':
    case 'causes.gone':
      await writeCause(tx, change);
      return;
    case 'codification.insert':
    case 'codification.update':
      await writeCodification(tx, change);
      return;
    case 'audit':
      await appendAudit(tx, change.entry);
      return;
    default:
      assertNever(change);
  }
}
