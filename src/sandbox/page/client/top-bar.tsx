import type { ReactNode } from 'react';
import type { Snapshot } from '../protocol.ts';
import { Avatar } from './avatar.tsx';

/** The sandbox's name and status, and the choice of the person to act as. */
export function TopBar(props: {
  snapshot: Snapshot;
  me: string;
  connected: boolean;
  onBe: (id: string) => void;
}): ReactNode {
  const { snapshot, connected } = props;
  const { status, botIsHere } = snapshot;
  const state = !connected
    ? 'lost'
    : status.ready && botIsHere
      ? 'ready'
      : status.phase === 'failed'
        ? 'lost'
        : 'busy';
  const text = !connected ? 'The sandbox has stopped' : status.text;
  return (
    <header className="top">
      <h1>
        m0 <span>sandbox</span>
      </h1>
      <p className={`status ${state}`} role="status">
        {text}
        {connected && status.ready && !botIsHere && ' · m0 is not connected'}
      </p>
      <fieldset className="people">
        <legend>Act as</legend>
        {snapshot.people.map((person) => (
          <button
            key={person.id}
            type="button"
            aria-pressed={person.id === props.me}
            onClick={() => props.onBe(person.id)}
          >
            <Avatar id={person.id} name={person.realName} />
            <span>
              {person.realName}
              {person.title && <small>{person.title}</small>}
            </span>
          </button>
        ))}
      </fieldset>
    </header>
  );
}
