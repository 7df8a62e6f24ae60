import type { ReactNode } from 'react';
import type { PageTeamsConversation } from '../../protocol.ts';
import { Face } from './face.tsx';
import { useTeams } from './teams-context.ts';
import { keyOf, unreadIn } from './unread.ts';

interface NavProps {
  readonly current: string;
  readonly read: Readonly<Record<string, string>>;
  readonly onOpen: (key: string) => void;
}

/** The chats, and the team with its channels, with their numbers of unread messages. */
export function Nav({ current, read, onOpen }: NavProps): ReactNode {
  const { me, bot, team, conversations } = useTeams();
  const entry = (conversation: PageTeamsConversation) => {
    const key = keyOf(conversation);
    const unread = key === current ? 0 : unreadIn(conversation, me, read[key] ?? '');
    return (
      <button
        key={key}
        type="button"
        className={unread > 0 ? 'unread' : undefined}
        aria-current={key === current}
        onClick={() => onOpen(key)}
      >
        {conversation.kind !== 'channel' && (
          <Face id={conversation.kind === 'personal' ? bot : conversation.id} name={conversation.name} />
        )}
        <span className="t-name">{conversation.name}</span>
        {unread > 0 && (
          <span className="t-count">
            {unread}
            <span className="unseen"> unread</span>
          </span>
        )}
      </button>
    );
  };
  const channels = conversations.filter((one) => one.kind === 'channel');
  const chats = conversations.filter((one) => one.kind !== 'channel');
  return (
    <nav className="t-nav" aria-label="Teams and chats">
      {channels.length > 0 && (
        <div className="t-group">
          <h2>
            <span className="t-team" aria-hidden="true">
              {team.slice(0, 2)}
            </span>
            {team}
          </h2>
          <div className="t-channels">{channels.map(entry)}</div>
        </div>
      )}
      {chats.length > 0 && (
        <div className="t-group">
          <h2>Chat</h2>
          {chats.map(entry)}
        </div>
      )}
    </nav>
  );
}
