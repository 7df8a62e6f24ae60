/** Alerts about m0.yaml: it is refused, or some of its changes need a restart. */
import { createHash } from 'node:crypto';
import type { ConfigView } from '../messages/view-config.ts';
import type { ConfigAlert, ConfigTrouble } from '../model/alert.ts';
import type { Clock, Directory, Place } from '../model/directory.ts';
import type { Change, Store } from '../ports/store.ts';
import { storeFresh } from '../runs/commit-fresh.ts';

/** The channels that get what is about m0.yaml: those of its `defaults`, or else those of all stacks. */
export function placesOfConfig(channels: readonly Place[], { stacks }: Directory): readonly Place[] {
  const all = channels.length > 0 ? channels : stacks.flatMap((stack) => stack.channels);
  return [...new Map(all.map((place) => [JSON.stringify(place), place])).values()];
}

/** The same for the same problem of the same text. */
function fingerprintOf({ what, problems }: ConfigTrouble): string {
  return createHash('sha256')
    .update(JSON.stringify([what, problems]))
    .digest('hex')
    .slice(0, 16);
}

/** What must be told now: `subject` is the file as people may see it. */
export interface ToldConfig {
  readonly subject: string;
  readonly trouble: ConfigTrouble;
}

function closing(alert: ConfigAlert, outcome: string, at: number): readonly Change[] {
  const delivery = { type: 'card', alertId: alert.id } as const;
  return [
    { type: 'alert.update', alert: { ...alert, state: 'resolved', outcome, lastSeenAt: at } },
    { type: 'outbox.add', key: `card:${alert.id}:resolved`, delivery, at },
  ];
}

async function changesFor(
  store: Pick<Store, 'alerts'>,
  told: readonly ToldConfig[],
  outcome: string,
  at: number,
): Promise<readonly Change[]> {
  const open = await store.alerts({ kind: 'config', state: 'open' });
  const wanted = told.map((one) => ({ ...one, fingerprint: fingerprintOf(one.trouble) }));
  const same = (alert: ConfigAlert, one: (typeof wanted)[number]): boolean =>
    alert.subject === one.subject && alert.fingerprint === one.fingerprint;
  const changes = open
    .filter((alert) => !wanted.some((one) => same(alert, one)))
    .flatMap((alert) =>
      closing(alert, wanted.length > 0 ? 'the file has changed again, see the newer message' : outcome, at),
    );
  const added = wanted
    .filter((one) => !open.some((alert) => same(alert, one)))
    .map(
      ({ subject, trouble, fingerprint }): Change => ({
        type: 'alert.insert',
        alert: {
          ...{ kind: 'config', subject, fingerprint, state: 'open', runId: null, outcome: null },
          ...{ firstSeenAt: at, lastSeenAt: at, seenCount: 1, details: trouble },
        },
        deliveries: [{ type: 'card' }],
      }),
    );
  return [...changes, ...added];
}

/**
 * Stores that exactly this is told. What is told already is not told again; what is told no longer is closed with
 * `outcome`. Resolves to whether anything was stored. Rejects if the store fails.
 */
export async function tellConfig(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  told: readonly ToldConfig[],
  outcome: string,
): Promise<boolean> {
  let isStored = false;
  await storeFresh(store, async () => {
    const changes = await changesFor(store, told, outcome, clock());
    isStored = changes.length > 0;
    return changes;
  });
  return isStored;
}

/** What the card of the alert shows now. */
export function configView(
  { directory, clock }: { readonly directory: Directory; readonly clock: Clock },
  alert: ConfigAlert,
): ConfigView {
  const { what, problems, inUse } = alert.details;
  return {
    ...{ file: alert.subject, what, problems, inUse, since: alert.firstSeenAt, outcome: alert.outcome },
    resolvedAt: alert.state === 'open' ? null : alert.lastSeenAt,
    ...{ now: clock(), zone: directory.timezone },
  };
}
