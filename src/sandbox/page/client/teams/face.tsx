import type { ReactNode } from 'react';
import { useTeams } from './teams-context.ts';

const COLOURS = 6;

/** Initials on a coloured background: people are round, apps are square. */
export function Face({ id, name }: { id: string; name: string }): ReactNode {
  const { bot } = useTeams();
  const isApp = id === bot;
  const hue = [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % COLOURS;
  return (
    <span className={isApp ? 't-face app' : `t-face hue-${hue}`} aria-hidden="true">
      {name.slice(0, isApp ? 2 : 1)}
    </span>
  );
}
