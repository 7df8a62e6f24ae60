/** "Was this you?": asks the person whom the cloud's log names, where m0.yaml says so. */
import { wasItYouCard } from '../messages/cause-card.ts';
import { type Cause, gradeOf } from '../model/cause.ts';
import type { Directory, Place } from '../model/directory.ts';
import { personOf } from '../people/causers.ts';
import type { Change } from '../ports/store.ts';

/** One direct message on each of the person's platforms. Only where an event names the attribute: else it is a guess. */
export function questionsWhetherYou(directory: Directory, cause: Cause, now: number): readonly Change[] {
  const stack = directory.stacks.find(({ name }) => name === cause.stack);
  const [event] = cause.events;
  if (stack?.causes?.ask !== true || event === undefined) return [];
  const person = personOf(event.who, directory);
  if (person === undefined || gradeOf(cause) !== 'event names the attribute') return [];
  const places: readonly (Place | null)[] = [
    person.slack === null ? null : { platform: 'slack', user: person.slack },
    person.teams === null ? null : { platform: 'teams', user: person.teams },
  ];
  const used = new Set(stack.channels.map(({ platform }) => platform));
  const card = wasItYouCard({
    ...{ stack: stack.name, environment: stack.environment, address: cause.address, run: cause.run },
    ...{ event, now, zone: stack.timezone },
  });
  return places
    .filter((place) => place !== null)
    .filter(({ platform }) => used.size === 0 || used.has(platform))
    .map((place) => ({
      type: 'outbox.add',
      key: `was-it-you:${cause.stack}:${cause.fingerprint}:${cause.since}:${place.platform}`,
      delivery: { type: 'post', place, card },
      at: now,
    }));
}
