import { type ReactNode, useEffect, useRef } from 'react';
import type { Snapshot } from '../protocol.ts';
import { useAct, useBlocks } from './acting.tsx';
import { Blocks } from './blocks.tsx';

/** Id of the Home tab in the list of conversations. */
export const HOME = 'home';

/** The app's Home tab for this person. */
export function Home({ snapshot }: { snapshot: Snapshot }): ReactNode {
  const { home, me, bot, names } = snapshot;
  const act = useAct();
  const open = useRef(act);
  open.current = act;
  // Opening it notifies the app, separately for each person.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each person opens their own
  useEffect(() => {
    void open.current({ act: 'home' });
  }, [me]);
  const { use, confirm, busy } = useBlocks(null, home?.id ?? '', {}, () => {});
  return (
    <section className="conversation" aria-label="Home">
      <header className="head">
        <h2>{names[bot] ?? 'm0'} · Home</h2>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <section className="messages" aria-label="Content of Home" tabIndex={0}>
        {home === null ? (
          <p className="empty">Nothing here yet.</p>
        ) : (
          <div className={busy ? 'home busy' : 'home'}>
            <Blocks blocks={home.blocks} use={use} />
          </div>
        )}
      </section>
      {confirm}
    </section>
  );
}
