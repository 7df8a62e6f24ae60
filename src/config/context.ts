/** What the readers of m0.yaml need besides the file's content. */
import type { Variables } from './environment.ts';
import type { Path } from './source.ts';

/** `path`: the absolute path of m0.yaml. */
export interface Context {
  readonly path: string;
  /** The folder of the file. Relative paths in m0.yaml start there. */
  readonly base: string;
  readonly env: Variables;
  readonly isValidCron: (text: string) => boolean;
  /** Records a problem. Reading continues, so that all problems are reported together. */
  readonly report: (path: Path, problem: string) => void;
}
