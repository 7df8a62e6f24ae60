import { type ReactNode, useState } from 'react';
import { type Message as MessageData, SLACKBOT } from '../../workspace/model.ts';
import type { FormValues, PageFile } from '../protocol.ts';
import { useAct, useBlocks } from './acting.tsx';
import { Avatar } from './avatar.tsx';
import { Blocks } from './blocks.tsx';
import { useFocusKept } from './focus-kept.ts';
import { Mrkdwn } from './mrkdwn.tsx';
import { useNames } from './names.ts';
import { fromTs, full, relative } from './time.ts';

export interface MessageProps {
  readonly message: MessageData;
  readonly bot: string;
  readonly files: Readonly<Record<string, PageFile>>;
  /** Number of replies and the time of the last; null inside a thread. */
  readonly replies: { readonly count: number; readonly lastTs: string } | null;
  /** True directly after a message of the same author: the name is not repeated. */
  readonly follows: boolean;
  readonly onThread: (() => void) | null;
}

/** One message with its blocks, files and replies. */
export function Message({ message, bot, files, replies, follows, onThread }: MessageProps): ReactNode {
  const { users, now } = useNames();
  const act = useAct();
  const article = useFocusKept();
  const [values, setValues] = useState<FormValues>({});
  const onEnter = (actionId: string, value: FormValues[string]) =>
    setValues({ ...values, [actionId]: value });
  const { use, confirm, busy } = useBlocks(message.channel, message.ts, values, onEnter);
  const name = message.user === SLACKBOT ? 'Slackbot' : (users[message.user] ?? message.user);
  const isApp = message.user === bot || message.user === SLACKBOT;
  const edited = message.editedTs && (
    <span className="edited" title={full(fromTs(message.editedTs))}>
      (edited)
    </span>
  );
  return (
    <article
      ref={article}
      tabIndex={-1}
      aria-label={`${name}, ${relative(fromTs(message.ts), now)}`}
      className={`message${message.visibleTo ? ' private' : ''}${busy ? ' busy' : ''}`}
      data-ts={message.ts}
    >
      <div className="gutter">{!follows && <Avatar id={message.user} name={name} isApp={isApp} />}</div>
      <div className="content">
        {message.visibleTo && (
          <div className="only-you">
            Only visible to you
            <button
              type="button"
              className="link"
              onClick={({ currentTarget }) => {
                // The message goes away, and its button with it.
                currentTarget.closest<HTMLElement>('[role="log"]')?.focus({ preventScroll: true });
                void act({ act: 'dismiss', channel: message.channel, ts: message.ts });
              }}
            >
              Dismiss
            </button>
          </div>
        )}
        {!follows && (
          <div className="by">
            <b>{name}</b>
            {isApp && <span className="tag">app</span>}
            <time title={full(fromTs(message.ts))}>{relative(fromTs(message.ts), now)}</time>
            {edited}
          </div>
        )}
        {message.blocks.length > 0 ? (
          <div className="blocks">
            <Blocks blocks={message.blocks} use={use} />
          </div>
        ) : (
          message.text !== '' && (
            <div className="text">
              <Mrkdwn text={message.text} /> {follows && edited}
            </div>
          )
        )}
        {message.files.map((id) => files[id] && <FileCard key={id} file={files[id]} />)}
        {replies && replies.count > 0 && (
          <button type="button" className="replies" onClick={() => onThread?.()}>
            {replies.count} {replies.count === 1 ? 'reply' : 'replies'}
            <span>last {relative(fromTs(replies.lastTs), now)}</span>
          </button>
        )}
      </div>
      {onThread && !message.visibleTo && (
        <button
          type="button"
          className="reply"
          title="Reply in thread"
          aria-label="Reply in thread"
          onClick={onThread}
        >
          ↩
        </button>
      )}
      {confirm}
    </article>
  );
}

function FileCard({ file }: { file: PageFile }): ReactNode {
  return (
    <div className="file">
      <a href={`/page/files/${file.id}`} target="_blank" rel="noreferrer">
        {file.title}
      </a>
      <span>
        {file.name} · {file.size.toLocaleString()} bytes
      </span>
      <pre className="pre">{file.preview}</pre>
    </div>
  );
}
