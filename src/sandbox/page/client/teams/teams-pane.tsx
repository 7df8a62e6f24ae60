import { type ReactNode, useEffect, useState } from 'react';
import type { PageTeams } from '../../protocol.ts';
import { Conversation } from './conversation.tsx';
import { Nav } from './nav.tsx';
import { TeamsContext } from './teams-context.ts';
import { keyOf, newestOf } from './unread.ts';

interface TeamsPaneProps {
  readonly teams: PageTeams;
  /** True while it is visible, so that arriving messages count as read. */
  readonly isShown: boolean;
  /** When the newest message that this person has read arrived, by conversation. */
  readonly read: Readonly<Record<string, string>>;
  readonly onRead: (conversation: string, newest: string) => void;
}

/** The team's channels and the chats, and the open one. */
export function TeamsPane({ teams, isShown, read, onRead }: TeamsPaneProps): ReactNode {
  const [chosen, setChosen] = useState('');
  const conversation = teams.conversations.find((one) => keyOf(one) === chosen) ?? teams.conversations[0];
  const newest = conversation ? newestOf(conversation) : '';
  // biome-ignore lint/correctness/useExhaustiveDependencies: read means that the newest message is on the screen
  useEffect(() => {
    if (conversation && isShown) onRead(keyOf(conversation), newest);
  }, [conversation?.id, newest, teams.me, isShown]);

  if (!conversation) return null;
  return (
    <TeamsContext value={teams}>
      <div className="t-workspace">
        <Nav current={keyOf(conversation)} read={read} onOpen={setChosen} />
        <Conversation key={keyOf(conversation)} conversation={conversation} />
      </div>
    </TeamsContext>
  );
}
