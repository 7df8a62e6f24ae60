/** An answer in a chat that is updated until the checks that it was asked for have ended. */
import type { Platform } from './directory.ts';

export interface FollowedAnswer {
  readonly platform: Platform;
  readonly channel: string;
  readonly messageId: string;
  /** As it was typed; null: the stacks of the channel. */
  readonly target: string | null;
  /** Names of the stacks, and the run that checks each. */
  readonly checks: readonly { readonly stack: string; readonly run: number }[];
  /** When it was asked for, in ms since epoch. */
  readonly since: number;
}

/** `ended`: all its checks have. `given-up`: they took so long that the answer is not updated any more. */
export type FollowedState = 'checking' | 'ended' | 'given-up';
