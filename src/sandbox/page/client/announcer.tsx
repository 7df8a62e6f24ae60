import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Snapshot } from '../protocol.ts';

interface Arrival {
  /** Changes when the message was edited. */
  readonly version: string;
  readonly words: string;
}

/** The first line of a message: what its notification shows. */
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** What other people and the app wrote, in both chats, by a key of the message. */
function arrivalsOf({ me, names, channels, teams }: Snapshot): ReadonlyMap<string, Arrival> {
  const found = new Map<string, Arrival>();
  for (const { kind, name, messages } of channels) {
    const place = kind === 'im' ? 'a direct message' : `#${name}`;
    for (const { ts, user, text, editedTs } of messages) {
      if (user === me) continue;
      const words = `${names[user] ?? 'Slackbot'} in ${place} of Slack: ${firstLine(text)}`;
      found.set(`slack/${name}/${ts}`, { version: editedTs ?? '', words });
    }
  }
  for (const { id, kind, name, messages } of teams?.conversations ?? []) {
    const place = kind === 'channel' ? name : 'a chat';
    for (const { id: message, from, summary, editedAt } of messages) {
      if (from === teams?.me) continue;
      const words = `${teams?.names[from] ?? 'Somebody'} in ${place} of Teams: ${firstLine(summary)}`;
      found.set(`teams/${id}/${message}`, { version: String(editedAt ?? ''), words });
    }
  }
  return found;
}

/** What is new since `before`; an edit counts if it changed the first line. */
function newWords(before: ReadonlyMap<string, Arrival>, now: ReadonlyMap<string, Arrival>): string[] {
  return [...now].flatMap(([key, { version, words }]) => {
    const known = before.get(key);
    if (known === undefined) return [words];
    return known.version !== version && known.words !== words ? [`Changed: ${words}`] : [];
  });
}

/**
 * Tells screen readers what arrived, in one line a message, without moving the focus. What was there before, or
 * before a switch to another person, is not read out.
 */
export function Announcer({ snapshot }: { snapshot: Snapshot }): ReactNode {
  const known = useRef<{ me: string; arrivals: ReadonlyMap<string, Arrival> } | null>(null);
  const [said, setSaid] = useState<readonly string[]>([]);
  useEffect(() => {
    const arrivals = arrivalsOf(snapshot);
    const before = known.current;
    known.current = { me: snapshot.me, arrivals };
    if (before?.me !== snapshot.me) return setSaid([]);
    const words = newWords(before.arrivals, arrivals);
    if (words.length > 0) setSaid(words);
  }, [snapshot]);
  return (
    <div className="unseen" role="status" aria-label="New messages">
      {said.map((words) => (
        <p key={words}>{words}</p>
      ))}
    </div>
  );
}
