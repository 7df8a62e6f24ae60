import type { Owner } from '../model/owner.ts';

/** Another process works on this memory. `message` says who and since when. */
export class OwnedError extends Error {
  override readonly name = 'OwnedError';
  readonly owner: Owner;
  constructor(message: string, owner: Owner) {
    super(message);
    this.owner = owner;
  }
}

/**
 * Another process took this one's place: nothing that this one does may be stored, started or sent any more. One thing is
 * sent: a card that it was updating at that moment is shown as it is stored, see `alerts/show-newest.ts`.
 */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}
