import { type ReactNode, useState } from 'react';
import type { TeamsMessage } from '../../../teams/model.ts';
import { hasDraft } from '../drafts.ts';
import { ReplyBox } from './box.tsx';
import { Message } from './message.tsx';
import { useTeams } from './teams-context.ts';

interface PostProps {
  readonly root: TeamsMessage;
  readonly replies: readonly TeamsMessage[];
  /** Whose draft of a reply to what; it must be keyed by it too. */
  readonly draft: string;
}

/**
 * A post of a channel with its thread, folded to how many replies it has and whose. Where the person takes part, or
 * pressed a button, it is laid open: what they wait for stands in there.
 */
export function Post({ root, replies, draft }: PostProps): ReactNode {
  const { me, names } = useTeams();
  const [open, setOpen] = useState<boolean | null>(null);
  const [box, setBox] = useState<'shut' | 'kept' | 'asked for'>(() => (hasDraft(draft) ? 'kept' : 'shut'));
  const isOpen = open ?? [root, ...replies].some((message) => message.from === me);
  const nameOf = (message: TeamsMessage) => names[message.from] ?? 'Somebody';
  const authors = [...new Set(replies.map(nameOf))].join(', ');
  const count = `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`;
  const onPressed = () => setOpen(true);
  return (
    <section className="t-post" aria-label={`Post by ${nameOf(root)}`}>
      <Message message={root} onPressed={onPressed} />
      {replies.length > 0 && (
        <button type="button" className="t-fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
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
      {box !== 'shut' && (
        <ReplyBox
          draft={draft}
          root={root}
          hasFocus={box === 'asked for'}
          onSent={() => setOpen(true)}
          onLeave={() => setBox('shut')}
        />
      )}
      {box === 'shut' && root.visibleTo === null && (
        <button type="button" className="t-answer" onClick={() => setBox('asked for')}>
          Reply
        </button>
      )}
    </section>
  );
}
