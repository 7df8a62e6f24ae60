/** A Slack error: its code, and the texts in `response_metadata.messages`. */
export class ApiError extends Error {
  readonly code: string;
  readonly messages: readonly string[];
  readonly retryAfter: number | null;
  /** Additional fields of the error answer. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    code: string,
    messages: readonly string[] = [],
    retryAfter: number | null = null,
    details: Readonly<Record<string, string>> = {},
  ) {
    super(code);
    this.code = code;
    this.messages = messages;
    this.retryAfter = retryAfter;
    this.details = details;
  }
}
