import { type ReactNode, useContext, useState } from 'react';
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
  const onEnter = (actionId: string, value: FormValues[string]) =>
    setValues({ ...values, [actionId]: value });
  const { use, confirm, busy } = useBlocks(null, view.id, values, onEnter, errors);
  const close = () => void act({ act: 'close', view: view.id });
  const submit = async () => {
    setSending(true);
    const answer = await perform({ as: me, act: 'submit', view: view.id, values });
    setSending(false);
    setErrors(answer.ok ? {} : (answer.errors ?? {}));
    setProblem(answer.ok ? '' : answer.problem);
  };
  return (
    <Dialog label={view.title} onCancel={close}>
      <form
        className={busy || sending ? 'modal busy' : 'modal'}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <header>
          {view.title}
          <button type="button" className="icon" aria-label="Close" onClick={close}>
            ×
          </button>
        </header>
        <div className="body">
          <Blocks blocks={view.blocks} use={use} />
          {problem && <p className="error">{problem}</p>}
        </div>
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
