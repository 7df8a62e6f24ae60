import type { ReactNode } from 'react';
import { useSending } from './sending.ts';

/** Where messages and slash commands are typed. Enter sends, Shift+Enter breaks the line. */
export function Composer(props: {
  /** Whose draft of what it holds. */
  draft: string;
  channel: string;
  thread: string | null;
  hint: string;
}): ReactNode {
  const { channel, thread } = props;
  const { text, setText, busy, send } = useSending(props.draft, (said) => ({
    act: 'say',
    channel,
    text: said,
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
