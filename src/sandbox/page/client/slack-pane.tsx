import { type ReactNode, useContext, useEffect, useState } from 'react';
import type { Snapshot } from '../protocol.ts';
import { ActorContext } from './acting.tsx';
import { Conversation } from './conversation.tsx';
import { HOME, Home } from './home.tsx';
import { Sidebar, unreadIn } from './sidebar.tsx';

interface SlackPaneProps {
  readonly snapshot: Snapshot;
  /** True while it is visible, so that arriving messages count as read. */
  readonly isShown: boolean;
  /** The newest ts that this person has read, by channel. */
  readonly read: Readonly<Record<string, string>>;
  readonly onRead: (channel: string, ts: string) => void;
}

/** The workspace's conversations, and the open one. */
export function SlackPane({ snapshot, isShown, read, onRead }: SlackPaneProps): ReactNode {
  const { me } = useContext(ActorContext);
  const [chosen, setChosen] = useState('');
  const [thread, setThread] = useState<string | null>(null);
  const [previousMe, setPreviousMe] = useState(me);
  const channel = snapshot.channels.find((one) => one.id === chosen) ?? snapshot.channels[0];
  const newest = channel?.messages.at(-1)?.ts ?? '';
  if (previousMe !== me) {
    setPreviousMe(me);
    setThread(null);
    // A direct message belongs to the previous person.
    if (channel?.kind === 'im' && chosen !== HOME) setChosen('');
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: read means that the newest message is on the screen
  useEffect(() => {
    if (channel && newest && chosen !== HOME && isShown) onRead(channel.id, newest);
  }, [channel?.id, newest, snapshot.me, chosen, isShown]);

  if (!channel) return null;
  const atHome = chosen === HOME;
  const command = snapshot.commands[0] ?? '/m0';
  const title = channel.kind === 'im' ? (snapshot.names[channel.name] ?? '') : `# ${channel.name}`;
  return (
    <div className={thread ? 'workspace with-thread' : 'workspace'}>
      <Sidebar
        snapshot={snapshot}
        current={atHome ? HOME : channel.id}
        read={read}
        onOpen={(id) => {
          setChosen(id);
          setThread(null);
        }}
      />
      {atHome ? (
        <Home snapshot={snapshot} />
      ) : (
        <Conversation
          snapshot={snapshot}
          channel={channel}
          thread={null}
          title={title}
          hint={`Message ${title} · try ${command} help`}
          onThread={setThread}
          onClose={null}
        />
      )}
      {thread && (
        <Conversation
          snapshot={snapshot}
          channel={channel}
          thread={thread}
          title="Thread"
          hint="Reply …"
          onThread={null}
          onClose={() => setThread(null)}
        />
      )}
    </div>
  );
}

/** Number of messages in the workspace that this person has not read. */
export function unreadInSlack(snapshot: Snapshot, read: Readonly<Record<string, string>>): number {
  return snapshot.channels.reduce(
    (sum, channel) => sum + unreadIn(channel, snapshot.me, read[channel.id] ?? ''),
    0,
  );
}
