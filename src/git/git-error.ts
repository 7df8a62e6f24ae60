/** Git could not do what was asked. The message says what was being done and holds no credentials. */
export class GitError extends Error {
  override readonly name = 'GitError';
  /** The scrubbed URL of the repository. */
  readonly repository: string;
  constructor(message: string, repository: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.repository = repository;
  }
}
