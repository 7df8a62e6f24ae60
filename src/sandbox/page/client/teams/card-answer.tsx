import { type ReactNode, useState } from 'react';
import type { Json } from '../../../teams/model.ts';
import { useAct } from '../acting.tsx';
import { Card } from './card.tsx';
import type { Pressed } from './show-card.ts';

interface CardAnswerProps {
  /** Id of the message it stands in. */
  readonly message: string;
  readonly card: Json;
  readonly onPressed: () => void;
}

interface Answer {
  /** The card that was answered, as text: a card in its place stands until the message changes. */
  readonly of: string;
  readonly bar: string | null;
  readonly card: Json | null;
}

/** A card, and what came of pressing its buttons: a bar under it or another card, for who pressed. */
export function CardAnswer({ message, card, onPressed }: CardAnswerProps): ReactNode {
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const of = JSON.stringify(card);
  const shown = answer?.of === of && answer.card !== null ? answer.card : card;
  const press = async ({ verb, title, data }: Pressed) => {
    setBusy(true);
    const said = await act({ act: 'teams-click', message, verb, title, data });
    setBusy(false);
    if (!said.ok) return;
    setAnswer({ of, bar: said.bar ?? null, card: said.card ?? null });
    onPressed();
  };
  return (
    <>
      <Card json={JSON.stringify(shown)} busy={busy} onPress={(pressed) => void press(pressed)} />
      {answer?.bar && (
        <div className="t-bar" role="status">
          <p>{answer.bar}</p>
          <button type="button" aria-label="Close" onClick={() => setAnswer({ ...answer, bar: null })}>
            ×
          </button>
        </div>
      )}
    </>
  );
}
