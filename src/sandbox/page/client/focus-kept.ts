import { type RefObject, useLayoutEffect, useRef } from 'react';

/**
 * Keeps the focus in an element whose focused control goes away, such as the button of a card that was decided: then the
 * element itself gets the focus, so that the keyboard goes on from there. It needs a `tabIndex` of -1.
 */
export function useFocusKept(): RefObject<HTMLElement | null> {
  const ref = useRef<HTMLElement>(null);
  // Read while rendering: afterwards the control and its focus are gone.
  const hadFocus = ref.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (hadFocus && document.activeElement === document.body) ref.current?.focus({ preventScroll: true });
  });
  return ref;
}
