/** The type of an exhibit: one sample message or dialog of the gallery. */
import type { Card, Form, Pages } from '../../../src/messages/card.ts';

type Shown =
  | { readonly kind: 'card'; readonly card: Card }
  | { readonly kind: 'form'; readonly form: Form }
  | { readonly kind: 'pages'; readonly pages: Pages; readonly page: number };

/** One message or dialog of m0's, recorded for each platform and shown in docs/cards. */
export interface Exhibit {
  /** Names the golden files and the pictures. */
  readonly name: string;
  /** One sentence that says when people see it. */
  readonly says: string;
  /** The function of src/messages that builds it; null if it is hand-written to test a renderer. */
  readonly maker: string | null;
  /** A message in a channel, a direct message, an answer that one person sees, or a dialog. */
  readonly where: 'channel' | 'direct' | 'private' | 'dialog';
  readonly shown: Shown;
  /** The platform that has it, if only one does. */
  readonly only?: 'slack' | 'teams';
  /** True: also pictured in the dark theme. */
  readonly dark?: true;
  /** The label of a button whose confirmation or form gets its own picture. */
  readonly asks?: string;
  /** True: has golden files but no picture, because it looks like another exhibit. */
  readonly unpictured?: true;
}

export type Extra = Partial<Pick<Exhibit, 'where' | 'only' | 'dark' | 'asks' | 'unpictured'>>;

/** The exhibit of the card that `make` builds from a view; shown in a channel by default. */
export function exhibit<V>(
  name: string,
  says: string,
  make: (view: V) => Card,
  view: V,
  extra: Extra = {},
): Exhibit {
  return {
    name,
    says,
    maker: make.name,
    where: 'channel',
    shown: { kind: 'card', card: make(view) },
    ...extra,
  };
}
