import { type ReactNode, useEffect, useRef } from 'react';

/** A modal dialog. Escape calls `onCancel`. */
export function Dialog(props: {
  label: string;
  small?: boolean;
  onCancel: () => void;
  children: ReactNode;
}): ReactNode {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
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
