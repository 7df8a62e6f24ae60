/** The part of the store port about findings on their way into the code. */
import type { Codification, CodificationState, NewCodification } from '../model/codification.ts';

/** Writes of an atomic commit about codifications. Both can refuse the whole commit. */
export type CodifyChange =
  /** Refuses the commit if the finding's address has an active one in that stack. */
  | { readonly type: 'codification.insert'; readonly codification: NewCodification }
  /** Refuses the commit unless the stored one still has the state and version of `was`. */
  | {
      readonly type: 'codification.update';
      readonly codification: Codification;
      readonly was: { readonly state: CodificationState; readonly version: number };
    };

/** The methods of the store for codifications. They reject with a StoreError. */
export interface CodifyStore {
  /** Newest first. `active`: only those that have not ended. */
  codifications(query: {
    readonly stack?: string;
    readonly active?: boolean;
  }): Promise<readonly Codification[]>;
  codification(id: number): Promise<Codification | undefined>;
}
