import type { ReactNode, Ref } from 'react';

/**
 * The messages of a conversation. The keyboard can scroll it. It is no live region: a card of thirty lines would be read
 * out whole at each change. The Announcer says what arrived.
 */
export function Log(props: {
  className: string;
  label: string;
  box: Ref<HTMLDivElement>;
  children: ReactNode;
}): ReactNode {
  return (
    <div
      className={props.className}
      ref={props.box}
      role="log"
      aria-live="off"
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
      tabIndex={0}
    >
      {props.children}
    </div>
  );
}
