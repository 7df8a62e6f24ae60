import { type ReactNode, useState } from 'react';
import { useAct } from './acting.tsx';

/** Where messages and slash commands are typed. Enter sends, Shift+Enter breaks the line. */
export function Composer(props: { channel: string; thread: string | null; hint: string }): ReactNode {
  const act = useAct();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async () => {
    const said = text.trim();
    if (said === '' || busy) return;
    setText('');
    setBusy(true);
    await act({ act: 'say', channel: props.channel, text: said, thread: props.thread });
    setBusy(false);
  };
  return (
    <form
      className={busy ? 'composer busy' : 'composer'}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <textarea
        aria-label={props.thread ? 'Reply' : 'Message'}
        placeholder={props.hint}
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          void send();
        }}
      />
      <button type="submit" className="send" aria-label="Send" disabled={text.trim() === '' || busy}>
        ➤
      </button>
    </form>
  );
}
