import { useState } from 'react';

const drafts = new Map<string, string>();

export function hasDraft(key: string): boolean {
  return drafts.has(key);
}

/**
 * A text that is typed but not sent, stored by `key` until the page is closed, so that it is still there
 * after changing the person or conversation. The component needs the same React key.
 */
export function useDraft(key: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => drafts.get(key) ?? '');
  return [
    text,
    (next) => {
      if (next === '') drafts.delete(key);
      else drafts.set(key, next);
      setText(next);
    },
  ];
}
