/** What a person's home is made from. Times in ms since epoch. */
import type { Exemption } from '../model/exemption.ts';
import type { OnCallView } from './view-status.ts';

/** Open drift of one stack. */
export interface HomeDrift {
  readonly stack: string;
  readonly runId: number;
  /** Findings that are neither put back nor kept, and those of them that a person could approve now. */
  readonly open: number;
  readonly waiting: number;
  readonly since: number;
  /** Who may decide, in words; empty where nobody may. */
  readonly waitsFor: string;
  /** True where the reader has said yes already and others must, too. */
  readonly approved: boolean;
}

/** What m0 says first to somebody. */
export interface GreetingView {
  /** Null for somebody who is not under `people`. */
  readonly home: HomeView | null;
  /** What m0.yaml needs to know them by, as it is written there; null where the chat does not tell. */
  readonly entry: string | null;
}

export interface HomeView {
  /** False for somebody who is not under `people`, who may look and ask. */
  readonly known: boolean;
  /** What waits and the reader may approve, the oldest first. */
  readonly waiting: readonly HomeDrift[];
  /** All other open drift, the oldest first. */
  readonly others: readonly HomeDrift[];
  /** What the reader snoozed or accepted and is still kept. */
  readonly exemptions: readonly Pick<Exemption, 'kind' | 'stack' | 'address' | 'until' | 'reason'>[];
  readonly failing: readonly { readonly stack: string; readonly since: number; readonly times: number }[];
  readonly rotas: OnCallView['rotas'];
  readonly now: number;
  readonly zone: string;
}
