/** The e-mail addresses of people. */
import type { Directory } from '../model/directory.ts';
import type { Actor } from '../model/run.ts';

/** Finds the address of a person of m0.yaml, by the newest directory at each call; null where it names none. */
export function emailIn(directory: Pick<Directory, 'people'>): (actor: Actor) => string | null {
  return ({ person }) => directory.people.find(({ key }) => key === person)?.email ?? null;
}
