import { createContext, useContext } from 'react';
import type { PageTeams } from '../../protocol.ts';

const NOBODY: PageTeams = {
  me: '',
  bot: '',
  names: {},
  team: '',
  conversations: [],
  commands: [],
  botIsHere: false,
};

export const TeamsContext = createContext<PageTeams>(NOBODY);

/** The Teams on the page, as the person one is sees it. */
export function useTeams(): PageTeams {
  return useContext(TeamsContext);
}
