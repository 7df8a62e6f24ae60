import type { ReactNode } from 'react';
import { useSending } from './sending.ts';

/** The input field for messages and slash commands. Enter sends, Shift+Enter starts a new line. */
export function Composer(props: {
  /** Key under which the draft is stored. */
  draft: string;
  channel: string;
  thread: string | null;
  hint: string;
}): ReactNode {
  const { channel, thread } = props;
  const { text, setText, busy, send } = useSending(props.draft, (text) => ({
    act: 'say',
    channel,
    text: text,
    thread,
  }));
  return (
    <form
      className={busy ? 'composer busy' : 'composer'}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        aria-label={thread ? 'Reply' : 'Message'}
        placeholder={props.hint}
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" className="send" aria-label="Send" disabled={text.trim() === '' || busy}>
        ➤
      </button>
    </form>
  );
}
