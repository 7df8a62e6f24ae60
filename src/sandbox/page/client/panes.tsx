import { type ReactNode, useEffect, useState } from 'react';
import { useStored } from './live.ts';

/** From this width on both chats fit side by side. */
const WIDE = '(min-width: 1200px)';

export interface Panes {
  readonly slack: boolean;
  readonly teams: boolean;
  readonly isWide: boolean;
  readonly choose: (choice: Choice) => void;
}

type Choice = 'slack' | 'both' | 'teams';

/**
 * Which chats are visible: both where there is room and the user did not choose one, else the last choice.
 */
export function usePanes(): Panes {
  const isWide = useMedia(WIDE);
  const [choice, setChoice] = useStored('m0.panes', 'both');
  const [single, setSingle] = useStored('m0.pane', 'slack');
  const shown = isWide ? choice : single;
  return {
    slack: shown !== 'teams',
    teams: shown === 'teams' || shown === 'both',
    isWide,
    choose: (next) => {
      if (isWide) setChoice(next);
      if (next !== 'both') setSingle(next);
    },
  };
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const look = () => setMatches(list.matches);
    look();
    list.addEventListener('change', look);
    return () => list.removeEventListener('change', look);
  }, [query]);
  return matches;
}

/** Switch for Slack, Teams or both, with the number of unread messages of a hidden chat. */
export function PaneSwitch({
  panes,
  unread,
}: {
  panes: Panes;
  unread: { readonly slack: number; readonly teams: number };
}): ReactNode {
  const choice = (name: Choice, label: string, isOn: boolean, count: number) => (
    <button type="button" aria-pressed={isOn} onClick={() => panes.choose(name)}>
      {label}
      {count > 0 && (
        <span className="count">
          {count}
          <span className="unseen"> unread</span>
        </span>
      )}
    </button>
  );
  const { slack, teams } = panes;
  return (
    <fieldset className="pane-switch" aria-label="Chats shown">
      {choice('slack', 'Slack', slack && !teams, slack ? 0 : unread.slack)}
      {panes.isWide && choice('both', 'Both', slack && teams, 0)}
      {choice('teams', 'Teams', teams && !slack, teams ? 0 : unread.teams)}
    </fieldset>
  );
}
