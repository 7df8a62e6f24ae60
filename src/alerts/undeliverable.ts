/**
 * A delivery that can never be made, because what it is about is not in the store. It is given up and logged: another
 * try would fail the same way for ever.
 */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}
