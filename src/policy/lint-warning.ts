/** A place in a policy that compiles but cannot do what its author meant. */
export interface LintWarning {
  /** `error`: it may let through what its author did not mean to allow, so `policy check` exits with 1. */
  readonly level: 'error' | 'warning';
  readonly file: string;
  /** 1 where the whole file is meant. */
  readonly line: number;
  readonly text: string;
}

/** Each warning once, by file and line. */
export function sortWarnings(warnings: readonly LintWarning[]): readonly LintWarning[] {
  return [...new Map(warnings.map((w) => [JSON.stringify(w), w])).values()].sort((a, b) =>
    a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
  );
}
