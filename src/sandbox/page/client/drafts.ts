import { useState } from 'react';

const kept = new Map<string, string>();

export function hasDraft(key: string): boolean {
  return kept.has(key);
}

/**
 * What is typed and not yet sent, by `key`, until the page is left. Whoever comes back to a person and conversation
 * finds it again. A component must be keyed by it too.
 */
export function useDraft(key: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => kept.get(key) ?? '');
  return [
    text,
    (next) => {
      if (next === '') kept.delete(key);
      else kept.set(key, next);
      setText(next);
    },
  ];
}
