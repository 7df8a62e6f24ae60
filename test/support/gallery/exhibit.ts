import type { Card, Form, Pages } from '../../../src/messages/card.ts';

type Shown =
  | { readonly kind: 'card'; readonly card: Card }
  | { readonly kind: 'form'; readonly form: Form }
  | { readonly kind: 'pages'; readonly pages: Pages; readonly page: number };

/** One message or dialog of m0's, recorded for each platform and shown in docs/cards. */
export interface Exhibit {
  /** Names its golden files and its pictures. */
  readonly name: string;
  /** One sentence: when it is seen. */
  readonly says: string;
  /** The function of src/messages that makes it; null where it was written by hand to try a renderer. */
  readonly maker: string | null;
  /** A message in a channel, a direct message, an answer that one person sees, or a dialog. */
  readonly where: 'channel' | 'direct' | 'private' | 'dialog';
  readonly shown: Shown;
  /** The one platform that has it, where not every one does. */
  readonly only?: 'slack' | 'teams';
  /** Also shown in the dark. */
  readonly dark?: true;
  /** Label of the button whose question, or form, is shown as a picture of its own. */
  readonly asks?: string;
  /** Recorded, and too much like another to be a picture. */
  readonly unpictured?: true;
}

export type Extra = Partial<Pick<Exhibit, 'where' | 'only' | 'dark' | 'asks' | 'unpictured'>>;

/** The card that `make` makes of a view, in a channel unless told. */
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
