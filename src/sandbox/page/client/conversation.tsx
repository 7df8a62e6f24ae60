import { type ReactNode, useContext, useEffect, useRef } from 'react';
import type { Message as MessageData } from '../../workspace/model.ts';
import type { PageChannel, Snapshot } from '../protocol.ts';
import { ActorContext } from './acting.tsx';
import { Composer } from './composer.tsx';
import { Log } from './log.tsx';
import { Message } from './message.tsx';

const TOGETHER_SECONDS = 180;

interface ConversationProps {
  readonly snapshot: Snapshot;
  readonly channel: PageChannel;
  /** The thread's root ts; null for the channel itself. */
  readonly thread: string | null;
  readonly title: ReactNode;
  readonly hint: string;
  readonly onThread: ((ts: string) => void) | null;
  readonly onClose: (() => void) | null;
}

/** The messages of a channel or thread, with the input field below. */
export function Conversation(props: ConversationProps): ReactNode {
  const { snapshot, channel, thread, onThread } = props;
  const { me } = useContext(ActorContext);
  const draft = `slack/${me}/${channel.id}/${thread ?? ''}`;
  const shown = channel.messages.filter((message) =>
    thread
      ? message.ts === thread || message.threadTs === thread
      : message.threadTs === null || message.alsoInChannel,
  );
  const place =
    channel.kind === 'im' ? `with ${snapshot.names[channel.name] ?? channel.name}` : `in #${channel.name}`;
  const end = useStickToEnd(shown.at(-1)?.ts ?? '', `${channel.id}/${thread ?? ''}`);
  return (
    <section
      className={thread ? 'conversation thread' : 'conversation'}
      aria-label={thread ? 'Thread' : `Conversation ${place}`}
    >
      <header className="head">
        <h2>{props.title}</h2>
        {props.onClose && (
          <button type="button" className="icon" aria-label="Close thread" onClick={props.onClose}>
            ×
          </button>
        )}
      </header>
      <Log className="messages" label={`Messages ${thread ? 'of the thread' : place}`} box={end}>
        {shown.length === 0 && (
          <p className="empty">
            {channel.kind === 'channel' && !thread
              ? 'Nothing here yet. The first check takes about half a minute.'
              : 'Nothing here yet.'}
          </p>
        )}
        {shown.map((message, index) => (
          <Message
            key={message.ts}
            message={message}
            bot={snapshot.bot}
            files={snapshot.files}
            replies={thread ? null : repliesOf(channel, message.ts)}
            follows={
              message.ts !== thread && shown[index - 1]?.ts !== thread && follows(shown[index - 1], message)
            }
            onThread={onThread ? () => onThread(message.threadTs ?? message.ts) : null}
          />
        ))}
      </Log>
      <Composer key={draft} draft={draft} channel={channel.id} thread={thread} hint={props.hint} />
    </section>
  );
}

function repliesOf(channel: PageChannel, ts: string): { count: number; lastTs: string } {
  const replies = channel.messages.filter((message) => message.threadTs === ts);
  return { count: replies.length, lastTs: replies.at(-1)?.ts ?? ts };
}

function follows(before: MessageData | undefined, message: MessageData): boolean {
  return (
    before !== undefined &&
    before.user === message.user &&
    before.visibleTo === message.visibleTo &&
    message.visibleTo === null &&
    Number(message.ts) - Number(before.ts) < TOGETHER_SECONDS &&
    message.blocks.length === 0
  );
}

/**
 * Scrolls to the end when a message arrives while the reader is near the end, or opens another conversation.
 */
export function useStickToEnd(last: string, conversation: string) {
  const ref = useRef<HTMLDivElement>(null);
  const seen = useRef('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new last message is what moves it
  useEffect(() => {
    const box = ref.current;
    if (!box) return;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < 400;
    if (near || seen.current !== conversation) box.scrollTop = box.scrollHeight;
    seen.current = conversation;
  }, [last, conversation]);
  return ref;
}
