import type { ReactNode } from 'react';

/** A person's initial on a coloured background; apps are dark squares. */
export function Avatar({
  id,
  name,
  isApp = false,
}: {
  id: string;
  name: string;
  isApp?: boolean;
}): ReactNode {
  const hue = [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
  return (
    <span className={`avatar ${isApp ? 'app' : `hue-${hue}`}`} aria-hidden="true">
      {isApp ? name.slice(0, 2).toLowerCase() : name.slice(0, 1)}
    </span>
  );
}
