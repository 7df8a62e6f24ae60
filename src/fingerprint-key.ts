/** The secret key of the fingerprints, so that nobody can guess a value from its fingerprint. */
import { randomBytes } from 'node:crypto';
import type { Store } from './ports/store.ts';

const KEY_NAME = 'fingerprint-key';

/** The key. It is created once and stored in the database with the fingerprints. */
export async function fingerprintKey(store: Pick<Store, 'value' | 'setValue'>): Promise<string> {
  const known = await store.value(KEY_NAME);
  if (known !== undefined) return known;
  const created = randomBytes(32).toString('hex');
  await store.setValue(KEY_NAME, created);
  return created;
}

/** The key that the owner of the database has created. Rejects if there is none yet. */
export async function knownFingerprintKey(store: Pick<Store, 'value'>): Promise<string> {
  const known = await store.value(KEY_NAME);
  if (known !== undefined) return known;
  throw new Error('m0 serve has not been started on this database yet: start it first');
}
