/** Which memory m0 works with: its id, and the back-ups it was restored from. Pure. */

/** One restore of a back-up. Numbers after `last…` were given out by the former memory, and are not in this one. */
export interface Restore {
  /** ms since epoch */
  readonly at: number;
  /** The id of the memory that the back-up is a copy of. */
  readonly of: string;
  /** The newest run, alert and delivery that were ever stored in the back-up; 0 if there was none. */
  readonly lastRun: number;
  readonly lastAlert: number;
  readonly lastDelivery: number;
  /** The first run of this memory has a higher number than this one. */
  readonly runsAfter: number;
}

/**
 * The id of a memory is random: made with a new database, and made anew by each restore. It is empty for a database of
 * a version that had no ids. The restores are in the order in which they were made.
 */
export interface Memory {
  readonly id: string;
  readonly restores: readonly Restore[];
}

/** By how much a restore moves the next numbers on, so that none is given out twice. */
export const RESTORE_JUMP = 10_000;

/** The name of the stored value that is not empty while m0 has not followed a restore up yet. */
export const RESTORE_PENDING = 'restore-pending';

/** The restore since which a run with this number is not known any more; null if it was never given out. */
export function restoreSince(memory: Memory, run: number): Restore | null {
  return memory.restores.findLast(({ lastRun, runsAfter }) => run > lastRun && run <= runsAfter) ?? null;
}

/** True if the alert was stored in the back-up of the newest restore. */
export function isAlertOfBackup(memory: Memory, alertId: number): boolean {
  return alertId <= (memory.restores.at(-1)?.lastAlert ?? 0);
}

/**
 * The key under which a chat knows a message about an alert, or of a delivery. It carries the id of the memory that
 * stored the alert or delivery first: a message of another memory never has the same key, and one that was posted just
 * before a back-up or after it is still recognised.
 */
export function messageKey(
  { id, restores }: Memory,
  about: { readonly alert: number } | { readonly delivery: number },
  key: string,
): string {
  const made = restores.find((restore) =>
    'alert' in about ? about.alert <= restore.lastAlert : about.delivery <= restore.lastDelivery,
  );
  const memory = made?.of ?? id;
  return memory === '' ? key : `${memory}/${key}`;
}
