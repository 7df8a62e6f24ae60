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
