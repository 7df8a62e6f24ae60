import { type ReactNode, useState } from 'react';
import type { Json } from '../../../teams/model.ts';
import { useAct } from '../acting.tsx';
import { Card } from './card.tsx';
import type { Pressed } from './show-card.ts';

interface CardAnswerProps {
  /** Id of the message that holds the card. */
  readonly message: string;
  readonly card: Json;
  readonly onPressed: () => void;
}

interface Answer {
  /** The card that was clicked, as JSON text: a replacement stays until the message changes. */
  readonly of: string;
  readonly bar: string | null;
  readonly card: Json | null;
}

/** A card with the answer to its buttons: a bar below it or a replacement, for the person who clicked. */
export function CardAnswer({ message, card, onPressed }: CardAnswerProps): ReactNode {
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const of = JSON.stringify(card);
  const shown = answer?.of === of && answer.card !== null ? answer.card : card;
  const press = async ({ verb, title, data }: Pressed) => {
    setBusy(true);
    const result = await act({ act: 'teams-click', message, verb, title, data });
    setBusy(false);
    if (!result.ok) return;
    setAnswer({ of, bar: result.bar ?? null, card: result.card ?? null });
    onPressed();
  };
  return (
    <>
      <Card json={JSON.stringify(shown)} busy={busy} onPress={(pressed) => void press(pressed)} />
      {answer?.bar && (
        <div className="t-bar" role="status">
          <p>{answer.bar}</p>
          <button
            type="button"
            aria-label="Close"
            onClick={({ currentTarget }) => {
              // The button goes away with the bar.
              currentTarget.closest<HTMLElement>('article')?.focus({ preventScroll: true });
              setAnswer({ ...answer, bar: null });
            }}
          >
            ×
          </button>
        </div>
      )}
    </>
  );
}
