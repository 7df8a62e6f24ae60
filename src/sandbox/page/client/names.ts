import { createContext, useContext } from 'react';

/** Names for the references in a message. */
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
