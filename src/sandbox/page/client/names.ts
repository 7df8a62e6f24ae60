import { createContext, useContext } from 'react';

/** What live references in a message are called. */
export interface Names {
  readonly users: Readonly<Record<string, string>>;
  readonly channels: Readonly<Record<string, string>>;
  readonly me: string;
  readonly now: number;
}

export const NamesContext = createContext<Names>({ users: {}, channels: {}, me: '', now: 0 });

export function useNames(): Names {
  return useContext(NamesContext);
}
