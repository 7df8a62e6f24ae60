/** A place in a policy that compiles but cannot do what its author meant. */
export interface LintWarning {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}
