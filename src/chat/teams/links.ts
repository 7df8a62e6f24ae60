/** Links to Teams messages. */
import type { Conversation } from './conversations.ts';

const BASE = 'https://teams.microsoft.com/l/message';

/**
 * The deep link to a message, as Microsoft documents it ("Deep link to navigate to channel conversation" and "to chat
 * messages", learn.microsoft.com). A message id is the time at which it was posted. Null for the chat with one person:
 * there is no documented link into a chat with a bot. Pure.
 */
export function deepLink(
  channel: string,
  messageId: string,
  { kind, tenantId }: Pick<Conversation, 'kind' | 'tenantId'>,
): string | null {
  if (kind === 'personal') return null;
  const url = new URL(`${BASE}/${encodeURIComponent(channel)}/${encodeURIComponent(messageId)}`);
  if (tenantId !== null) url.searchParams.set('tenantId', tenantId);
  if (kind === 'groupChat') url.searchParams.set('context', JSON.stringify({ contextType: 'chat' }));
  else url.searchParams.set('parentMessageId', messageId);
  return url.href;
}
