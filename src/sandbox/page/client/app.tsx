import { type ReactNode, useEffect, useState } from 'react';
import { ActorContext } from './acting.tsx';
import { CloudConsoleStrip } from './cloud-console.tsx';
import { Conversation } from './conversation.tsx';
import { HOME, Home } from './home.tsx';
import { useKept, useLive, useNow } from './live.ts';
import { Modal } from './modal.tsx';
import { NamesContext } from './names.ts';
import { Sidebar } from './sidebar.tsx';
import { TopBar } from './top-bar.tsx';

const PROBLEM_SHOWN_MS = 8000;

/** The whole page. */
export function App(): ReactNode {
  const [as, setAs] = useKept('m0.as', '');
  const { snapshot, connected } = useLive(as);
  const now = useNow(15_000);
  const [chosen, setChosen] = useState('');
  const [thread, setThread] = useState<string | null>(null);
  const [problem, setProblem] = useState('');
  const channel = snapshot?.channels.find((one) => one.id === chosen) ?? snapshot?.channels[0];
  const [read, markRead] = useRead(snapshot?.me ?? '');
  const newest = channel?.messages.at(-1)?.ts ?? '';
  // biome-ignore lint/correctness/useExhaustiveDependencies: read means that the newest message is on the screen
  useEffect(() => {
    if (channel && newest && chosen !== HOME) markRead(channel.id, newest);
  }, [channel?.id, newest, snapshot?.me, chosen]);
  useEffect(() => {
    if (!problem) return;
    const timer = setTimeout(() => setProblem(''), PROBLEM_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [problem]);

  if (!snapshot || !channel)
    return <p className="loading">{connected ? 'Opening …' : 'The sandbox is not running.'}</p>;
  const atHome = chosen === HOME;
  const top = snapshot.views.at(-1);
  const channels = Object.fromEntries(snapshot.channels.map((one) => [one.id, one.name]));
  const command = snapshot.commands[0] ?? '/m0';
  const title = channel.kind === 'im' ? (snapshot.names[channel.name] ?? '') : `# ${channel.name}`;
  return (
    <ActorContext value={{ me: snapshot.me, onProblem: setProblem }}>
      <NamesContext value={{ users: snapshot.names, channels, me: snapshot.me, now }}>
        <div className="page">
          <TopBar
            snapshot={snapshot}
            connected={connected}
            onBe={(id) => {
              setAs(id);
              setThread(null);
              // A direct message belongs to whoever one was.
              if (channel.kind === 'im' && !atHome) setChosen('');
            }}
          />
          <CloudConsoleStrip snapshot={snapshot} />
          <main className={thread ? 'with-thread' : undefined}>
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
          </main>
          {problem && (
            <p className="toast" role="alert">
              {problem}
            </p>
          )}
          {top && <Modal key={top.id} view={top} />}
        </div>
      </NamesContext>
    </ActorContext>
  );
}

/** What a person has read, by channel, kept for the next visit. */
function useRead(me: string): [Readonly<Record<string, string>>, (channel: string, ts: string) => void] {
  const [kept, keep] = useKept('m0.read', '{}');
  const all = JSON.parse(kept) as Record<string, Record<string, string>>;
  const mine = all[me] ?? {};
  return [mine, (channel, ts) => keep(JSON.stringify({ ...all, [me]: { ...mine, [channel]: ts } }))];
}
