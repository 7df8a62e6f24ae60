import { createContext, useContext } from 'react';
import type { PageTeams } from '../../protocol.ts';

const EMPTY: PageTeams = {
  me: '',
  bot: '',
  names: {},
  team: '',
  conversations: [],
  commands: [],
  botIsHere: false,
};

export const TeamsContext = createContext<PageTeams>(EMPTY);

/** The Teams of the page, as the current person sees it. */
export function useTeams(): PageTeams {
  return useContext(TeamsContext);
}
