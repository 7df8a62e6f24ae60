/** Addresses of people and channels, channels that refuse messages, and the data of cards about both. */
import { errorText } from '../base/error-text.ts';
import type { ReachView } from '../messages/view.ts';
import type { ReachAlert } from '../model/alert.ts';
import type { Clock, Directory, Place, Stack } from '../model/directory.ts';
import { isOnCall } from '../model/rota.ts';
import type { LostChannel, ReachStore } from '../ports/reach-store.ts';

/**
 * The person's direct message addresses, best first: in the chat of the first of `reportedIn`, the channels that get
 * the alert, otherwise Slack first. Empty if m0.yaml has no chat id of the person.
 */
export function placesOfPerson(
  directory: Directory,
  key: string,
  reportedIn: readonly Place[] = [],
): readonly Place[] {
  const person = directory.people.find((p) => p.key === key);
  const places: readonly Place[] = [
    ...(person?.slack ? [{ platform: 'slack' as const, user: person.slack }] : []),
    ...(person?.teams ? [{ platform: 'teams' as const, user: person.teams }] : []),
  ];
  const [first] = reportedIn;
  const isSamePlatform = (place: Place): boolean => place.platform === first?.platform;
  return [...places.filter(isSamePlatform), ...places.filter((place) => !isSamePlatform(place))];
}

/** All direct message addresses of the person as one text; null if m0.yaml has none. */
export function addressOf(directory: Directory, key: string): string | null {
  return placesOfPerson(directory, key).map(channelName).join(' ') || null;
}

/** The place as text: `slack:C0OPS`, as in m0.yaml, or `slack:U0DANA` for a person. */
export function channelName(place: Place): string {
  return `${place.platform}:${'channel' in place ? place.channel : place.user}`;
}

function channelOf(place: Place): Pick<LostChannel, 'platform' | 'channel'> {
  return { platform: place.platform, channel: 'channel' in place ? place.channel : place.user };
}

/** Stores that the channel refused a message for good. */
export async function markChannelLost(
  store: Pick<ReachStore, 'addLostChannel'>,
  place: Place,
  error: unknown,
): Promise<void> {
  const text = errorText(error);
  await store.addLostChannel({ ...channelOf(place), error: text });
}

/** Stores that the channel accepts messages again. */
export async function markChannelWorking(
  store: Pick<ReachStore, 'removeLostChannel'>,
  place: Place,
): Promise<void> {
  const { platform, channel } = channelOf(place);
  await store.removeLostChannel(platform, channel);
}

/** The channels of m0.yaml that refused their last message, each with the reason and the stacks it belongs to. */
export async function lostChannels(
  store: Pick<ReachStore, 'lostChannels'>,
  directory: Directory,
): Promise<ReadonlyMap<string, ReachAlert['details']>> {
  const errors = new Map((await store.lostChannels()).map((c) => [`${c.platform}:${c.channel}`, c.error]));
  const lost = new Map<string, ReachAlert['details']>();
  for (const { name, channels } of directory.stacks) {
    for (const channel of channels.map(channelName)) {
      const problem = lost.has(channel) ? undefined : errors.get(channel);
      if (problem !== undefined) lost.set(channel, { problems: [problem], stacks: [] });
      const known = lost.get(channel);
      if (known) lost.set(channel, { ...known, stacks: [...known.stacks, name].sort() });
    }
  }
  return lost;
}

/** Where the alert is posted: the other channels of its stacks, each once, or one channel of another stack. */
export function placesOfUnreachable(directory: Directory, alert: ReachAlert): readonly Place[] {
  const concerned = new Set(alert.details.stacks);
  const channels = (of: readonly Stack[]): readonly Place[] => {
    const places = of.flatMap((s) => s.channels).filter((p) => channelName(p) !== alert.subject);
    return [...new Map(places.map((p) => [channelName(p), p])).values()];
  };
  const own = channels(directory.stacks.filter((s) => concerned.has(s.name)));
  return own.length > 0 ? own : channels(directory.stacks).slice(0, 1);
}

/** What the card of an unreachable rotation or channel shows now. */
export function unreachableView(
  { directory, clock }: { readonly directory: Directory; readonly clock: Clock },
  alert: ReachAlert,
): ReachView {
  const waiting = new Set(alert.details.stacks);
  const from = directory.stacks.filter((s) => waiting.has(s.name)).flatMap((s) => s.approvers.from);
  return {
    what: alert.subject,
    channel: !isOnCall(alert.subject),
    problems: alert.details.problems,
    stacks: alert.details.stacks,
    others: [...new Set(from.filter((entry) => !isOnCall(entry)))],
    since: alert.firstSeenAt,
    resolvedAt: alert.state === 'open' ? null : alert.lastSeenAt,
    outcome: alert.outcome,
    now: clock(),
    zone: directory.timezone,
  };
}
