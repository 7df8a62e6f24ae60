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
 * A draft and its way out. What is sent before the page shows what the person sees waits for that, and what was
 * refused stands in the box again, unless it `stands` in the conversation all the same.
 */
export function useSending(key: string, toAct: (text: string) => WithoutAs<Act>, stands = false): Sending {
  const { ready } = useContext(ActorContext);
  const act = useAct();
  const [text, setText] = useDraft(key);
  const [busy, setBusy] = useState(false);
  const [wanted, setWanted] = useState(false);
  const now = useRef('');
  now.current = text;
  const enter = (next: string) => {
    now.current = next;
    setText(next);
  };
  const go = async () => {
    const said = now.current.trim();
    if (said === '') return;
    enter('');
    setBusy(true);
    const { ok } = await act(toAct(said));
    setBusy(false);
    if (!ok && !stands && now.current === '') enter(said);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: goes when both are there, not whenever it is drawn anew
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
      if (!busy && now.current.trim() !== '') setWanted(true);
    },
  };
}
