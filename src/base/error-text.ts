/** What a person is shown of anything thrown: an Error's message, and of everything else its text. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * As `errorText`, followed by the message of the cause. `fetch` rejects with "fetch failed" whatever happened:
 * of its errors only the cause is shown.
 */
export function errorTextWithCause(error: unknown): string {
  const text = errorText(error);
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return text;
  // An AggregateError (one error for each address of a host) has a code and no message.
  const reason = cause.message || String((cause as NodeJS.ErrnoException).code ?? cause.name);
  return text === 'fetch failed' ? reason : `${text}: ${reason}`;
}
