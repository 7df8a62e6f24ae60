import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import type { TeamsMessage } from '../../../teams/model.ts';
import { hasDraft } from '../drafts.ts';
import { ReplyBox } from './box.tsx';
import { Message } from './message.tsx';
import { useTeams } from './teams-context.ts';

interface PostProps {
  readonly root: TeamsMessage;
  readonly replies: readonly TeamsMessage[];
  /** Key of the reply's draft; the component needs the same React key. */
  readonly draft: string;
}

/**
 * A post in a channel with its thread. The thread is collapsed to the number and authors of its replies, and
 * open where the person takes part or pressed a button, because an answer may appear there.
 */
export function Post({ root, replies, draft }: PostProps): ReactNode {
  const { me, names } = useTeams();
  const [open, setOpen] = useState<boolean | null>(null);
  const [box, setBox] = useState<'shut' | 'kept' | 'asked for'>(() => (hasDraft(draft) ? 'kept' : 'shut'));
  const reply = useRef<HTMLButtonElement>(null);
  const lastBox = useRef(box);
  useLayoutEffect(() => {
    // Who leaves the reply without going anywhere is back at the button that opened it.
    if (box === 'shut' && lastBox.current !== 'shut' && document.activeElement === document.body)
      reply.current?.focus({ preventScroll: true });
    lastBox.current = box;
  }, [box]);
  const isOpen = open ?? [root, ...replies].some((message) => message.from === me);
  const nameOf = (message: TeamsMessage) => names[message.from] ?? 'Somebody';
  const authors = [...new Set(replies.map(nameOf))].join(', ');
  const count = `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`;
  const onPressed = () => setOpen(true);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be a landmark, and a channel has hundreds of posts
    <div className="t-post" role="group" aria-label={`Post by ${nameOf(root)}`}>
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
        <button ref={reply} type="button" className="t-answer" onClick={() => setBox('asked for')}>
          Reply
        </button>
      )}
    </div>
  );
}
