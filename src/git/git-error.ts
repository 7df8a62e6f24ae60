/** What callers get when a git command fails. */
import { scrubCredentials, scrubUrl } from './address.ts';
import { gitText } from './git-in.ts';

/** Longest error text. */
const MAX_ERROR_CHARS = 1_000;

/** A git command failed. The message says what was attempted, and holds no credentials. */
export class GitError extends Error {
  override readonly name = 'GitError';
  /** The repository's URL without credentials. */
  readonly repository: string;
  constructor(message: string, repository: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.repository = repository;
  }
}

/** Awaits `work`. If it fails, rejects with a GitError that begins with `doing` and the repository. */
export async function withGitError<T>(doing: string, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitError) throw error;
    const text = scrubCredentials(gitText(error), url).slice(0, MAX_ERROR_CHARS);
    throw new GitError(`${doing} ${scrubUrl(url)}: ${text}`, scrubUrl(url));
  }
}

/** Throws a GitError with the reason, if there is one. */
export function throwIfRefused(url: string, refusal: string | null, doing: string): void {
  if (refusal !== null) throw new GitError(`${doing} ${scrubUrl(url)}: ${refusal}`, scrubUrl(url));
}
