import type { PageTeams, PageTeamsConversation } from '../../protocol.ts';

/** Stands for the chat with the app, whoever one is: each person has their own. */
export const PERSONAL = 'personal';

/** What a conversation is called where it is remembered, so that it outlives a change of persons. */
export function keyOf(conversation: PageTeamsConversation): string {
  return conversation.kind === 'personal' ? PERSONAL : conversation.id;
}

/** When the newest of it arrived, in a form that sorts by time. */
export function newestOf(conversation: PageTeamsConversation): string {
  return String(Math.max(0, ...conversation.messages.map((message) => message.sentAt)));
}

export function unreadIn(conversation: PageTeamsConversation, me: string, read: string): number {
  return conversation.messages.filter((message) => message.from !== me && message.sentAt > Number(read))
    .length;
}

/** How much of Teams this person has not read. */
export function unreadInTeams(teams: PageTeams, read: Readonly<Record<string, string>>): number {
  return teams.conversations.reduce(
    (sum, conversation) => sum + unreadIn(conversation, teams.me, read[keyOf(conversation)] ?? ''),
    0,
  );
}
