/** Slack's error code with what it says about each place. */
export interface Refused {
  readonly error: string;
  readonly messages: readonly string[];
}
