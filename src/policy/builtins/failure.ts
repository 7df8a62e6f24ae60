/**
 * A host builtin that could not do what it was asked: a date that is none, a pattern that does not compile,
 * something Go does that m0 does not copy. `opa eval` would make the rule undefined and say nothing; m0 ends
 * the evaluation instead, because a vanished `deny` is an open door.
 */
export class BuiltinFailure extends Error {
  override readonly name = 'BuiltinFailure';
}
