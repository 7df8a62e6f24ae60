/** Why a scheduled check was not made. Times in ms since epoch. */
export interface SkippedCheck {
  readonly kind: 'queued' | 'checking' | 'locked' | 'applying' | 'verified';
  /** The run that made it needless. */
  readonly run: number;
  /** When this reason came up first, when last, and how often without a check in between. */
  readonly since: number;
  readonly at: number;
  readonly times: number;
}
