/** Whether the person who asked may still put this drift into the code. It is looked at right before a push. */

import type { Cause } from '../model/cause.ts';
import type { Codification } from '../model/codification.ts';
import type { Directory, Stack } from '../model/directory.ts';
import { causedIt } from '../people/causers.ts';
import { couldAct } from '../people/permissions.ts';
import type { CodifyParts } from './parts.ts';

/**
 * Why nothing may be pushed for who asked, in one sentence without its full stop; null: it may. Reads m0.yaml as it is
 * now and what is known by now of who changed the cloud. A person who was on call when asking need not be any more.
 */
export async function askerObjection(
  { store, directory, onCall }: Pick<CodifyParts, 'store' | 'directory' | 'onCall'>,
  { by, stack: name, fingerprint }: Pick<Codification, 'by' | 'stack' | 'fingerprint'>,
): Promise<string | null> {
  const now = await onCall();
  const causes = await store.causes(name);
  // Read last, so that no m0.yaml can come into use between this and the push.
  const stack = directory.stacks.find((each) => each.name === name);
  if (stack === undefined) return 'the stack is no longer watched';
  if (!couldAct('codify', by.person, stack, directory, now)) {
    return `by m0.yaml as it is now ${by.name} may not put drift of ${name} into the code, so somebody who may must ask`;
  }
  return madeByAsker({ by, fingerprint }, stack, directory, causes);
}

/** Why who asked may not have it in the code under `notTheAuthor`: the log names that person as who made it; null: it does not. */
export function madeByAsker(
  { by, fingerprint }: Pick<Codification, 'by' | 'fingerprint'>,
  { approvers }: Pick<Stack, 'approvers'>,
  directory: Pick<Directory, 'people'>,
  causes: readonly Cause[],
): string | null {
  const person = directory.people.find(({ key }) => key === by.person);
  const made = person !== undefined && causedIt(person, { findings: [{ fingerprint }], causes });
  return approvers.notTheAuthor && made
    ? `by the cloud’s log ${by.name} made it, so somebody else must ask`
    : null;
}
