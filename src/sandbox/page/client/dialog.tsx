import { type ReactNode, useLayoutEffect, useRef } from 'react';

/** What gets the focus first: a field, else a content that scrolls, else what leaves the dialog. */
const FIRST = ['.body :is(input, select, textarea)', '.body[tabindex]', 'footer button'];

/**
 * A modal dialog. Escape calls `onCancel`. When it closes, the focus returns to where it was; if that is gone, to the
 * messages around it.
 */
export function Dialog(props: {
  label: string;
  small?: boolean;
  onCancel: () => void;
  children: ReactNode;
}): ReactNode {
  const ref = useRef<HTMLDialogElement>(null);
  // A layout effect ends while the dialog is still in the document, so that the browser returns the focus.
  useLayoutEffect(() => {
    const dialog = ref.current;
    const opener = document.activeElement;
    const around = opener?.closest<HTMLElement>('[role="log"], section[tabindex]');
    dialog?.showModal();
    const [first] = FIRST.flatMap((selector) => dialog?.querySelector<HTMLElement>(selector) ?? []);
    first?.focus();
    return () => {
      dialog?.close();
      if (opener?.isConnected !== true) around?.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      aria-label={props.label}
      className={props.small ? 'small' : undefined}
      onCancel={(event) => {
        event.preventDefault();
        props.onCancel();
      }}
    >
      {props.children}
    </dialog>
  );
}
