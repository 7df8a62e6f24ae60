/** Whether those who should be asked can be, and what is told where nobody can. */
import { errorText } from '../base/error-text.ts';
import type { ReachView } from '../messages/view.ts';
import type { ReachAlert } from '../model/alert.ts';
import type { Clock, Directory, Place, Stack } from '../model/directory.ts';
import { isOnCall } from '../model/rota.ts';
import type { LostChannel, ReachStore } from '../ports/reach-store.ts';

/**
 * Where a person can be written to, best first: in the chat where the others are told (`told`), else in Slack. Empty
 * where no chat knows them.
 */
export function placesOfPerson(
  directory: Directory,
  key: string,
  told: readonly Place[] = [],
): readonly Place[] {
  const person = directory.people.find((p) => p.key === key);
  const places: readonly Place[] = [
    ...(person?.slack ? [{ platform: 'slack' as const, user: person.slack }] : []),
    ...(person?.teams ? [{ platform: 'teams' as const, user: person.teams }] : []),
  ];
  const [first] = told;
  const isThere = (place: Place): boolean => place.platform === first?.platform;
  return [...places.filter(isThere), ...places.filter((place) => !isThere(place))];
}

/** All that m0.yaml knows to write to the person by, as one text; null where that is nothing. */
export function addressOf(directory: Directory, key: string): string | null {
  return placesOfPerson(directory, key).map(channelName).join(' ') || null;
}

/** `slack:C0OPS`, as in m0.yaml; a person's as `slack:U0DANA`. */
export function channelName(place: Place): string {
  return `${place.platform}:${'channel' in place ? place.channel : place.user}`;
}

function channelOf(place: Place): Pick<LostChannel, 'platform' | 'channel'> {
  return { platform: place.platform, channel: 'channel' in place ? place.channel : place.user };
}

/** A channel refused a message for good. */
export async function channelLost(
  store: Pick<ReachStore, 'addLostChannel'>,
  place: Place,
  error: unknown,
): Promise<void> {
  const text = errorText(error);
  await store.addLostChannel({ ...channelOf(place), error: text });
}

/** The channel takes messages again. */
export async function channelFound(
  store: Pick<ReachStore, 'removeLostChannel'>,
  place: Place,
): Promise<void> {
  const { platform, channel } = channelOf(place);
  await store.removeLostChannel(platform, channel);
}

/** Channels of m0.yaml that refused their last message, with why and whose stacks are told there. */
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

/** Each channel of the stacks concerned, once; those of other stacks where that leaves none. */
export function placesOfReach(directory: Directory, alert: ReachAlert): readonly Place[] {
  const concerned = new Set(alert.details.stacks);
  const channels = (of: readonly Stack[]): readonly Place[] => {
    const places = of.flatMap((s) => s.channels).filter((p) => channelName(p) !== alert.subject);
    return [...new Map(places.map((p) => [channelName(p), p])).values()];
  };
  const own = channels(directory.stacks.filter((s) => concerned.has(s.name)));
  return own.length > 0 ? own : channels(directory.stacks).slice(0, 1);
}

export function reachView(
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
