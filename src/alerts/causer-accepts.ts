/** Ends what somebody accepted before the cloud's log named them: whoever made drift may not accept it. */
import type { Cause } from '../model/cause.ts';
import type { Directory } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import { M0 } from '../model/run.ts';
import { causedIt } from '../people/causers.ts';
import type { Change, Store } from '../ports/store.ts';
import { newRun } from '../runs/effects.ts';
import { exemptionEndChanges } from './exemption-end.ts';

/**
 * The changes that end, under `notTheAuthor`, the accepts of the finding by the people who made it, and check the stack
 * anew; empty if there are none. `now`: ms since epoch.
 */
export async function endAcceptsOfCausers(
  store: Store,
  directory: Directory,
  cause: Cause,
  now: number,
): Promise<readonly Change[]> {
  const stack = directory.stacks.find(({ name }) => name === cause.stack);
  if (stack?.approvers.notTheAuthor !== true) return [];
  const about = { findings: [cause], causes: [{ ...cause, goneAt: null }] };
  const accepts = (await store.exemptions(stack.name)).filter(({ kind, fingerprint, by, until }) => {
    if (kind !== 'accept' || fingerprint !== cause.fingerprint || (until !== null && until <= now))
      return false;
    const person = directory.people.find(({ key }) => key === by.person);
    return person !== undefined && causedIt(person, about);
  });
  if (accepts.length === 0) return [];
  const [queued] = await store.runs({ stack: stack.name, states: ['queued'], limit: 1 });
  const why = `by the cloud's log ${accepts[0]?.by.name} made it, so somebody else must accept it (notTheAuthor)`;
  return [
    ...accepts.map((one): Change => ({ type: 'exemption.end', id: one.id, by: M0, at: now })),
    ...accepts.map((one): Change => auditOf(one, cause, why, now)),
    ...(await exemptionEndChanges(store, accepts, {
      outcome: `no longer accepted: ${why}`,
      line: `${cause.address} is no longer accepted: ${why}. Checking now`,
      stamp: `accept-of-causer:${cause.fingerprint}:${cause.looks}`,
      at: now,
    })),
    ...(queued?.trigger === 'verify'
      ? []
      : [{ type: 'run.insert' as const, run: newRun(stack, 'verify', M0, null, now) }]),
  ];
}

function auditOf(accept: Exemption, { address, fingerprint }: Cause, why: string, at: number): Change {
  return {
    type: 'audit',
    entry: {
      ...{ at, actor: M0, place: null, action: 'unaccept', stack: accept.stack, runId: accept.runId },
      ...{ fingerprint: null, commit: null, bundles: null, scope: [{ address, fingerprint }] },
      detail: `${address}: ${why}`,
    },
  };
}
