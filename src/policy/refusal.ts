/** A policy that may not be used, and why: file, line and the compiler's own words where there are any. */
export class PolicyRefusal extends Error {
  override readonly name = 'PolicyRefusal';
}

/** A policy whose own `opa test` fails. */
export class FailedTests extends PolicyRefusal {}
