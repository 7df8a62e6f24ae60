import { type ReactNode, useContext } from 'react';
import type { PageTeamsConversation } from '../../protocol.ts';
import { ActorContext } from '../acting.tsx';
import { useStickToEnd } from '../conversation.tsx';
import { Log } from '../log.tsx';
import { Box } from './box.tsx';
import { Face } from './face.tsx';
import { Message } from './message.tsx';
import { Post } from './post.tsx';
import { useTeams } from './teams-context.ts';
import { keyOf } from './unread.ts';

/** A channel with posts and threads, or a chat with messages in sequence. */
export function Conversation({ conversation }: { conversation: PageTeamsConversation }): ReactNode {
  const { bot, team, botIsHere } = useTeams();
  const { me } = useContext(ActorContext);
  const { messages, name, kind } = conversation;
  const isChannel = kind === 'channel';
  const roots = isChannel ? messages.filter((message) => message.thread === null) : messages;
  const end = useStickToEnd(messages.at(-1)?.id ?? '', `${me}/${conversation.id}`);
  const draft = `teams/${me}/${keyOf(conversation)}`;
  return (
    <section
      className={isChannel ? 't-conversation channel' : 't-conversation chat'}
      aria-label={isChannel ? `Posts in ${name}` : `Chat with ${name}`}
    >
      <header className="t-head">
        {kind === 'personal' && <Face id={bot} name={name} />}
        <h2>
          {name}
          {isChannel && <small>{team}</small>}
        </h2>
        {!botIsHere && <p className="t-quiet">m0 is not connected</p>}
      </header>
      <Log
        className="t-messages"
        label={isChannel ? `All posts in ${name}` : `Messages with ${name}`}
        box={end}
      >
        {roots.length === 0 && (
          <p className="t-empty">
            {isChannel ? 'No posts yet. Mention @m0 and ask for a status.' : 'No messages yet. Say “help”.'}
          </p>
        )}
        {roots.map((root) =>
          isChannel ? (
            <Post
              key={`${draft}/${root.id}`}
              root={root}
              replies={messages.filter((message) => message.thread === root.id)}
              draft={`${draft}/${root.id}`}
            />
          ) : (
            <Message key={root.id} message={root} onPressed={() => {}} />
          ),
        )}
      </Log>
      <Box key={draft} draft={draft} conversation={conversation} />
    </section>
  );
}
