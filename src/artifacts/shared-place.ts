/** Whether all processes of one database keep plan files in the same place, under the same key. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Store } from '../ports/store.ts';

const NAME = 'artifacts';
const place = z.object({ location: z.string(), key: z.string().nullable() });
type SharedPlace = z.infer<typeof place>;

export interface ArtifactSettings {
  /** The value of M0_ARTIFACTS. */
  readonly location: string;
  readonly keys: readonly Buffer[];
}

/** The place as others can compare it. The hash does not tell the key: keys are 32 random bytes. */
function placeOf({ location, keys }: ArtifactSettings): SharedPlace {
  const dir = location.slice('file:'.length).replace(/^\/\//, '');
  const shown = !location.startsWith('file:') ? location : dir === '' ? 'file:' : `file:${resolve(dir)}`;
  const [key] = keys;
  return { location: shown, key: key === undefined ? null : createHash('sha256').update(key).digest('hex') };
}

/** Stores where the owner of the database keeps plan files. Rejects if the store fails. */
export async function tellPlace(store: Pick<Store, 'setValue'>, settings: ArtifactSettings): Promise<void> {
  await store.setValue(NAME, JSON.stringify(placeOf(settings)));
}

/**
 * Why a worker can't share plan files with the others; null if it can. Plan files hold secrets and travel between
 * machines, so they must be encrypted. Rejects if the store fails.
 */
export async function whyNotShared(
  store: Pick<Store, 'value'>,
  settings: ArtifactSettings,
): Promise<string | null> {
  const { location, key } = placeOf(settings);
  if (location === 'file:') {
    return 'M0_ARTIFACTS: is a folder of this machine, where no other process finds a plan: set it to s3://BUCKET/PREFIX, or to file:PATH of a folder that all share';
  }
  if (key === null) {
    return 'M0_ARTIFACT_KEY: is not set, and plan files hold secrets that travel between machines: set it to the key of m0 serve';
  }
  const text = await store.value(NAME);
  if (text === undefined) return 'm0 serve has not been started on this database yet: start it first';
  const owners = place.parse(JSON.parse(text));
  if (owners.location !== location) {
    return `M0_ARTIFACTS: is ${location}, and m0 serve keeps plan files in ${owners.location}: set both to the same place`;
  }
  return owners.key === key
    ? null
    : 'M0_ARTIFACT_KEY: is not the key of m0 serve: set the same on all machines';
}
