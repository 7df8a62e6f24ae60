/** Something in a policy that compiles and yet can't do what it was written for. */
export interface LintWarning {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}
