import { useKept } from './live.ts';

/** What a person has read, by conversation, kept for the next visit. */
export function useRead(
  key: string,
  me: string,
): [Readonly<Record<string, string>>, (conversation: string, newest: string) => void] {
  const [kept, keep] = useKept(key, '{}');
  const all = JSON.parse(kept) as Record<string, Record<string, string>>;
  const mine = all[me] ?? {};
  return [
    mine,
    (conversation, newest) => keep(JSON.stringify({ ...all, [me]: { ...mine, [conversation]: newest } })),
  ];
}
