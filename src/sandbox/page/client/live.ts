import { useEffect, useState } from 'react';
import type { Act, ActAnswer, Snapshot } from '../protocol.ts';

/** What one person sees, kept up to date; `connected` is false while the server can't be reached. */
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

/** Sends JSON to the server; what goes wrong on the way is an answer as well. */
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

/** A value that this browser keeps for the next visit. */
export function useKept(key: string, initial: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => localStorage.getItem(key) ?? initial);
  return [
    value,
    (next) => {
      localStorage.setItem(key, next);
      setValue(next);
    },
  ];
}

/** Now in ms, renewed every so often so that relative times stay true. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
