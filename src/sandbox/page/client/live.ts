import { useEffect, useState } from 'react';
import type { Act, ActAnswer, Snapshot } from '../protocol.ts';

/** What one person sees, updated live. `connected` is false while the server cannot be reached. */
export function useLive(as: string): { snapshot: Snapshot | null; connected: boolean } {
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null);
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const source = new EventSource(`/page/live?as=${encodeURIComponent(as)}`);
    source.addEventListener('snapshot', (event: MessageEvent<string>) => {
      setConnected(true);
      setSnapshot(JSON.parse(event.data) as Snapshot);
    });
    source.addEventListener('error', () => setConnected(false));
    return () => source.close();
  }, [as]);
  return { snapshot, connected };
}

/** Sends JSON to the server. A network error becomes an answer with a problem. */
async function post(path: string, body: unknown): Promise<unknown> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return await response.json();
  } catch {
    return { ok: false, problem: 'The sandbox can’t be reached.' };
  }
}

export function perform(act: Act): Promise<ActAnswer> {
  return post('/page/act', act) as Promise<ActAnswer>;
}

export function runInConsole(
  id: string,
): Promise<{ ok: true; done: string } | { ok: false; problem: string }> {
  return post('/page/console', { id }) as Promise<
    { ok: true; done: string } | { ok: false; problem: string }
  >;
}

/** A value that this browser stores for the next visit. */
export function useStored(key: string, initial: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => localStorage.getItem(key) ?? initial);
  return [
    value,
    (next) => {
      localStorage.setItem(key, next);
      setValue(next);
    },
  ];
}

/** The current time in ms, updated every `everyMs` so that relative times stay correct. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
