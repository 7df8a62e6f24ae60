import { type ReactNode, useEffect, useState } from 'react';
import type { Snapshot } from '../protocol.ts';
import { ActorContext } from './acting.tsx';
import { Announcer } from './announcer.tsx';
import { CloudConsoleStrip } from './cloud-console.tsx';
import { useLive, useNow, useStored } from './live.ts';
import { Modal } from './modal.tsx';
import { NamesContext } from './names.ts';
import { PaneSwitch, usePanes } from './panes.tsx';
import { useRead } from './read.ts';
import { SlackPane, unreadInSlack } from './slack-pane.tsx';
import { TeamsPane } from './teams/teams-pane.tsx';
import { unreadInTeams } from './teams/unread.ts';
import { TopBar } from './top-bar.tsx';

const PROBLEM_SHOWN_MS = 8000;

/** The whole page. */
export function App(): ReactNode {
  const [as, setAs] = useStored('m0.as', '');
  const { snapshot, connected } = useLive(as);
  const now = useNow(15_000);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    if (!problem) return;
    const timer = setTimeout(() => setProblem(''), PROBLEM_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [problem]);

  if (!snapshot || snapshot.channels.length === 0)
    return <p className="loading">{connected ? 'Opening …' : 'The sandbox is not running.'}</p>;
  const top = snapshot.views.at(-1);
  const channels = Object.fromEntries(snapshot.channels.map((one) => [one.id, one.name]));
  // Actions use the chosen person at once, even while the page still shows another person's view.
  const me = snapshot.people.some((person) => person.id === as) ? as : snapshot.me;
  return (
    <ActorContext value={{ me, ready: me === snapshot.me, onProblem: setProblem }}>
      <NamesContext value={{ users: snapshot.names, channels, me: snapshot.me, now }}>
        <div className="page">
          <a className="skip" href="#chats">
            Skip to the chats
          </a>
          <TopBar snapshot={snapshot} me={me} connected={connected} onBe={setAs} />
          <CloudConsoleStrip snapshot={snapshot} />
          <Chats snapshot={snapshot} isSwitching={me !== snapshot.me} />
          <Announcer snapshot={snapshot} />
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

/** Slack, and Teams next to it where it is enabled. */
function Chats({ snapshot, isSwitching }: { snapshot: Snapshot; isSwitching: boolean }): ReactNode {
  const { teams } = snapshot;
  const panes = usePanes();
  const [readInSlack, markInSlack] = useRead('m0.read', snapshot.me);
  const [readInTeams, markInTeams] = useRead('m0.read-in-teams', snapshot.me);
  const slack = (isShown: boolean) => (
    <SlackPane snapshot={snapshot} isShown={isShown} read={readInSlack} onRead={markInSlack} />
  );
  if (teams === null) {
    return (
      <main id="chats" tabIndex={-1} aria-busy={isSwitching}>
        {slack(true)}
      </main>
    );
  }
  const unread = {
    slack: unreadInSlack(snapshot, readInSlack),
    teams: unreadInTeams(teams, readInTeams),
  };
  return (
    <main id="chats" tabIndex={-1} className="chats" aria-busy={isSwitching}>
      <PaneSwitch panes={panes} unread={unread} />
      <div className="panes">
        <section className="pane" aria-label="Slack" hidden={!panes.slack}>
          {slack(panes.slack)}
        </section>
        <section className="pane teams" aria-label="Microsoft Teams" hidden={!panes.teams}>
          <TeamsPane teams={teams} isShown={panes.teams} read={readInTeams} onRead={markInTeams} />
        </section>
      </div>
    </main>
  );
}
