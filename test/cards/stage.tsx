/** The browser page on which pictures are taken: the sandbox's components with one message or dialog. */
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { Message } from '../../src/sandbox/page/client/message.tsx';
import { Modal } from '../../src/sandbox/page/client/modal.tsx';
import { NamesContext } from '../../src/sandbox/page/client/names.ts';
import type { Message as MessageData, View } from '../../src/sandbox/workspace/model.ts';

/** The content of the page. `now`: the reader's time, ms since epoch. */
export interface Act {
  readonly name: string;
  readonly now: number;
  readonly message: MessageData | null;
  readonly view: View | null;
}

declare global {
  interface Window {
    /** Replaces the content of the page. */
    show(act: Act): void;
  }
}

const BOT = 'U0M0';
const NAMES = { users: { [BOT]: 'm0', U0DANA: 'Dana' }, channels: { C0OPS: 'ops' }, me: 'U0DANA' };

const root = createRoot(document.getElementById('root') ?? document.body);
window.show = ({ name, now, message, view }) => {
  flushSync(() =>
    root.render(
      <NamesContext key={name} value={{ ...NAMES, now }}>
        <div className="picture">
          {message && (
            <Message message={message} bot={BOT} files={{}} replies={null} follows={false} onThread={null} />
          )}
          {view && <Modal view={view} />}
        </div>
      </NamesContext>,
    ),
  );
};
