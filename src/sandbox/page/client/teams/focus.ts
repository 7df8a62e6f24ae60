/** The focused control, described so that it can be found again after the card was rendered again. */
export interface Focus {
  readonly tag: string;
  readonly label: string;
  readonly selection: readonly [number, number] | null;
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | HTMLButtonElement;

const CONTROLS = 'button, input, select, textarea';

function labelOf(control: Control): string {
  return control.labels?.[0]?.textContent ?? control.getAttribute('aria-label') ?? control.textContent ?? '';
}

function hasText(control: Element): control is HTMLInputElement | HTMLTextAreaElement {
  return (
    control instanceof HTMLTextAreaElement || (control instanceof HTMLInputElement && control.type === 'text')
  );
}

/** Null where the focus is outside the element. */
export function focusIn(element: HTMLElement): Focus | null {
  const active = document.activeElement;
  if (!active?.matches(CONTROLS) || !element.contains(active)) return null;
  const selection = hasText(active)
    ? ([active.selectionStart ?? 0, active.selectionEnd ?? 0] as const)
    : null;
  return { tag: active.tagName, label: labelOf(active as Control), selection };
}

/**
 * Focuses the same control again, unless another element has the focus. Where it is gone, such as the button of a card
 * that was decided, the message around gets the focus, so that the keyboard goes on from there. False while the control is
 * disabled.
 */
export function giveFocus(element: HTMLElement, { tag, label, selection }: Focus): boolean {
  if (document.activeElement !== document.body && !element.contains(document.activeElement)) return true;
  const control = [...element.querySelectorAll<Control>(CONTROLS)].find(
    (one) => one.tagName === tag && labelOf(one) === label,
  );
  if (!control) {
    element.closest<HTMLElement>('article')?.focus({ preventScroll: true });
    return true;
  }
  if (control.matches(':disabled')) return false;
  control.focus({ preventScroll: true });
  if (selection && hasText(control)) control.setSelectionRange(...selection);
  return true;
}
