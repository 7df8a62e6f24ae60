/** What the cards of a stack show when an exemption ends: by a person, or because its time is over. */
import type { Alert, RunAlert } from '../model/alert.ts';
import type { Exemption } from '../model/exemption.ts';
import type { Change, Store } from '../ports/store.ts';

export interface ExemptionEnd {
  /** How the card ends that ended because of the exemption, if the stack has no open card. */
  readonly outcome: string;
  /** The line in the thread of the open card, or of the cards that the exemptions were made on. */
  readonly line: string;
  /** Makes the outbox keys unique. */
  readonly stamp: string;
  /** ms since epoch. */
  readonly at: number;
}

/** The stack's open drift card; without one, the cards of the runs that the exemptions were made on. */
export async function cardsOfExemptions(
  store: Store,
  stack: string,
  exemptions: readonly Pick<Exemption, 'runId'>[],
): Promise<{ readonly open: RunAlert | null; readonly older: readonly Alert[] }> {
  const [open] = await store.alerts({ subject: stack, state: 'open', kind: 'drift' });
  const runs = new Set(exemptions.flatMap((k) => (k.runId === null ? [] : [k.runId])));
  const alerts = (await Promise.all([...runs].map((runId) => store.alerts({ runId })))).flat();
  return { open: open ?? null, older: alerts.filter((alert) => alert.id !== open?.id) };
}

/** The changes of the cards for exemptions of one stack that end now. The caller ends the exemptions themselves. */
export async function exemptionEndChanges(
  store: Store,
  exemptions: readonly Pick<Exemption, 'runId' | 'stack'>[],
  { outcome, line, stamp, at }: ExemptionEnd,
): Promise<readonly Change[]> {
  const [first] = exemptions;
  if (first === undefined) return [];
  const { open, older } = await cardsOfExemptions(store, first.stack, exemptions);
  const told = open === null ? older.filter((alert) => alert.kind === 'drift') : [open];
  return [
    ...older
      .filter((alert) => alert.state === 'resolved')
      .map((alert): Change => ({ type: 'alert.update', alert: { ...alert, outcome } })),
    ...told.map(
      ({ id }): Change => ({
        type: 'outbox.add',
        key: `thread:${id}:${stamp}`,
        delivery: { type: 'thread', alertId: id, text: line },
        at,
      }),
    ),
    // The cards must no longer say that the finding is exempt. The new check shows what is open now.
    ...[...(open === null ? [] : [open]), ...older].map(
      ({ id }): Change => ({
        type: 'outbox.add',
        key: `card:${id}:${stamp}`,
        delivery: { type: 'card', alertId: id },
        at,
      }),
    ),
  ];
}
