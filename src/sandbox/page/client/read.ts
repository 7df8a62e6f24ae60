import { useStored } from './live.ts';

/** The newest message that a person has read, by conversation, stored for the next visit. */
export function useRead(
  key: string,
  me: string,
): [Readonly<Record<string, string>>, (conversation: string, newest: string) => void] {
  const [stored, setStored] = useStored(key, '{}');
  const all = JSON.parse(stored) as Record<string, Record<string, string>>;
  const mine = all[me] ?? {};
  return [
    mine,
    (conversation, newest) =>
      setStored(JSON.stringify({ ...all, [me]: { ...mine, [conversation]: newest } })),
  ];
}
