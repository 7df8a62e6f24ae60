import type { ReactNode } from 'react';
import type { PageChannel, Snapshot } from '../protocol.ts';
import { HOME } from './home.tsx';

interface SidebarProps {
  readonly snapshot: Snapshot;
  readonly current: string;
  /** The newest ts that this person has read, by channel. */
  readonly read: Readonly<Record<string, string>>;
  readonly onOpen: (channel: string) => void;
}

/** Channels and direct messages, with their numbers of unread messages. */
export function Sidebar({ snapshot, current, read, onOpen }: SidebarProps): ReactNode {
  const group = (label: string, channels: readonly PageChannel[]) => (
    <div className="group">
      <h2>{label}</h2>
      {channels.map((channel) => {
        const unread = channel.id === current ? 0 : unreadIn(channel, snapshot.me, read[channel.id] ?? '');
        return (
          <button
            key={channel.id}
            type="button"
            className={unread > 0 ? 'unread' : undefined}
            aria-current={channel.id === current}
            onClick={() => onOpen(channel.id)}
          >
            <span>
              {label === 'Channels' ? `# ${channel.name}` : (snapshot.names[channel.name] ?? channel.name)}
            </span>
            {unread > 0 && (
              <span className="count">
                {unread}
                <span className="unseen"> unread</span>
              </span>
            )}
          </button>
        );
      })}
    </div>
  );
  return (
    <nav className="sidebar" aria-label="Conversations">
      {group(
        'Channels',
        snapshot.channels.filter((channel) => channel.kind === 'channel'),
      )}
      {group(
        'Direct messages',
        snapshot.channels.filter((channel) => channel.kind === 'im'),
      )}
      <div className="group">
        <h2>Apps</h2>
        <button type="button" aria-current={current === HOME} onClick={() => onOpen(HOME)}>
          <span>{snapshot.names[snapshot.bot] ?? 'm0'} · Home</span>
        </button>
      </div>
    </nav>
  );
}

export function unreadIn(channel: PageChannel, me: string, read: string): number {
  return channel.messages.filter((message) => message.user !== me && message.ts > read).length;
}
