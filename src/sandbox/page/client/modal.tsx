import { type ReactNode, useContext, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { View } from '../../workspace/model.ts';
import type { FormValues } from '../protocol.ts';
import { ActorContext, useAct, useBlocks } from './acting.tsx';
import { Blocks } from './blocks.tsx';
import { Dialog } from './dialog.tsx';
import { perform } from './live.ts';

/** The top modal of a person. */
export function Modal({ view }: { view: View }): ReactNode {
  const { me } = useContext(ActorContext);
  const act = useAct();
  const [values, setValues] = useState<FormValues>({});
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [problem, setProblem] = useState('');
  const [sending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const onEnter = (actionId: string, value: FormValues[string]) =>
    setValues({ ...values, [actionId]: value });
  const { use, confirm, busy } = useBlocks(null, view.id, values, onEnter, errors);
  const close = () => void act({ act: 'close', view: view.id });
  const submit = async () => {
    setSending(true);
    const answer = await perform({ as: me, act: 'submit', view: view.id, values });
    setSending(false);
    const refused = answer.ok ? {} : (answer.errors ?? {});
    // Shown at once, so that the first field that is wrong can get the focus.
    flushSync(() => setErrors(refused));
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    setProblem(answer.ok ? '' : answer.problem);
  };
  return (
    <Dialog label={view.title} onCancel={close}>
      <form
        ref={form}
        className={busy || sending ? 'modal busy' : 'modal'}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <header>
          <h2>{view.title}</h2>
          <button type="button" className="icon" aria-label="Close" onClick={close}>
            ×
          </button>
        </header>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls a long content */}
        <section className="body" aria-label="Content" tabIndex={0}>
          <Blocks blocks={view.blocks} use={use} />
          {problem && (
            <p className="error" role="alert">
              {problem}
            </p>
          )}
        </section>
        <footer>
          <button type="button" className="button" onClick={close}>
            {view.close ?? (view.submit ? 'Cancel' : 'Close')}
          </button>
          {view.submit && (
            <button type="submit" className="button primary" disabled={sending}>
              {view.submit}
            </button>
          )}
        </footer>
      </form>
      {confirm}
    </Dialog>
  );
}
