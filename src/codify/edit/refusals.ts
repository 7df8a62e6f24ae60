/** A refusal, thrown inside the editor and turned into an answer at its entry. */
import type { RefusalReason } from './edit-question.ts';
import type { Place } from './syntax.ts';

/** `message` is one sentence that says which, where and why. It never contains a value. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** `main.tf:41`. */
export function placeText(place: Pick<Place, 'file' | 'line'>): string {
  return `${place.file}:${place.line}`;
}
