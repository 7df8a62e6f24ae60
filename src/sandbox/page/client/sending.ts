import { useContext, useEffect, useRef, useState } from 'react';
import type { Act } from '../protocol.ts';
import { ActorContext, useAct, type WithoutAs } from './acting.tsx';
import { useDraft } from './drafts.ts';

interface Sending {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly busy: boolean;
  readonly send: () => void;
}

/**
 * A draft and its sending. A message sent before the page shows the current person's view waits for it. A
 * refused text is put back into the field, unless it is `kept` in the conversation anyway.
 */
export function useSending(key: string, toAct: (text: string) => WithoutAs<Act>, kept = false): Sending {
  const { ready } = useContext(ActorContext);
  const act = useAct();
  const [text, setText] = useDraft(key);
  const [busy, setBusy] = useState(false);
  const [wanted, setWanted] = useState(false);
  const current = useRef('');
  current.current = text;
  const enter = (next: string) => {
    current.current = next;
    setText(next);
  };
  const go = async () => {
    const message = current.current.trim();
    if (message === '') return;
    enter('');
    setBusy(true);
    const { ok } = await act(toAct(message));
    setBusy(false);
    if (!ok && !kept && current.current === '') enter(message);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: sends when both are true, not after every render
  useEffect(() => {
    if (!wanted || !ready) return;
    setWanted(false);
    void go();
  }, [wanted, ready]);
  return {
    text,
    setText: enter,
    busy,
    send: () => {
      if (!busy && current.current.trim() !== '') setWanted(true);
    },
  };
}
