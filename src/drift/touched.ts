/** A guard before an apply, independent of the analysis. */
import { isRecord } from '../base/is-record.ts';

/**
 * The addresses that an apply of this plan would touch, read directly from the plan's list of changes: the last
 * guard against applying something that nobody decided on. Reads and no-ops touch nothing.
 *
 * @throws Error if the list is malformed. Then nothing may be applied.
 */
export function touchedAddresses(document: unknown): readonly string[] {
  const changes = isRecord(document) ? document.resource_changes : undefined;
  if (changes === undefined) return [];
  if (!Array.isArray(changes))
    throw new Error('reading what a plan would touch: resource_changes is no list');
  return changes.flatMap((entry: unknown) => {
    const actions = isRecord(entry) && isRecord(entry.change) ? entry.change.actions : undefined;
    if (!isRecord(entry) || typeof entry.address !== 'string' || !Array.isArray(actions)) {
      throw new Error('reading what a plan would touch: a change without an address or actions');
    }
    const harmless = actions.every((a) => a === 'no-op' || a === 'read');
    return harmless ? [] : [entry.address];
  });
}
