import type { ReactNode } from 'react';
import type { TeamsMessage } from '../../../teams/model.ts';
import { useFocusKept } from '../focus-kept.ts';
import { useNames } from '../names.ts';
import { full, relative } from '../time.ts';
import { CardAnswer } from './card-answer.tsx';
import { Face } from './face.tsx';
import { File } from './file.tsx';
import { useTeams } from './teams-context.ts';

const MENTION = /(^|\s)(@m0)\b/;

interface MessageProps {
  readonly message: TeamsMessage;
  /** Called when a button of the card was pressed and the app has answered. */
  readonly onPressed: () => void;
}

/** One message: author, time, and the card or text. */
export function Message({ message, onPressed }: MessageProps): ReactNode {
  const { me, bot, names } = useTeams();
  const { now } = useNames();
  const article = useFocusKept();
  const { from, card, file, sentAt, editedAt, visibleTo } = message;
  const name = names[from] ?? 'Somebody';
  const kind = `${from === me ? ' mine' : ''}${visibleTo === null ? '' : ' private'}`;
  return (
    <article
      ref={article}
      tabIndex={-1}
      aria-label={`${name}, ${relative(sentAt, now)}`}
      className={`t-message${kind}`}
      data-id={message.id}
    >
      <Face id={from} name={name} />
      <div className="t-content">
        <div className="t-by">
          <b>{name}</b>
          {from === bot && <span className="t-app">App</span>}
          <time title={full(sentAt)}>{relative(sentAt, now)}</time>
          {editedAt !== null && <span title={full(editedAt)}>Edited</span>}
        </div>
        {visibleTo !== null && <div className="t-only-you">Only you can see this</div>}
        {file ? (
          <File message={message.id} file={file} />
        ) : card === null ? (
          <p className="t-text">{typed(message.summary)}</p>
        ) : (
          // Answers to a click are visible to one person only, so another person starts without them.
          <CardAnswer key={me} message={message.id} card={card} onPressed={onPressed} />
        )}
      </div>
    </article>
  );
}

/** A typed text with its mention of m0. */
function typed(text: string): ReactNode {
  const [before, lead, mention, ...rest] = text.split(MENTION);
  if (mention === undefined) return text;
  return (
    <>
      {before}
      {lead}
      <span className="t-mention">{mention}</span>
      {rest.join('')}
    </>
  );
}
