/** Which alerts may join a fleet, and which places still get a fleet's message. */
import type { Alert, FleetAlert } from '../model/alert.ts';
import type { Clock, Directory, Platform } from '../model/directory.ts';
import { openFindings } from '../model/open-findings.ts';
import { severityOf } from '../people/urgency.ts';
import type { Store } from '../ports/store.ts';
import { stackOrRemoved } from './drift-view.ts';
import { addressOf, channelName } from './unreachable.ts';

export interface FleetRuleParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly clock: Clock;
}

/** True if the alert is drift that m0.yaml calls urgent: it gets a message of its own everywhere. */
export async function isUrgentDrift(
  { store, directory, clock }: FleetRuleParts,
  alert: Alert,
): Promise<boolean> {
  if (alert.kind !== 'drift') return false;
  const run = await store.run(alert.runId);
  if (!run) return false;
  const open = openFindings(run, await store.exemptions(run.stack), clock());
  return severityOf(stackOrRemoved(directory, run), run, open) === 'urgent';
}

/**
 * True if the fleet's place still gets such alerts: the person is in m0.yaml with a chat id, or the channel is one of a
 * stack that the fleet covers. `known`: m0.yaml with the subscriptions. `chats`: those of m0.yaml.
 */
export async function hasPlace(
  store: Store,
  known: Directory,
  chats: ReadonlyMap<Platform, unknown>,
  { details }: FleetAlert,
): Promise<boolean> {
  const { place, person, members } = details;
  if (!chats.has(place.platform)) return false;
  if (person !== null) return addressOf(known, person) !== null;
  const names = new Set((await Promise.all(members.map((id) => store.alert(id)))).map((a) => a?.subject));
  const here = channelName(place);
  return known.stacks.some((s) => names.has(s.name) && s.channels.some((c) => channelName(c) === here));
}
