import { type ReactNode, useState } from 'react';
import type { TeamsMessage } from '../../../teams/model.ts';
import { ReplyBox } from './box.tsx';
import { Message } from './message.tsx';
import { useTeams } from './teams-context.ts';

interface PostProps {
  readonly root: TeamsMessage;
  readonly replies: readonly TeamsMessage[];
  readonly draft: string;
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
}

/** A post of a channel with its thread, folded to how many replies it has and whose. */
export function Post({ root, replies, draft, isOpen, onOpen }: PostProps): ReactNode {
  const { names } = useTeams();
  const [isAnswering, setAnswering] = useState(false);
  const authors = [...new Set(replies.map((reply) => names[reply.from] ?? 'Somebody'))].join(', ');
  const count = `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`;
  // What a click brings stands in the thread, so it is laid open for who clicked.
  const onPressed = () => onOpen(true);
  return (
    <div className="t-post">
      <Message message={root} onPressed={onPressed} />
      {replies.length > 0 && (
        <button type="button" className="t-fold" aria-expanded={isOpen} onClick={() => onOpen(!isOpen)}>
          {count} <span>from {authors}</span>
        </button>
      )}
      {isOpen && replies.length > 0 && (
        <div className="t-replies">
          {replies.map((reply) => (
            <Message key={reply.id} message={reply} onPressed={onPressed} />
          ))}
        </div>
      )}
      {isAnswering || isOpen ? (
        <ReplyBox
          draft={draft}
          root={root}
          hasFocus={isAnswering}
          onSent={() => onOpen(true)}
          onLeave={() => setAnswering(false)}
        />
      ) : (
        root.visibleTo === null && (
          <button type="button" className="t-answer" onClick={() => setAnswering(true)}>
            Reply
          </button>
        )
      )}
    </div>
  );
}
