import type { Variables } from './environment.ts';
import type { Path } from './source.ts';

export interface Context {
  readonly path: string;
  /** Folder of the file: what relative paths in it are relative to. */
  readonly base: string;
  readonly env: Variables;
  readonly isValidCron: (text: string) => boolean;
  /** Takes down a problem; the walk goes on, so that all of them are told at once. */
  readonly report: (path: Path, problem: string) => void;
}
