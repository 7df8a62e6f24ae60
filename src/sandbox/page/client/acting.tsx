/** React hooks for actions on the page. */
import { createContext, type ReactNode, useContext, useState } from 'react';
import { isRecord } from '../../../base/is-record.ts';
import type { Act, ActAnswer, FormValue, FormValues } from '../protocol.ts';
import { Dialog } from './dialog.tsx';
import { perform } from './live.ts';
import { type BlockUse, Text } from './using.tsx';

type Fields = Readonly<Record<string, unknown>>;

export interface Actor {
  /** The person that the user acts as. */
  readonly me: string;
  /** False until the page shows what that person sees. */
  readonly ready: boolean;
  readonly onProblem: (problem: string) => void;
}

export const ActorContext = createContext<Actor>({ me: '', ready: true, onProblem: () => {} });

/** Performs an action as the current person and reports errors. */
export function useAct(): (act: WithoutAs<Act>) => Promise<ActAnswer> {
  const { me, onProblem } = useContext(ActorContext);
  return async (act) => {
    const answer = await perform({ ...act, as: me } as Act);
    if (!answer.ok && answer.problem) onProblem(answer.problem);
    return answer;
  };
}

export type WithoutAs<T> = T extends unknown ? Omit<T, 'as'> : never;

/** What the blocks of a message or view need, including the confirmation dialog of some elements. */
export function useBlocks(
  channel: string | null,
  where: string,
  values: FormValues,
  onEnter: (actionId: string, value: FormValue) => void,
  errors: Readonly<Record<string, string>> = {},
): { use: BlockUse; confirm: ReactNode; busy: boolean } {
  const act = useAct();
  const [asked, setAsked] = useState<{ confirm: Fields; go: () => void } | null>(null);
  const [busy, setBusy] = useState(false);
  const onAct = (blockId: string, element: Fields, value: FormValue) => {
    const actionId = String(element.action_id);
    const go = async () => {
      setAsked(null);
      setBusy(true);
      await act({ act: 'click', channel, where, blockId, actionId, value, values });
      setBusy(false);
    };
    if (isRecord(element.confirm)) setAsked({ confirm: element.confirm, go: () => void go() });
    else void go();
  };
  const confirm = asked && <Confirm confirm={asked.confirm} onYes={asked.go} onNo={() => setAsked(null)} />;
  return { use: { values, errors, onEnter, onAct }, confirm, busy };
}

function Confirm({
  confirm,
  onYes,
  onNo,
}: {
  confirm: Fields;
  onYes: () => void;
  onNo: () => void;
}): ReactNode {
  const words = (text: unknown) => (isRecord(text) ? String(text.text) : '');
  return (
    <Dialog label={words(confirm.title)} small onCancel={onNo}>
      <header>
        <h2>{words(confirm.title)}</h2>
      </header>
      <div className="body text">
        <Text text={confirm.text} />
      </div>
      <footer>
        <button type="button" className="button" onClick={onNo}>
          {words(confirm.deny)}
        </button>
        <button type="button" className={`button ${String(confirm.style ?? 'primary')}`} onClick={onYes}>
          {words(confirm.confirm)}
        </button>
      </footer>
    </Dialog>
  );
}
