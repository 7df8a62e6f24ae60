import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { type Pressed, type ShownCard, showCard } from './show-card.ts';

interface CardProps {
  /** The card as JSON text; it is rendered again only when this changes. */
  readonly json: string;
  /** True while an answer is pending: the card is disabled. */
  readonly busy: boolean;
  readonly onPress: (pressed: Pressed) => void;
}

/** A card, drawn by Microsoft's renderer. Unfinished input survives changes around it. */
export function Card({ json, busy, onPress }: CardProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const shown = useRef<ShownCard>(null);
  const press = useRef(onPress);
  press.current = onPress;
  useLayoutEffect(() => {
    const next = showCard(json, shown.current, (pressed) => press.current(pressed));
    place.current?.replaceChildren(next.element);
    next.resume();
    shown.current = next;
  }, [json]);
  useLayoutEffect(() => {
    if (busy) shown.current?.wait();
    else shown.current?.resume();
  }, [busy]);
  return (
    <fieldset className="t-card" disabled={busy} aria-busy={busy}>
      <div ref={place} />
    </fieldset>
  );
}
