/** Which channels get a stack's messages: those of m0.yaml, and those that people subscribed from chat. */

import { resolveTarget } from '../commands/target.ts';
import type { Subscription } from '../model/alert.ts';
import type { Directory, Place, Stack } from '../model/directory.ts';
import type { Store } from '../ports/store.ts';

/** The names of the stacks that a subscription matches now. Empty if its target matches nothing any more. */
export function stacksOfSubscription(
  { target }: Pick<Subscription, 'target'>,
  directory: Directory,
): readonly string[] {
  const found = resolveTarget(target, directory.stacks);
  return found.ok ? found.stacks : [];
}

/** True if the place is a person's direct messages with m0. */
export function isDirect(place: Place): boolean {
  return 'user' in place || (place.platform === 'slack' && place.channel.startsWith('D'));
}

/** True if both are the same channel. */
export function isSameChannel(a: Place, b: Place): boolean {
  return a.platform === b.platform && 'channel' in a && 'channel' in b && a.channel === b.channel;
}

/** True if the channel gets the stack's messages. */
export function isReportedIn(stack: Stack, place: Place): boolean {
  return stack.channels.some((c) => isSameChannel(c, place));
}

/** The subscriptions of one channel, in the order they were made. */
export async function subscriptionsAt(store: Store, place: Place): Promise<readonly Subscription[]> {
  return (await store.subscriptions()).filter((s) => isSameChannel(s, place));
}

/**
 * The directory with subscribed channels added to each stack, after the channels of m0.yaml. Subscriptions are read
 * from the store at each call, so a new one takes effect with the next message.
 */
export async function directoryWithSubscriptions({
  store,
  directory,
}: {
  readonly store: Store;
  readonly directory: Directory;
}): Promise<Directory> {
  const subscriptions = await store.subscriptions();
  if (subscriptions.length === 0) return directory;
  const more = new Map<string, Place[]>();
  for (const subscription of subscriptions) {
    const { platform, channel } = subscription;
    for (const name of stacksOfSubscription(subscription, directory)) {
      more.set(name, [...(more.get(name) ?? []), { platform, channel }]);
    }
  }
  const stacks = directory.stacks.map((stack): Stack => {
    const places = more.get(stack.name) ?? [];
    const fresh = places.filter(
      (place, i) => !isReportedIn(stack, place) && places.findIndex((p) => isSameChannel(p, place)) === i,
    );
    return fresh.length === 0 ? stack : { ...stack, channels: [...stack.channels, ...fresh] };
  });
  return { ...directory, stacks };
}
