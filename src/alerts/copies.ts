/** The posted copies of an alert's card: where each belongs, and a new one in place of one that was deleted. */
import { historyText } from '../commands/text.ts';
import { type Alert, isOfRun, type PostedMessage } from '../model/alert.ts';
import type { Directory, Place } from '../model/directory.ts';
import { ChatError } from '../ports/chat.ts';
import type { Recipient } from './fleet.ts';
import { placesOfPerson } from './unreachable.ts';

/** True if the chat refused the message for good, so another try is useless. */
export function isPermanent(error: unknown): boolean {
  return error instanceof ChatError && error.permanent;
}

/** True if the chat says that the message was deleted. */
export function isDeleted(error: unknown): boolean {
  return error instanceof ChatError && error.deleted;
}

/** True if the message is in that channel. */
export function isAt(message: PostedMessage, place: Place): boolean {
  return message.platform === place.platform && 'channel' in place && message.channel === place.channel;
}

/** True if the message is the recipient's copy: in that channel, or the person's own. */
export function isCopyFor(message: PostedMessage, { place, person }: Recipient): boolean {
  return person === null ? message.role === 'root' && isAt(message, place) : message.person === person;
}

/**
 * Who gets a new copy in place of this one; null for a channel that no longer gets the alert, and for a person who is
 * no longer in m0.yaml or has no id of that chat there.
 */
export function recipientOfCopy(
  message: PostedMessage,
  recipients: readonly Recipient[],
  directory: Directory,
): Recipient | null {
  const { person, platform, why } = message;
  if (person === null) return recipients.find((recipient) => isCopyFor(message, recipient)) ?? null;
  const place = placesOfPerson(directory, person).find((each) => each.platform === platform);
  return place === undefined ? null : { place, person, why };
}

/** The outbox key of an alert's message in a place. `instead`: the deleted message that it replaces. */
export function postKey(alert: Alert, place: Place, instead: string | null): string {
  const key = `alert:${alert.id}:${place.platform}:${'channel' in place ? place.channel : place.user}`;
  return instead === null ? key : `${key}:instead:${instead}`;
}

/** The first line in the thread of a message that replaces a deleted one. */
export function againText(alert: Alert): string {
  const all = isOfRun(alert) ? `; all of it: ${historyText(alert.subject)}` : '';
  return `The message about this was deleted here, so it is posted again. Its history starts anew${all}`;
}
