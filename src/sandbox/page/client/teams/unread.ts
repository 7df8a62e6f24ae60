import type { PageTeams, PageTeamsConversation } from '../../protocol.ts';

/** Stands for the chat with the app. Each person has their own, so its real id differs. */
export const PERSONAL = 'personal';

/** A conversation's storage key, the same for all persons. */
export function keyOf(conversation: PageTeamsConversation): string {
  return conversation.kind === 'personal' ? PERSONAL : conversation.id;
}

/** When its newest message arrived, in a form that sorts by time. */
export function newestOf(conversation: PageTeamsConversation): string {
  return String(Math.max(0, ...conversation.messages.map((message) => message.sentAt)));
}

export function unreadIn(conversation: PageTeamsConversation, me: string, read: string): number {
  return conversation.messages.filter((message) => message.from !== me && message.sentAt > Number(read))
    .length;
}

/** Number of messages in Teams that this person has not read. */
export function unreadInTeams(teams: PageTeams, read: Readonly<Record<string, string>>): number {
  return teams.conversations.reduce(
    (sum, conversation) => sum + unreadIn(conversation, teams.me, read[keyOf(conversation)] ?? ''),
    0,
  );
}
