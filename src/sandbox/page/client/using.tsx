import type { ReactNode } from 'react';
import { isRecord } from '../../../base/is-record.ts';
import type { FormValue, FormValues } from '../protocol.ts';
import { Mrkdwn } from './mrkdwn.tsx';

type Fields = Readonly<Record<string, unknown>>;

/** Values of the blocks, and callbacks for clicks and choices. */
export interface BlockUse {
  readonly values: FormValues;
  readonly errors: Readonly<Record<string, string>>;
  readonly onEnter: (actionId: string, value: FormValue) => void;
  /** A click or choice that is sent to the app at once. */
  readonly onAct: (blockId: string, element: Fields, value: FormValue) => void;
}

/** A text object. */
export function Text({ text }: { text: unknown }): ReactNode {
  if (!isRecord(text)) return null;
  if (text.type === 'mrkdwn') return <Mrkdwn text={String(text.text)} verbatim={text.verbatim === true} />;
  return String(text.text);
}
