/**
 * A policy that may not be used. The message gives the reason, with file, line and the compiler's text where
 * known.
 */
export class PolicyRefusal extends Error {
  override readonly name = 'PolicyRefusal';
}

/** A policy whose own `opa test` fails. */
export class FailedTests extends PolicyRefusal {}
