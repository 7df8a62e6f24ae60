import { type ReactNode, useEffect, useId, useRef } from 'react';
import type { TeamsMessage } from '../../../teams/model.ts';
import type { PageTeamsConversation } from '../../protocol.ts';
import { useSending } from '../sending.ts';
import { Menu, useMenu } from './menu.tsx';
import { useTeams } from './teams-context.ts';

interface BoxProps {
  readonly draft: string;
  readonly conversation: PageTeamsConversation;
}

/** The input field for posts and messages: `/` offers the app's commands, `@` the app. */
export function Box({ draft, conversation: { id, kind, name } }: BoxProps): ReactNode {
  const { commands, botIsHere } = useTeams();
  const sending = useSending(
    draft,
    (text) => ({ act: 'teams-say', conversation: id, text, thread: null }),
    // People can read it, although it cannot reach m0.
    !botIsHere,
  );
  return (
    <Typing
      sending={sending}
      label={kind === 'channel' ? `Post in ${name}` : 'Type a message'}
      hint={
        kind === 'personal'
          ? 'Type status … or / for commands'
          : 'Type @m0 status … (m0 hears only what mentions it)'
      }
      commands={commands}
    />
  );
}

/** The input field for replies in a thread. */
export function ReplyBox(props: {
  draft: string;
  root: TeamsMessage;
  hasFocus: boolean;
  onSent: () => void;
  onLeave: () => void;
}): ReactNode {
  const { draft, root, onSent } = props;
  const { botIsHere } = useTeams();
  const sending = useSending(
    draft,
    (text) => {
      onSent();
      return { act: 'teams-say', conversation: root.conversation, text, thread: root.id };
    },
    !botIsHere,
  );
  return (
    <Typing
      sending={sending}
      label="Reply"
      hint="Reply, to m0 with @m0 …"
      // Teams offers commands at the start of a post, not in replies.
      commands={[]}
      hasFocus={props.hasFocus}
      onLeave={props.onLeave}
    />
  );
}

function Typing(props: {
  sending: ReturnType<typeof useSending>;
  label: string;
  hint: string;
  commands: Parameters<typeof useMenu>[0];
  hasFocus?: boolean;
  onLeave?: () => void;
}): ReactNode {
  const { text, setText, busy, send } = props.sending;
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const menu = useMenu(props.commands, text, setText, field);
  const { hasFocus } = props;
  useEffect(() => {
    if (hasFocus) field.current?.focus();
  }, [hasFocus]);
  return (
    <form
      className={busy ? 't-box busy' : 't-box'}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Menu id={id} menu={menu} />
      <span className="unseen" role="status">
        {menu.chosen && `${menu.offers.length} suggestions, ${menu.chosen.title}: ${menu.chosen.description}`}
      </span>
      <textarea
        ref={field}
        // No combobox: a field of several lines may not be one. What it offers is said by the status below.
        aria-label={props.label}
        aria-autocomplete="list"
        aria-controls={id}
        {...(menu.chosen ? { 'aria-activedescendant': `${id}-${menu.chosen.title}` } : {})}
        placeholder={props.hint}
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          if (text === '') props.onLeave?.();
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing || menu.onKey(event.key)) {
            if (!event.nativeEvent.isComposing) event.preventDefault();
            return;
          }
          if (event.key === 'Escape' && text === '') field.current?.blur();
          if (event.key !== 'Enter' || event.shiftKey) return;
          event.preventDefault();
          send();
        }}
      />
      <button type="submit" className="t-send" aria-label="Send" disabled={text.trim() === '' || busy}>
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <path d="M2.5 3.2 18 10 2.5 16.8 4.6 11l7.4-1-7.4-1z" fill="currentColor" />
        </svg>
      </button>
    </form>
  );
}
